"""Items that left the PIM's selection."""

from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.approvals.answers import answer_items, answer_run
from amazon_listings.confirm.checks import confirm
from amazon_listings.connectors.languages import language_of
from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.approvals.progress import ApprovalFilter
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.messages import catalogue, joined_notes
from amazon_listings.selling_partner import listings as amazon
from support.run_records import note_of
from support.sync_runs import lamp, variant

MANY = [lamp(f"L{n:02}") for n in range(25)]


def quantity(shop, connector, sku):
    return shop.held(connector, sku)["fulfillment_availability"][0]["quantity"]


def sync(how, share=0.05):
    return {"when_removed": how, "removed_share": share, "preview": "none"}


def test_nothing_happens_to_them_by_default(shop):
    connector = shop.connector(sync={"preview": "none"})
    shop.run(connector, MANY)
    run = shop.run(connector, MANY[1:])
    assert "L00" not in run.outcomes()
    assert quantity(shop, connector, "L00") == 3


def test_after_a_full_reading_what_is_missing_is_set_to_zero_once(shop, ledger):
    connector = shop.connector(sync=sync("zero_quantity"))
    shop.run(connector, MANY)
    run = shop.run(connector, MANY[1:])
    left = run.items()["L00"]
    assert (left.outcome, left.removed) == ("pending", True)
    messages = catalogue(language_of(connector))
    notes = [messages.phrase(f"note.{name}") for name in ("removed_zero_quantity", "removal_awaited")]
    assert note_of(left) == joined_notes(notes, messages)
    assert quantity(shop, connector, "L00") == 0
    assert run.calls() == {"readings": 1, "updates": 1}
    (write,) = writes_of(ledger, run.number)
    assert write.before["fulfillment_availability"][0]["quantity"] == 3
    assert shop.run(connector, MANY[2:]).outcomes()["L01"] == "pending"  # L00 does not count again
    assert shop.run(connector, MANY).outcomes()["L00"] == "accepted"  # it came back
    assert quantity(shop, connector, "L00") == 3


def test_they_are_deleted_with_all_that_they_held_remembered(shop, ledger):
    connector = shop.connector(sync=sync("delete"))
    shop.run(connector, MANY)
    run = shop.run(connector, MANY[1:])
    assert run.outcomes()["L00"] == "pending"
    assert run.calls() == {"readings": 1, "deletions": 1}
    assert shop.held(connector, "L00") is None
    (write,) = writes_of(ledger, run.number)
    assert write.before["item_name"][0]["value"] == "Lampe"
    run.live()  # the task is repeated
    assert run.outcomes()["L00"] == "pending"
    assert "L00" not in shop.run(connector, MANY[1:]).outcomes()


def test_the_first_approval_allows_what_becomes_of_items_that_leave_as_the_document_says_it(shop):
    asking = {"approval": {"policy": "first"}}
    connector = shop.connector(**asking, sync=sync("delete"))
    shop.run(connector, MANY)
    everything = ApprovalFilter(connectors=(connector.key,))
    answer_items(shop.ledger, everything, approved=True, by="anna")
    assert set(shop.run(connector, MANY).outcomes().values()) == {"accepted"}
    assert shop.run(connector, MANY[1:]).outcomes()["L00"] == "pending"
    assert shop.held(connector, "L00") is None
    edited = shop.connector(**asking, sync=sync("zero_quantity", 1))
    assert shop.run(edited, MANY[2:]).outcomes()["L01"] == "waiting"
    answer_items(shop.ledger, everything, approved=True, by="anna")
    outcomes = shop.run(edited, MANY[3:]).outcomes()
    assert (outcomes["L01"], outcomes["L02"]) == ("pending", "pending")


def test_a_run_of_changes_takes_those_that_the_pim_names(shop):
    connector = shop.connector(sync=sync("delete", 1))
    shop.run(connector, [lamp("A"), variant("F", "F1"), variant("F", "F2"), lamp("B")])
    run = shop.run(connector, [lamp("B")], kind="changed", removed=["products/A", "products/X", "products/B"])
    assert run.outcomes() == {"B": "unchanged", "A": "pending"}
    run = shop.run(connector, [], kind="changed", removed=["products/F"])
    assert run.outcomes() == {"F1": "pending", "F2": "pending"}  # a product stands for its family
    assert shop.held(connector, "F1") is None
    assert shop.held(connector, "B") is not None


def test_what_has_a_status_without_a_known_meaning_did_not_leave(shop):
    connector = shop.connector(sync=sync("delete", 1))
    shop.run(connector, [lamp("A"), variant("F", "F1"), lamp("B")])
    run = shop.run(connector, [], kept=["products/A", "products/F"])
    assert run.outcomes() == {"B": "pending"}
    assert shop.held(connector, "A") is not None
    assert shop.held(connector, "F1") is not None


