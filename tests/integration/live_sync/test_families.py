"""Families in a run: parents first, children when Amazon knows the parent, and the way out."""

import pytest

from amazon_listings.checks.families import LADDER
from amazon_listings.ledger.database import open_ledger
from amazon_listings.selling_partner import listings as amazon
from support.run_records import note_of
from support.sync_runs import Shop, lamp, variant

VARIATIONS = {"theme": "COLOR", "parent_sku": "{{ product.reference }}-P"}
RELATION = "child_parent_sku_relationship"


@pytest.fixture
def connector(shop):
    return shop.connector(variations=VARIATIONS)


def family(name="F", **fields):
    return [variant(name, f"{name}1", **fields), variant(name, f"{name}2", colour="Vert", **fields)]


def writes(shop):
    found = [
        one for one in shop.sandbox.requests() if one["operation"] in {"putListingsItem", "patchListingsItem"}
    ]
    return [one["path"].rpartition("/")[2] for one in found if "VALIDATION_PREVIEW" not in one["query"]]


def test_parents_come_first_and_are_counted_beside_the_extract(shop, connector):
    shop.sandbox.control("recording", on=True)
    run = shop.run(connector, [*family("F"), lamp("A")], [*family("G")])
    items = run.items()
    assert {sku: item.outcome for sku, item in items.items()} == dict.fromkeys(
        ("F-P", "F1", "F2", "A", "G-P", "G1", "G2"), "accepted"
    )
    assert [sku for sku, item in items.items() if item.parent] == ["F-P", "G-P"]
    sent = writes(shop)
    assert set(sent[:2]) == {"F-P", "G-P"}
    assert shop.held(connector, "F1")[RELATION][0]["parent_sku"] == "F-P"
    assert "purchasable_offer" not in shop.held(connector, "F-P")
    again = shop.run(connector, [*family("F"), lamp("A")], [*family("G")])
    assert set(again.outcomes().values()) == {"unchanged"}
    assert again.calls() == {}


def test_children_wait_until_amazon_shows_the_parent(shop, connector):
    shop.sandbox.control("settings", read_delay=10)
    run = shop.run(connector, family())
    assert set(run.outcomes().values()) == {"accepted"}
    assert shop.waits[:4] == [1, 2, 4, 8]
    assert run.calls()["readings"] >= 1 + 5  # the parent before the write, and until it is there


def test_a_parent_that_never_shows_lets_its_children_wait_for_the_next_run(shop, connector):
    shop.sandbox.control("settings", read_delay=100_000)
    run = shop.run(connector, [*family(), lamp("A")])
    assert run.outcomes() == {"F-P": "accepted", "F1": "failed", "F2": "failed", "A": "accepted"}
    assert "F-P, qu'Amazon ne montre pas encore" in note_of(run.items()["F1"])
    assert shop.waits == list(LADDER)
    assert shop.held(connector, "F1") is None
    shop.sandbox.control("settings", read_delay=0)
    shop.sandbox.advance(100_000)
    assert shop.run(connector, [*family(), lamp("A")]).outcomes() == {
        "F-P": "unchanged",
        "F1": "accepted",
        "F2": "accepted",
        "A": "unchanged",
    }


def test_a_child_whose_parent_was_refused_waits_and_the_report_says_so(shop, connector):
    issue = {"code": "5665", "message": "Brand.", "severity": "ERROR", "categories": []}
    body = {"sku": "F-P", "status": "INVALID", "submissionId": "s", "issues": [issue]}
    run = shop.run(connector, family(), until="tested")
    shop.sandbox.fault("putListingsItem", "status", status=200, body=body)
    run.live()
    assert run.outcomes() == {"F-P": "rejected", "F1": "failed", "F2": "failed"}
    assert note_of(run.items()["F1"]) == "attend son produit parent F-P, qu'Amazon a refusé"
    assert shop.held(connector, "F1") is None


