"""Several connectors of one account, and one SKU."""

import pytest

from amazon_listings.authoring import adoption
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.runs.listings.ownership import mapping_lines
from amazon_listings.runs.map_fields import compiled
from amazon_listings.selling_partner import listings as amazon
from support.run_records import note_of
from support.sync_runs import PRODUCT, Shop, lamp

PLACE = "A13V1IB3VIYZZH"


def other(shop, **changes):
    return shop.connector(id="other", title="Autre", **changes)


def title(name):
    return {"item_name": name}


def held_name(shop, connector, sku="A"):
    return shop.held(connector, sku)["item_name"][0]["value"]


def people(shop, sku, name, value):
    patches = [{"op": "replace", "path": f"/attributes/{name}", "value": value}]
    answer = amazon.patch(shop.client, sku, [PLACE], product_type="LAMP", patches=patches)
    assert answer.status == "ACCEPTED", answer.issues


def test_a_second_connector_with_another_value_is_blocked_with_both_names_and_lines(shop):
    first = shop.connector()
    second = other(shop, mapping=title("Autre lampe"))
    assert shop.run(first, [lamp("A")]).outcomes() == {"A": "accepted"}
    run = shop.run(second, [lamp("A"), lamp("B")])
    assert run.outcomes() == {"A": "blocked", "B": "accepted"}
    (issue,) = (one for one in run.items()["A"].issues if one.code == "leaf_of_another_connector")
    assert (issue.attribute, issue.sources) == ("item_name", ("ownership",))
    for said in ("lamps", "lamps.yaml:", "other.yaml:", "« Lampe »", "« Autre lampe »"):
        assert said.strip("« »") in issue.message, issue.message
    assert issue.label in issue.message
    assert f"adopt {second.id} --from {first.id}" in issue.action
    # The owner is not disturbed, however often the other one tries.
    assert shop.run(first, [lamp("A", name="Lampe neuve")]).outcomes() == {"A": "accepted"}
    assert held_name(shop, first) == "Lampe neuve"


def test_the_test_says_which_fields_of_ours_people_changed_before_it_sets_them_back(shop):
    ours = shop.connector()
    shop.run(ours, [lamp("A", stock=7)])
    tag = {"language_tag": "fr_FR", "marketplace_id": PLACE}
    people(shop, "A", "item_name", [{"value": "Titre de Paul", **tag}])
    people(shop, "A", "fulfillment_availability", [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}])

    def told(run):
        return [(one.attribute, one.found) for one in run.items()["A"].issues if one.source == "listing"]

    run = shop.run(ours, [lamp("A", stock=6, colour="Vert")], operation="test")
    # What was sold since is no edit, and the colour is ours to change.
    assert told(run) == [("item_name", "Titre de Paul")]
    shop.run(ours, [lamp("A", stock=6, colour="Vert")])
    assert held_name(shop, ours) == "Lampe"
    assert told(shop.run(ours, [lamp("A", stock=6, colour="Rouge")], operation="test")) == []


def test_equal_values_are_fine_and_go_only_when_nobody_wants_them(shop):
    first, second = shop.connector(), other(shop)
    shop.run(first, [lamp("A")])
    assert shop.run(second, [lamp("A")]).outcomes()["A"] in {"accepted", "unchanged"}
    less = shop.connector(mapping={"color": None})
    assert shop.run(less, [lamp("A")]).outcomes()["A"] in {"accepted", "unchanged"}
    assert "color" in shop.held(first, "A"), "the other one wants it still"
    shop.run(other(shop, mapping={"color": None}), [lamp("A")])
    assert "color" not in shop.held(first, "A")


def test_the_same_line_over_the_same_source_is_only_newer(shop):
    first, second = shop.connector(), other(shop)
    shop.run(first, [lamp("A")])
    assert shop.run(second, [lamp("A", stock=8)]).outcomes() == {"A": "accepted"}
    assert shop.held(first, "A")["fulfillment_availability"][0]["quantity"] == 8