@pytest.mark.parametrize("kind", ["interval", "skus"])
def test_other_runs_say_nothing_about_what_left(shop, kind):
    connector = shop.connector(sync=sync("delete", 1))
    shop.run(connector, [lamp("A"), lamp("B")])
    assert shop.run(connector, [lamp("B")], kind=kind, removed=["products/A"]).outcomes() == {
        "B": "unchanged"
    }


def test_too_many_wait_for_an_approval_and_stop_nothing_else(shop):
    connector = shop.connector(sync=sync("delete"))
    shop.run(connector, MANY)
    run = shop.run(connector, [lamp("NEW"), *MANY[2:]], until="tested")
    run.decide()
    run.live()
    outcomes = run.outcomes()
    assert (outcomes["L00"], outcomes["L01"], outcomes["NEW"]) == ("waiting", "waiting", "accepted")
    assert "unusual share" in note_of(run.items()["L00"], "en")
    assert shop.held(connector, "L00") is not None
    allowed = shop.connector(sync=sync("delete", 0.1))
    assert list(shop.run(allowed, [lamp("NEW"), *MANY[2:]]).outcomes().values()).count("pending") == 2


def test_a_test_run_only_says_what_would_happen(shop, caplog):
    connector = shop.connector(sync=sync("delete"))
    shop.run(connector, MANY)
    with caplog.at_level("INFO", "amazon_listings.runs"):
        run = shop.run(connector, MANY[1:], operation="test")
    assert "L00" not in run.outcomes()
    assert "1 of 25 listings left the PIM's selection, and is deleted by a live run." in caplog.text
    assert shop.held(connector, "L00") is not None


def test_records_that_could_not_be_read_are_not_taken_for_gone(shop, caplog):
    connector = shop.connector(sync=sync("delete", 1))
    run = shop.run(connector, [lamp("A"), lamp("B")])
    run = type(run)(shop, connector, 77)
    run.extract([lamp("B")], unreadable=1)
    run.map()
    run.test()
    run.live()
    assert shop.held(connector, "A") is not None
    assert "it is not known which items left" in caplog.text


def test_an_item_that_lost_its_sku_and_a_family_that_lost_its_parents_are_not_gone(shop):
    variations = {"theme": "COLOR", "parent_sku": "{{ product.parent }}"}
    connector = shop.connector(sync=sync("delete", 1), variations=variations)

    def family(parent):
        member = variant("F", "F1")
        member["product"]["fields"]["parent"] = parent
        return [member]

    shop.run(connector, [lamp("A"), *family("F-P"), lamp("B")])
    nameless = lamp("A") | {"sku": None}
    run = shop.run(connector, [nameless, *family(""), lamp("B")])
    assert not any(item.removed for item in run.items().values())
    assert shop.held(connector, "A") is not None
    assert shop.held(connector, "F-P") is not None


def test_a_vendor_has_no_quantity_to_zero(vendor):
    connector = vendor.connector(
        sync=sync("zero_quantity"), mapping={"purchasable_offer.our_price.schedule.value_with_tax": None}
    )
    with pytest.raises(ActionRequiredError):
        vendor.run(connector, [lamp("A")])


def read_back(shop, connector, hours):
    """Read back what is due so many hours from now."""
    return confirm(
        connector,
        shop.definitions(connector),
        client=shop.client,
        ledger=shop.ledger,
        storage=shop._root / "storage",
        now=lambda: datetime.now(UTC) + timedelta(hours=hours),
    )


def put_on_sale_again(shop, connector, how, before):
    """Make the listing what it was: Amazon took the removal and did not carry it out."""
    patches = {"fulfillment_availability": before["fulfillment_availability"]} if how != "delete" else before
    amazon.patch(
        shop.client,
        "L00",
        [connector.marketplace.id],
        product_type="LAMP",
        patches=[
            {"op": "replace", "path": f"/attributes/{name}", "value": value}
            for name, value in patches.items()
        ],
    )


@pytest.mark.parametrize("kind", ["everything", "changed"])
@pytest.mark.parametrize("how", ["delete", "zero_quantity"])
def test_a_removal_that_does_not_hold_is_repeated_until_it_does(shop, how, kind):
    connector = shop.connector(sync=sync(how, 1))
    shop.run(connector, MANY)
    read_back(shop, connector, 25)
    before = shop.held(connector, "L00")
    run = shop.run(connector, MANY[1:])
    put_on_sale_again(shop, connector, how, before)
    assert read_back(shop, connector, 1) == {"accepted": 1}
    assert run.outcomes()["L00"] == "pending"
    assert read_back(shop, connector, 26) == {"not_applied": 1}
    assert run.outcomes()["L00"] == "not_applied"
    again = shop.run(connector, MANY[1:], kind=kind)
    assert again.outcomes()["L00"] == "pending"
    assert read_back(shop, connector, 1) == {"removed": 1}
    assert again.outcomes()["L00"] == "removed"
    assert run.outcomes()["L00"] == "not_applied"  # its report says what that run did
    third = shop.run(connector, MANY[1:], kind=kind)
    assert "L00" not in third.outcomes()
    held = shop.held(connector, "L00")
    assert held is None if how == "delete" else held["fulfillment_availability"][0]["quantity"] == 0