def test_a_child_whose_parent_is_blocked_says_so_in_a_test_run_and_waits_in_a_live_one(shop, connector):
    members = family()
    for member in members:
        member["variant"]["fields"]["brand"] = "Acme"
        member["product"]["fields"]["brand"] = ""
    test = shop.run(connector, members, operation="test")
    assert test.outcomes() == {"F-P": "blocked", "F1": "ready", "F2": "ready"}
    assert note_of(test.items()["F1"]) == "attend son produit parent F-P, qui est bloqué"
    live = shop.run(connector, members)
    assert live.outcomes() == {"F-P": "blocked", "F1": "failed", "F2": "failed"}


def test_a_price_of_a_child_does_not_wait_for_its_parent(shop, connector):
    shop.run(connector, family())
    changed = family(price=12)
    for member in changed:
        member["product"]["fields"]["name"] = "Nouvelle"  # the parent's only: the variants have their own
        member["variant"]["fields"]["name"] = "Lampe"
    run = shop.run(connector, changed, until="tested")
    issue = {"code": "5665", "message": "Brand.", "severity": "ERROR", "categories": []}
    body = {"sku": "F-P", "status": "INVALID", "submissionId": "s", "issues": [issue]}
    shop.sandbox.fault("patchListingsItem", "status", status=200, body=body)
    shop.sandbox.control("recording", on=True)
    run.live()
    assert run.outcomes() == {"F-P": "rejected", "F1": "accepted", "F2": "accepted"}
    assert not any(RELATION in one["request"] for one in shop.sandbox.requests())  # it exists: not sent again


def test_an_item_leaves_its_family_by_deletes_with_selectors(shop, connector):
    shop.run(connector, family())
    alone = shop.connector()
    shop.sandbox.control("recording", on=True)
    run = shop.run(alone, family())
    assert run.outcomes() == {"F1": "accepted", "F2": "accepted"}
    held = shop.held(alone, "F1")
    assert not {"parentage_level", RELATION, "variation_theme"} & held.keys()
    assert {"purchasable_offer", "item_name"} <= held.keys()


def test_forced_children_do_not_resend_their_relationship(shop, connector):
    shop.run(connector, family())
    shop.sandbox.control("recording", on=True)
    run = shop.run(connector, family(), force=True)
    assert set(run.outcomes().values()) == {"accepted"}
    patches = [one["request"] for one in shop.sandbox.requests() if one["operation"] == "patchListingsItem"]
    assert len(patches) == 6
    assert not any(f"/attributes/{RELATION}" in body for body in patches)


def put_into(shop, connector, sku, parent):
    """What a person does in Seller Central: the child belongs to another parent from now on."""
    place = connector.marketplace.id
    relation = [{"child_relationship_type": "variation", "parent_sku": parent, "marketplace_id": place}]
    patches = [{"op": "replace", "path": f"/attributes/{RELATION}", "value": relation}]
    answer = amazon.patch(shop.client, sku, [place], product_type="LAMP", patches=patches)
    assert answer.status == "ACCEPTED", answer.issues


def later(shop, sandbox, tmp_path):
    """The shop as another ledger sees it for the first time."""
    root = tmp_path / "later"
    root.mkdir()
    return Shop(sandbox, open_ledger(f"sqlite:///{tmp_path}/later.db"), root)


def test_a_child_of_another_familys_stays_there_and_the_rest_goes(shop, connector, sandbox, tmp_path):
    shop.run(connector, [*family("F"), *family("G")])
    put_into(shop, connector, "G1", "F-P")
    fresh = later(shop, sandbox, tmp_path)
    again = fresh.connector(variations=VARIATIONS)
    run = fresh.run(again, [*family("G", stock=8)])
    items = run.items()
    assert items["G1"].outcome == "accepted"
    (issue,) = (one for one in items["G1"].issues if one.code == "in_family_of_others")
    assert (issue.severity, "F-P" in issue.message) == ("WARNING", True)
    held = fresh.held(again, "G1")
    assert held[RELATION][0]["parent_sku"] == "F-P"
    assert held["fulfillment_availability"][0]["quantity"] == 8
    assert fresh.held(again, "G2")[RELATION][0]["parent_sku"] == "G-P"


