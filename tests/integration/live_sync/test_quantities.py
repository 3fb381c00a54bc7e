"""One merchant quantity per SKU in a region, over the connectors of a seller."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from amazon_listings.confirm.checks import confirm
from amazon_listings.ledger.tables import items
from support.run_records import note_of
from support.sync_runs import lamp


def german(shop, **changes):
    place = {"country": "DE", "locale": "de_DE", "product_type": "LAMP"}
    source = {"languages": ["de"], "sku": "{{ item.reference }}"}
    return shop.connector(id="lampen", title="Lampen", amazon=place, sales_layer=source, **changes)


def test_a_number_that_contradicts_another_connector_is_refused_with_both_numbers(shop):
    shop.run(german(shop), [lamp("A", stock=3)])
    own = shop.connector(mapping={"fulfillment_availability.quantity": "{{ item.stock * 2 }}"})
    run = shop.run(own, [lamp("A", stock=3), lamp("B", stock=3)])
    assert run.outcomes() == {"A": "blocked", "B": "accepted"}
    (issue,) = run.items()["A"].issues
    assert (issue.code, issue.attribute) == ("leaf_of_another_connector", "fulfillment_availability")
    assert "lampen (amazon.de)" in issue.message
    assert run.calls()["creations"] == 1


def test_one_stock_for_several_countries_is_only_read_later(shop):
    shop.run(german(shop), [lamp("A", stock=3)])
    run = shop.run(shop.connector(), [lamp("A", stock=5)])
    assert run.outcomes() == {"A": "accepted"}
    assert run.items()["A"].issues == ()
    own = german(shop)
    assert shop.held(own, "A")["fulfillment_availability"][0]["quantity"] == 5, "one stock in the region"
    confirm(
        own,
        shop.definitions(own),
        client=shop.client,
        ledger=shop.ledger,
        storage=shop._root / "storage",
        now=lambda: datetime.now(UTC) + timedelta(hours=2),
    )
    with shop.ledger.connect() as connection:
        states = dict(connection.execute(select(items.c.connector_key, items.c.state)).all())
    assert states["lampen"] == "live", "a stock that our other connector read later is no difference"


def test_a_stock_that_another_country_wrote_over_is_sent_again(shop):
    own, theirs = shop.connector(), german(shop)
    for stock in (3, 4, 3):
        shop.run(theirs if stock == 4 else own, [lamp("A", stock=stock)]).finish()
    assert shop.held(own, "A")["fulfillment_availability"][0]["quantity"] == 3, "the later reading is newer"
    run = shop.run(own, [lamp("A", stock=3)])
    assert run.outcomes() == {"A": "unchanged"}, "it is not sent again and again until the other one runs"
    run = shop.run(theirs, [lamp("A", stock=4)])
    assert run.outcomes() == {"A": "accepted"}, "an old reading is a reading: which one is true the PIM says"


def test_the_same_number_and_no_number_are_right(shop):
    shop.run(german(shop), [lamp("A", stock=3), lamp("B", stock=3)])
    twice = {"fulfillment_availability.quantity": "{{ item.stock * 1 }}"}
    assert shop.run(shop.connector(mapping=twice), [lamp("A", stock=3)]).outcomes() == {"A": "accepted"}
    none = shop.connector(
        mapping={
            "fulfillment_availability.quantity": None,
            "fulfillment_availability.fulfillment_channel_code": "AMAZON_EU",
            "merchant_shipping_group": None,
        }
    )
    assert shop.run(none, [lamp("B")]).items()["B"].issues == ()


def test_a_stock_that_another_country_goes_on_selling_is_not_set_to_zero(shop):
    leaving = {"when_removed": "zero_quantity", "removed_share": 1, "preview": "none"}
    french = shop.connector(sync=leaving)
    shop.run(german(shop, sync=leaving), [lamp("A", stock=3), lamp("B", stock=3)]).finish()
    shop.run(french, [lamp("A", stock=3), lamp("B", stock=3)]).finish()
    run = shop.run(french, [lamp("B", stock=3)])
    run.finish()
    assert run.outcomes()["A"] == "blocked"
    assert "lampen (DE)" in note_of(run.items()["A"])
    assert shop.held(french, "A")["fulfillment_availability"][0]["quantity"] == 3
    # The other country sells it no more either: nobody wants the stock now.
    run = shop.run(german(shop, sync=leaving), [lamp("B", stock=3)])
    assert run.outcomes()["A"] == "pending"
    assert shop.held(german(shop), "A")["fulfillment_availability"][0]["quantity"] == 0