@pytest.mark.parametrize("feed_from", [1, 100])
@pytest.mark.parametrize(
    ("how", "found"), [("delete", "n'a plus l'offre"), ("zero_quantity", "aucun stock du vendeur")]
)
def test_a_listing_that_is_off_sale_already_is_read_again_and_done(shop, how, found, feed_from):
    connector = shop.connector(sync=sync(how, 1))
    shop.run(connector, MANY)
    read_back(shop, connector, 25)
    if how == "delete":
        amazon.delete(shop.client, "L00", connector.marketplace.id)
    else:
        none = [{"fulfillment_channel_code": "DEFAULT", "quantity": 0}]
        put_on_sale_again(shop, connector, how, {"fulfillment_availability": none})
    run = shop.run(shop.connector(sync=sync(how, 1) | {"feed_from": feed_from}), MANY[1:])
    left = run.items()["L00"]
    assert left.outcome == "pending", "one reading does not prove it"
    assert found in note_of(left)
    assert "rien n'a donc été envoyé" in note_of(left)
    assert "Amazon a déjà tout" not in note_of(left)
    assert "demandée" not in note_of(left)
    assert read_back(shop, connector, 1) == {"removed": 1}
    assert run.outcomes()["L00"] == "removed"
    assert "L00" not in shop.run(connector, MANY[1:]).outcomes()


@pytest.mark.parametrize("how", ["delete", "zero_quantity"])
def test_an_item_that_came_back_is_not_removed_again(shop, how):
    connector = shop.connector(sync=sync(how, 1))
    shop.run(connector, MANY)
    before = shop.held(connector, "L00")
    shop.run(connector, MANY[1:])
    put_on_sale_again(shop, connector, how, before)
    read_back(shop, connector, 26)
    back = shop.run(connector, MANY)
    assert back.outcomes()["L00"] in {"accepted", "unchanged"}
    assert not back.items()["L00"].removed
    assert "L00" not in shop.run(connector, [], kind="changed").outcomes()
    assert quantity(shop, connector, "L00") == 3


def test_a_connector_that_keeps_what_leaves_repeats_no_removal(shop):
    connector = shop.connector(sync=sync("delete", 1))
    shop.run(connector, MANY)
    before = shop.held(connector, "L00")
    shop.run(connector, MANY[1:])
    put_on_sale_again(shop, connector, "delete", before)
    read_back(shop, connector, 26)
    assert "L00" not in shop.run(shop.connector(sync=sync("keep")), MANY[1:]).outcomes()
    assert shop.held(connector, "L00") is not None


@pytest.mark.parametrize("how", ["delete", "zero_quantity"])
def test_a_removal_by_feed_is_read_back_too(shop, how):
    connector = shop.connector(sync=sync(how, 1) | {"feed_from": 1})
    run = shop.run(connector, MANY)
    while run.sync.awaited():
        shop.sandbox.advance(600)
        run.sync.collect()
    run = shop.run(connector, MANY[1:])
    while run.sync.awaited():
        shop.sandbox.advance(600)
        run.sync.collect()
    assert run.outcomes()["L00"] == "pending"
    read_back(shop, connector, 1)
    assert run.outcomes()["L00"] == "removed"


def test_a_new_sku_waits_for_the_removal_of_the_old_one(shop, ledger):
    """Both on sale with one stock would be sold twice."""
    connector = shop.connector(sync=sync("zero_quantity"))
    shop.run(connector, MANY)
    renamed = [one | {"sku": f"N{one['sku']}"} for one in MANY[:2]]
    run = shop.run(connector, [*renamed, *MANY[2:]], until="tested")
    note = run.decide()
    assert (note.ready, note.waiting) == (0, 4)
    assert answer_run(run.folder, ledger, connector.key, approved=True, by="anna")
    assert run.decide().ready == 4
    run.live()
    outcomes = run.outcomes()
    assert [outcomes[sku] for sku in ("NL00", "L00")] == ["accepted", "pending"]
    assert (quantity(shop, connector, "NL00"), quantity(shop, connector, "L00")) == (3, 0)


def test_a_new_sku_does_not_wait_where_removals_are_allowed(shop):
    connector = shop.connector(sync=sync("zero_quantity"))
    shop.run(connector, MANY)
    run = shop.run(connector, [MANY[0] | {"sku": "N"}, *MANY[1:]], until="tested")
    note = run.decide()
    assert (note.ready, note.waiting) == (2, 0)


def test_an_old_sku_stays_on_sale_while_the_new_one_waits(shop):
    """A run of everything knows as well as one of changes whose item left."""
    connector = shop.connector(sync=sync("zero_quantity"))
    shop.run(connector, MANY)
    asking = shop.connector(sync=sync("zero_quantity"), approval={"policy": "always"})
    run = shop.run(asking, [MANY[0] | {"sku": "N"}, *MANY[1:]], until="tested")
    assert run.decide().waiting == 2
    run.live()
    assert quantity(shop, connector, "L00") == 3