@pytest.mark.parametrize(("theme", "code"), [("SIZE", "theme_of_others"), ("STYLE", "theme_not_of_type")])
def test_a_family_that_varies_by_another_theme_keeps_it(shop, connector, sandbox, tmp_path, theme, code):
    shop.run(connector, family("F"))
    place = connector.marketplace.id
    for sku in ("F-P", "F1"):
        chosen = {"variation_theme": [{"name": theme, "marketplace_id": place}]}
        # What people chose when Amazon still had it is there, whatever today's definition says.
        version = sandbox.state.listings.submitted(sandbox.seller_id, sku, place)
        attributes = version.attributes | chosen
        key = (sandbox.seller_id, sku, place)
        sandbox.state.listings.write(key, "LAMP", attributes, read_delay=0, asin_delay=0)
    fresh = later(shop, sandbox, tmp_path)
    again = fresh.connector(variations=VARIATIONS)
    run = fresh.run(again, family("F", stock=8))
    items = run.items()
    assert {items[sku].outcome for sku in ("F1", "F2")} == {"accepted"}
    for sku in ("F-P", "F1"):
        assert fresh.held(again, sku)["variation_theme"][0]["name"] == theme
        (issue,) = (one for one in items[sku].issues if one.code == code)
        assert theme in issue.message
    assert code not in {one.code for one in items["F2"].issues}
    assert fresh.held(again, "F1")["fulfillment_availability"][0]["quantity"] == 8


def test_a_child_that_the_pim_moves_is_moved(shop, connector):
    shop.run(connector, [*family("F"), *family("G")])
    run = shop.run(connector, [*family("F"), variant("F", "G1", colour="Bleu")])
    assert run.outcomes()["G1"] == "accepted"
    assert shop.held(connector, "G1")[RELATION][0]["parent_sku"] == "F-P"


def test_a_family_is_not_given_unread_to_a_listing_that_people_put_into_another(shop, connector):
    alone = shop.connector()
    shop.run(alone, [variant("G", "G1"), variant("G", "G2", colour="Vert")])
    shop.run(shop.connector(id="others", variations=VARIATIONS), family("F"))
    put_into(shop, alone, "G1", "F-P")
    run = shop.run(connector, family("G"))
    assert "in_family_of_others" in {issue.code for issue in run.items()["G1"].issues}
    assert shop.held(connector, "G1")[RELATION][0]["parent_sku"] == "F-P"
    assert shop.held(connector, "G2")[RELATION][0]["parent_sku"] == "G-P"


def test_a_parent_with_children_that_stay_is_not_deleted(shop, connector):
    shop.run(connector, [*family("F"), *family("G")])
    put_into(shop, connector, "G1", "F-P")
    leaving = shop.connector(variations=VARIATIONS, sync={"when_removed": "delete", "removed_share": 1})
    run = shop.run(leaving, family("G"))
    assert run.outcomes() == dict.fromkeys(("G-P", "G1", "G2"), "unchanged") | {
        "F-P": "blocked", "F1": "pending", "F2": "pending",
    }  # fmt: skip
    assert "G1" in note_of(run.items()["F-P"])
    assert shop.held(leaving, "F-P") is not None
    assert shop.held(leaving, "F1") is None


def test_a_family_that_leaves_whole_is_deleted_whole(shop, connector):
    shop.run(connector, [*family("F"), lamp("A")])
    leaving = shop.connector(variations=VARIATIONS, sync={"when_removed": "delete", "removed_share": 1})
    shop.run(leaving, [lamp("A")])
    assert [shop.held(leaving, sku) for sku in ("F-P", "F1", "F2")] == [None] * 3
