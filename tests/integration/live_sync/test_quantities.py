"""One merchant quantity per SKU in Europe, over the connectors of a seller."""

from datetime import UTC, datetime, timedelta

import pytest

from support.sync_runs import lamp


def german(shop, **changes):
    place = {"country": "DE", "locale": "de_DE", "product_type": "LAMP"}
    source = {"languages": ["de"], "sku": "{{ item.reference }}"}
    return shop.connector(id="lampen", title="Lampen", amazon=place, sales_layer=source, **changes)


def moment(**ago):
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def test_a_number_that_contradicts_another_connector_is_refused_with_both_numbers(shop):
    shop.run(german(shop), [lamp("A", stock=3, modified=moment(hours=2))])
    run = shop.run(shop.connector(), [lamp("A", stock=5, modified=moment(hours=2)), lamp("B", stock=5)])
    assert run.outcomes() == {"A": "blocked", "B": "accepted"}
    (issue,) = run.items()["A"].issues
    assert issue.code == "contradicting_quantity"
    assert "dit 5 en stock ; le connecteur lampen (DE) dit 3" in issue.message
    assert run.calls()["creations"] == 1


def test_a_number_of_before_the_change_is_only_old(shop):
    shop.run(german(shop), [lamp("A", stock=3, modified=moment(hours=2))])
    run = shop.run(shop.connector(), [lamp("A", stock=5, modified=moment(hours=-1))])
    assert run.outcomes() == {"A": "accepted"}


@pytest.mark.parametrize("modified", [None, "last week"])
def test_who_knows_when_it_changed_gets_a_warning(shop, modified):
    shop.run(german(shop), [lamp("A", stock=3)])
    run = shop.run(shop.connector(), [lamp("A", stock=5, modified=modified)])
    assert run.outcomes() == {"A": "accepted"}
    (issue,) = run.items()["A"].issues
    assert (issue.code, issue.severity) == ("contradicting_quantity", "WARNING")
    assert "n'est peut-être qu'ancien" in issue.why


def test_the_same_number_another_continent_and_no_number_are_right(shop):
    before = moment(hours=2)
    shop.run(german(shop), [lamp("A", stock=3, modified=before), lamp("B", stock=3, modified=before)])
    same = shop.run(shop.connector(), [lamp("A", stock=3, modified=before)])
    assert same.outcomes() == {"A": "accepted"}
    none = shop.connector(
        mapping={
            "fulfillment_availability.quantity": None,
            "fulfillment_availability.fulfillment_channel_code": "AMAZON_EU",
            "merchant_shipping_group": None,
        }
    )
    assert shop.run(none, [lamp("B", modified=before)]).items()["B"].issues == ()
