"""What a live run sends: creations, updates, nothing; with its memory."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import record_listed
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.ledger.runs.answers import answers_of
from amazon_listings.ledger.tables import submissions
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.ledger.writes.fences import raise_fences
from amazon_listings.ledger.writes.leases import ConnectorBusy, Lease
from amazon_listings.ledger.writes.submissions import LedgerWrite, announce_submissions
from amazon_listings.runs.notes import LiveNote
from amazon_listings.runs.records import MAPPED
from amazon_listings.selling_partner import listings as amazon
from support.run_records import note_of
from support.sync_runs import lamp

QUANTITY = "fulfillment_availability"


def merge(name, **element):
    return {"op": "merge", "path": f"/attributes/{name}", "value": [element]}


def others_write(shop, connector, sku, *patches):
    place = connector.marketplace.id
    return amazon.patch(shop.client, sku, [place], product_type="LAMP", patches=list(patches))


def written(shop):
    """Requests that wrote or previewed, as method and whether it was a preview."""
    found = [one for one in shop.sandbox.requests() if one["operation"].endswith("ListingsItem")]
    return [
        (one["operation"].removesuffix("ListingsItem"), "VALIDATION_PREVIEW" in str(one.get("query", "")))
        for one in found
        if not one["operation"].startswith("get")
    ]


def test_new_items_are_put_changed_ones_patched_and_the_rest_costs_no_call(shop):
    connector = shop.connector()
    first = shop.run(connector, [lamp("A"), lamp("B")])
    assert first.outcomes() == {"A": "accepted", "B": "accepted"}
    assert first.calls() == {"searches": 2, "previews": 2, "creations": 2}
    shop.sandbox.control("recording", on=True)
    second = shop.run(connector, [lamp("A", price=12), lamp("B")])
    assert second.outcomes() == {"A": "accepted", "B": "unchanged"}
    assert second.calls() == {"searches": 1, "previews": 1, "updates": 1}
    assert written(shop) == [("patch", True), ("patch", False)]
    sent = [one["request"] for one in shop.sandbox.requests() if one["operation"].startswith("patch")]
    assert sent[0] == sent[1]  # what is sent is what was previewed
    assert [patch["path"] for patch in json.loads(sent[0])["patches"]] == ["/attributes/purchasable_offer"]
    assert shop.run(connector, [lamp("A", price=12), lamp("B")]).calls() == {}


def test_what_other_tools_manage_is_left_alone(shop):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    here = {"marketplace_id": connector.marketplace.id}
    others_write(
        shop,
        connector,
        "A",
        {"op": "replace", "path": "/attributes/model_number", "value": [{"value": "M-1", **here}]},
        merge(QUANTITY, fulfillment_channel_code="DEFAULT", lead_time_to_ship_max_days=2),
    )
    shop.run(connector, [lamp("A", price=12, stock=9, colour="")])
    held = shop.held(connector, "A")
    assert held["model_number"][0]["value"] == "M-1"
    assert held[QUANTITY][0]["lead_time_to_ship_max_days"] == 2
    assert held[QUANTITY][0]["quantity"] == 9
    assert "color" not in held  # the mapping owns it, and the PIM says nothing any more


def test_a_listing_the_ledger_does_not_know_is_read_and_only_its_difference_sent(shop, ledger):
    connector = shop.connector()
    shop.run(connector, [lamp("A"), lamp("B")])
    other = shop.connector(id="others")  # as good as a ledger that was lost
    with ledger.begin() as connection:
        connection.exec_driver_sql("DELETE FROM items")
    shop.sandbox.control("recording", on=True)
    run = shop.run(other, [lamp("A"), lamp("B", price=15)])
    assert run.outcomes() == {"A": "unchanged", "B": "accepted"}
    assert note_of(run.items()["A"]) == "Amazon a déjà tout"
    assert written(shop) == [("patch", True), ("patch", False)]
    assert shop.run(other, [lamp("A"), lamp("B", price=15)]).calls() == {}


def test_no_patch_goes_to_a_sku_that_amazon_does_not_know(shop, ledger):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    amazon.delete(shop.client, "A", connector.marketplace.id)
    record_listed(ledger, shop.listings(connector), {"A": False})
    shop.sandbox.control("recording", on=True)
    assert shop.run(connector, [lamp("A", price=12)]).outcomes() == {"A": "accepted"}
    assert written(shop) == [("put", True), ("put", False)]


def test_full_replace_puts_always_and_keeps_what_was_there_before(shop, ledger):
    connector = shop.connector(sync={"full_replace": True})
    shop.run(connector, [lamp("A")])
    here = {"marketplace_id": connector.marketplace.id}
    others_write(
        shop,
        connector,
        "A",
        {"op": "replace", "path": "/attributes/model_number", "value": [{"value": "M-1", **here}]},
    )
    run = shop.run(connector, [lamp("A", price=12)])
    # Read for the test report, which lists what goes, and again before it is sent.
    assert run.calls() == {"searches": 1, "previews": 1, "readings": 1, "creations": 1}
    (gone,) = (one for one in run.items()["A"].issues if one.code == "removes_value")
    assert (gone.attribute, gone.found) == ("model_number", "M-1")
    assert "model_number" not in shop.held(connector, "A")
    (write,) = writes_of(ledger, run.number)
    assert write.before["model_number"][0]["value"] == "M-1"


def test_every_write_has_a_before_image(shop, ledger):
    connector = shop.connector()
    first = shop.run(connector, [lamp("A")])
    second = shop.run(connector, [lamp("A", price=12)])
    (created,), (updated,) = writes_of(ledger, first.number), writes_of(ledger, second.number)
    assert (created.existed, created.before) == (False, None)
    assert updated.existed is True
    price = updated.before["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]
    assert price == 10
    assert [patch["path"] for patch in updated.steps[-1].body] == ["/attributes/purchasable_offer"]


def test_force_sends_all_that_is_owned_again(shop):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    others_write(shop, connector, "A", merge(QUANTITY, fulfillment_channel_code="DEFAULT", quantity=99))
    assert shop.run(connector, [lamp("A")]).outcomes() == {"A": "unchanged"}
    run = shop.run(connector, [lamp("A")], force=True)
    assert run.outcomes() == {"A": "accepted"}
    # The bullet points are a list: what others have of it is read.
    assert run.calls() == {"searches": 1, "previews": 1, "readings": 1, "updates": 1}
    assert shop.held(connector, "A")[QUANTITY][0]["quantity"] == 3


def test_what_changed_between_preview_and_submission_is_not_sent(shop, ledger):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    run = shop.run(connector, [lamp("A", price=12)], until="tested")
    shop.run(connector, [lamp("A", price=12, stock=8)])  # another run was quicker
    run.live()
    assert run.outcomes() == {"A": "failed"}
    assert "a changé après le contrôle" in note_of(run.items()["A"])
    assert shop.held(connector, "A")[QUANTITY][0]["quantity"] == 8


def test_a_repeated_task_sends_nothing_twice(shop, ledger):
    connector = shop.connector()
    run = shop.run(connector, [lamp("A"), lamp("B")])
    sent = run.calls()
    run.live()
    assert run.outcomes() == {"A": "accepted", "B": "accepted"}
    assert run.calls() == sent == {"searches": 2, "previews": 2, "creations": 2}
    assert "un essai précédent" in note_of(run.items()["A"])
    assert len(list(writes_of(ledger, run.number))) == 2


def test_a_task_killed_before_it_could_remember_finds_its_write_at_amazon(shop, ledger):
    connector = shop.connector()
    run = shop.run(connector, [lamp("A")], until="tested")
    amazon.put(
        shop.client,
        "A",
        connector.marketplace.id,
        product_type="LAMP",
        attributes=next(run.folder.read(MAPPED, "part-00001.jsonl")).attributes,
    )
    run.live()
    assert run.outcomes() == {"A": "unchanged"}
    assert known_items(ledger, shop.listings(connector), ["A"])["A"].listed


def test_what_a_dead_run_may_have_written_is_read_before_anything_is_taken_for_unchanged(
    shop, ledger, monkeypatch
):
    """The process dies after Amazon took a price; then the PIM takes the price back."""

    class Killed(BaseException):
        pass

    def killed(*_args):
        raise Killed

    connector = shop.connector(sync={"preview": "none"})
    shop.run(connector, [lamp("A"), lamp("B")])
    with monkeypatch.context() as patch:
        patch.setattr("amazon_listings.writes.protocol.record_answers", killed)
        with pytest.raises(Killed):
            shop.run(connector, [lamp("A", price=12), lamp("B")])
    assert answers_of(ledger, 2) == {"UNANSWERED": 1}
    run = shop.run(connector, [lamp("A"), lamp("B")])
    assert run.outcomes() == {"A": "accepted", "B": "unchanged"}
    assert shop.held(connector, "A")["purchasable_offer"][0]["our_price"][0]["schedule"][0][
        "value_with_tax"
    ] == pytest.approx(10)
    (write,) = writes_of(ledger, run.number)
    assert write.before["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] == 12
    assert shop.run(connector, [lamp("A"), lamp("B")]).calls() == {}, "it is known again"


def test_writes_are_announced_a_few_together_before_the_first_is_sent(shop, ledger):
    connector = shop.connector(sync={"preview": "none"})
    run = shop.run(connector, [lamp(f"A{n}") for n in range(5)], until="approved")
    seen = []
    traffic = shop.sandbox.state.traffic
    count = traffic.count

    def look(operation, status):
        if operation == "putListingsItem" and not seen:
            seen.append(answers_of(ledger, run.number))
        count(operation, status)

    traffic.count = look
    try:
        run.live()
    finally:
        del traffic.count
    assert seen == [{"UNANSWERED": 5}]
    assert answers_of(ledger, run.number) == {"ACCEPTED": 5}
    with ledger.connect() as connection:
        moments = connection.execute(select(submissions.c.sent_at).distinct()).all()
    assert len(moments) == 1, "one transaction"


def test_what_a_killed_try_announced_and_did_not_send_is_read_and_sent_once(shop, ledger):
    connector = shop.connector(sync={"preview": "none"})
    shop.run(connector, [lamp("A"), lamp("B"), lamp("C")])
    run = shop.run(connector, [lamp(sku, price=12) for sku in "ABC"], until="approved")
    mapped = {item.sku: item for item in run.folder.read(MAPPED, "part-00001.jsonl")}
    body = [merge("purchasable_offer", currency="EUR")]
    announced = [
        LedgerWrite(sku=sku, hash=mapped[sku].hash, method="PATCH", body=body, existed=True) for sku in "AB"
    ]
    announce_submissions(ledger, shop.listings(connector), run.number, announced)
    run.live()
    assert run.outcomes() == dict.fromkeys("ABC", "accepted")
    assert answers_of(ledger, run.number) == {"ACCEPTED": 3}
    assert run.folder.noted(LiveNote).calls == {"searches": 1, "updates": 3}


def test_two_runs_of_a_connector_do_not_send_at_once(shop, ledger):
    connector = shop.connector()
    run = shop.run(connector, [lamp("A")], until="tested")
    another = Lease(ledger, connector.id, owner="lamps run 9", duration=10_000)
    with another.sending(), pytest.raises(ConnectorBusy, match="lamps run 9"):
        run.live()
    assert shop.held(connector, "A") is None
    assert sum(shop.waits) >= 600
    run.live()
    assert run.outcomes() == {"A": "accepted"}


def test_a_sku_that_another_connector_is_writing_is_pending_and_the_next_run_sends_it(shop, ledger):
    connector = shop.connector()
    run = shop.run(connector, [lamp("A"), lamp("B")], until="tested")
    another = Lease(ledger, "others", owner="others run 9", duration=10_000)
    with another.sending():
        raise_fences(ledger, shop.listings(connector), ["A"], run=9, token=another.token)
        run.live()
    assert run.outcomes() == {"A": "pending", "B": "accepted"}
    assert shop.held(connector, "A") is None
    assert sum(shop.waits) < 60, "nothing is waited for that may last"
    assert shop.run(connector, [lamp("A"), lamp("B")]).outcomes() == {"A": "accepted", "B": "unchanged"}


def test_a_refused_submission_leaves_the_listing_and_the_ledger_as_they_were(shop, ledger):
    connector = shop.connector(sync={"preview": "none"})
    shop.run(connector, [lamp("A")])
    issue = {"code": "8541", "message": "Conflict.", "severity": "ERROR", "categories": []}
    body = {"sku": "A", "status": "INVALID", "submissionId": "s", "issues": [issue]}
    shop.sandbox.fault("patchListingsItem", "status", status=200, body=body)
    run = shop.run(connector, [lamp("A", price=12)])
    assert run.outcomes() == {"A": "rejected"}
    assert [one.code for one in run.items()["A"].issues] == ["8541", "offer_held_back"]
    held = accepted_contents(ledger, shop.listings(connector), ["A"])["A"]
    assert held["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] == 10
    assert shop.run(connector, [lamp("A", price=12)]).outcomes() == {"A": "accepted"}


def test_one_item_without_an_answer_fails_alone_and_a_person_stops_the_run(shop):
    connector = shop.connector(sync={"preview": "none"})
    shop.sandbox.fault("putListingsItem", "status", status=500, times=12)
    run = shop.run(connector, [lamp("A")])
    assert run.outcomes() == {"A": "failed"}
    shop.sandbox.control("revoke")
    shop.sandbox.control("tokens", forget=True)
    with pytest.raises(ActionRequiredError):
        shop.run(connector, [lamp("A")])


def test_what_was_announced_when_a_person_must_act_and_was_never_sent_is_taken_back(shop, ledger):
    connector = shop.connector(sync={"preview": "none"})
    run = shop.run(connector, [lamp(f"A{n}") for n in range(30)], until="approved")
    shop.sandbox.fault("putListingsItem", "status", status=403, times=100)
    with pytest.raises(ActionRequiredError):
        run.live()
    assert answers_of(ledger, run.number) == {}


def test_an_outage_stops_the_run_and_what_was_accepted_is_remembered(shop):
    connector = shop.connector(sync={"preview": "none"})
    run = shop.run(connector, [lamp(f"A{n}") for n in range(3)])
    assert set(run.outcomes().values()) == {"accepted"}
    run = shop.run(connector, [lamp(f"B{n}") for n in range(60)], until="tested")
    for operation in ("searchListingsItems", "getListingsItem"):
        shop.sandbox.fault(operation, "status", status=503, times=10_000)
    with pytest.raises(RetryableError, match="20 items in a row"):
        run.live()


def test_the_forecast_says_how_many_calls_which_way_how_long(shop, caplog):
    connector = shop.connector()
    shop.run(connector, [lamp("A"), lamp("B")])
    caplog.clear()
    with caplog.at_level(logging.INFO, "amazon_listings"):
        run = shop.run(connector, [lamp("A", price=12), lamp("B"), lamp("C")])
    asking, submitting = (one.getMessage() for one in caplog.records if "than a minute" in one.getMessage())
    assert asking == (
        "Asking Amazon: 1 search, less than a minute; up to 2 previews, less than a minute; "
        "then, if all pass, one by one, 2 submissions, less than a minute."
    )
    assert submitting == (
        "Submitting: one by one, 1 reading, less than a minute; 1 submission, less than a minute; "
        "1 update, less than a minute."
    )
    assert run.calls() == {"searches": 1, "readings": 1, "previews": 2, "updates": 1, "creations": 1}


def test_many_items_cost_few_calls(shop):
    connector = shop.connector()
    skus = [f"A{n}" for n in range(200)]

    def calls(**changes):
        before = shop.sandbox.counters()["operations"]
        run = shop.run(connector, [lamp(sku, **changes) for sku in skus])
        after = shop.sandbox.counters()["operations"]
        made = {
            name: sum(one["statuses"].values()) - sum(before.get(name, {}).get("statuses", {}).values())
            for name, one in after.items()
            if name.endswith(("ListingsItem", "ListingsItems"))
        }
        assert set(run.outcomes().values()) <= {"accepted", "unchanged"}
        assert sum(made.values()) == sum(run.calls().values())
        return sum(made.values()) / len(skus)

    assert calls() <= 2.2
    calls(price=11)  # with the one preview of such a patch
    assert calls(price=12) <= 1.05
    assert calls(price=12) == 0


@pytest.mark.parametrize(("operation", "sent"), [("live", False), ("test", True)])
def test_what_a_later_live_run_has_read_is_not_overwritten(shop, operation, sent):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    run = shop.run(connector, [lamp("A", price=12)], until="tested")
    state = ItemState(
        pim_id="products/A",
        sku="A",
        family="products/A",
        run=run.number + 1,
        operation=operation,
        outcome="accepted",
        read_at=datetime.now(UTC) + timedelta(minutes=5),
    )
    record_states(shop.ledger, connector.key, [state])
    run.live()
    assert run.outcomes() == {"A": "accepted" if sent else "unchanged"}
    price = shop.held(connector, "A")["purchasable_offer"][0]["our_price"][0]["schedule"][0]
    assert price["value_with_tax"] == (12 if sent else 10)