def test_only_the_owner_removes(shop):
    first = shop.connector()
    second = other(shop, sync={"when_removed": "delete", "removed_share": 1})
    shop.run(first, [lamp("A"), lamp("B")])
    shop.run(second, [lamp("A"), lamp("B"), lamp("C")])
    run = shop.run(second, [lamp("B")])
    assert shop.held(first, "A") is not None, "it is the first one's"
    assert shop.held(second, "C") is None, "it was its own"
    assert "C" in run.outcomes()


def test_a_listing_that_existed_before_is_never_deleted(shop, sandbox, tmp_path):
    connector = shop.connector(sync={"when_removed": "delete", "removed_share": 1})
    shop.run(connector, [lamp("A"), lamp("B")])
    later = Shop(sandbox, open_ledger(f"sqlite:///{tmp_path}/later.db"), tmp_path / "later")
    (tmp_path / "later").mkdir()
    connector = later.connector(sync={"when_removed": "delete", "removed_share": 1})
    assert later.run(connector, [lamp("A", stock=4), lamp("C")]).outcomes()["A"] == "accepted"
    run = later.run(connector, [])
    assert later.held(connector, "A")["fulfillment_availability"][0]["quantity"] == 0
    assert later.held(connector, "C") is None
    assert "n'est donc pas supprimée" in note_of(run.items()["A"])


def test_a_listing_that_another_connector_made_since_is_not_made_again(shop):
    second = other(shop, mapping={"color": None})
    assert shop.run(second, [lamp("A")], operation="test").outcomes() == {"A": "ready"}
    first = shop.connector()
    assert shop.run(first, [lamp("A")]).outcomes() == {"A": "accepted"}
    run = shop.run(second, [lamp("A")])
    assert "creations" not in run.calls()
    assert "color" in shop.held(first, "A")
    known = known_items(shop.ledger, shop.listings(second), ["A"])["A"]
    assert not known.created


def test_who_only_contributes_neither_creates_nor_removes(shop):
    offers = dict.fromkeys(PRODUCT)
    second = other(
        shop,
        contributes=True,
        mapping=offers,
        sync={"when_removed": "delete", "removed_share": 1},
    )
    run = shop.run(second, [lamp("A")])
    assert run.outcomes() == {"A": "blocked"}
    assert [one.code for one in run.items()["A"].issues] == ["no_listing_to_contribute_to"]
    first = shop.connector()
    shop.run(first, [lamp("A")])
    assert shop.run(second, [lamp("A", price=12)]).outcomes() == {"A": "accepted"}
    shop.run(second, [])
    held = shop.held(first, "A")
    assert held["item_name"][0]["value"] == "Lampe"
    assert held["fulfillment_availability"][0]["quantity"] == 3


def test_adopted_leaves_go_as_they_should(shop, ledger):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    listings = shop.listings(connector)
    assert adoption.releasable(ledger, listings) == ["A"]
    adoption.release(ledger, listings, ["A"])
    assert accepted_contents(ledger, listings, ["A"]) == {}
    assert adoption.releasable(ledger, listings) == [], "there is nothing left to give up"
    sale = "purchasable_offer.discounted_price.schedule"
    selling = shop.connector(
        mapping={
            f"{sale}.value_with_tax": "{{ item.sale }}",
            f"{sale}.start_at": "{{ item.sale_from }}",
            f"{sale}.end_at": "{{ item.sale_to }}",
        }
    )
    offer = shop.held(connector, "A")["purchasable_offer"][0]
    schedule = {"value_with_tax": 8.0, "start_at": "2026-11-20", "end_at": "2026-12-31"}
    people(shop, "A", "purchasable_offer", [offer | {"discounted_price": [{"schedule": [schedule]}]}])
    shop.run(selling, [lamp("A", price=11)])
    assert "discounted_price" in shop.held(connector, "A")["purchasable_offer"][0], "not ours"
    definitions = shop.definitions(selling)
    mapping = compiled(selling, definitions)

    def adoptable():
        return list(
            adoption.adoptions(
                selling, mapping, definitions.layout, client=shop.client, ledger=ledger, listings=listings
            )
        )

    found = adoptable()
    assert sorted({leaf.attribute for one in found for leaf in one.leaves}) == ["purchasable_offer"]
    adoption.adopt(ledger, listings, found, mapping_lines(selling, mapping))
    assert known_items(ledger, listings, ["A"])["A"].created
    assert adoptable() == [], "there is nothing left to adopt"
    shop.run(selling, [lamp("A", price=11)])
    assert "discounted_price" not in shop.held(connector, "A")["purchasable_offer"][0]


def test_what_one_connector_owns_can_be_handed_to_another(shop, ledger):
    first, second = shop.connector(), other(shop, mapping=title("Autre lampe"))
    shop.run(first, [lamp("A")])
    definitions, listings = shop.definitions(second), shop.listings(second)
    mapping = compiled(second, definitions)
    some = list(
        adoption.take_over(
            second, mapping, definitions.layout, ledger=ledger, listings=listings, other_key=first.key
        )
    )
    lines = mapping_lines(second, mapping)
    adoption.hand_over(ledger, listings, first.key, some, layout=definitions.layout, lines=lines)
    assert shop.run(second, [lamp("A")]).outcomes() == {"A": "accepted"}
    assert held_name(shop, second) == "Autre lampe"
    assert shop.run(first, [lamp("A")]).outcomes() == {"A": "blocked"}


@pytest.mark.parametrize(
    ("how", "code"), [("keep", "renamed_listing_stays"), ("delete", "renamed_listing_goes")]
)
def test_a_test_says_what_becomes_of_the_listing_of_a_changed_sku(shop, how, code):
    connector = shop.connector(sync={"when_removed": how, "removed_share": 1})
    shop.run(connector, [lamp("A"), lamp("B")])
    renamed = [lamp("A") | {"sku": "A2"}, lamp("B")]
    (issue,) = shop.run(connector, renamed, operation="test").items()["A2"].issues
    assert (issue.code, issue.severity, issue.found) == (code, "WARNING", "A")
    run = shop.run(connector, renamed)
    assert run.outcomes()["A2"] == "accepted"
    kept = how == "keep"
    assert [one.code for one in run.items()["A2"].issues] == [code] * kept
    assert (shop.held(connector, "A") is not None) is kept


@pytest.mark.parametrize("kind", ["everything", "changed", "skus", "interval", "affected"])
def test_a_changed_sku_is_a_removal_and_an_arrival_in_one_run(shop, kind):
    connector = shop.connector(sync={"when_removed": "delete", "removed_share": 1})
    shop.run(connector, [lamp("A"), lamp("B")])
    renamed = lamp("A") | {"sku": "A2"}
    items = [renamed, lamp("B")] if kind == "everything" else [renamed]
    run = shop.run(connector, items, kind=kind)
    assert run.outcomes()["A2"] == "accepted"
    assert "A2" in note_of(run.items()["A"])
    assert shop.held(connector, "A") is None
    assert shop.held(connector, "A2") is not None


def test_a_listing_that_people_moved_to_amazons_warehouses_gets_no_stock_of_ours(shop, ledger):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    adoption.release(ledger, shop.listings(connector), ["A"])
    amazons = [{"fulfillment_channel_code": "AMAZON_EU"}]
    people(shop, "A", "fulfillment_availability", amazons)
    for stock in (5, 6):
        run = shop.run(connector, [lamp("A", stock=stock)])
        held = shop.held(connector, "A")["fulfillment_availability"]
        assert [one["fulfillment_channel_code"] for one in held] == ["AMAZON_EU"]
    assert "fulfilled_by_amazon" in [one.code for one in run.items()["A"].issues]
