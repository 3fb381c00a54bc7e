"""What waits for a person, what goes on meanwhile, and what a person's answer is worth."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.approvals.answers import answer_items
from amazon_listings.approvals.asked_changes import changes_of
from amazon_listings.approvals.wording import largest_prices
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.approvals.progress import (
    MADE,
    TOUCHED,
    ApprovalFilter,
    approvals_of,
    count_approvals,
    find_approvals,
)
from amazon_listings.messages import message
from amazon_listings.runs.records import APPROVED
from amazon_listings.selling_partner import listings as amazon
from support.kills import WatchedTraffic
from support.run_records import note_of
from support.sync_runs import lamp

ASKING = {"approval": {"policy": "first"}}
ITEMS = [lamp("A"), lamp("B"), lamp("C")]


def price(shop, connector, sku):
    (offer,) = shop.held(connector, sku)["purchasable_offer"]
    return offer["our_price"][0]["schedule"][0]["value_with_tax"]


def quantity(shop, connector, sku):
    return shop.held(connector, sku)["fulfillment_availability"][0]["quantity"]


def answer(shop, connector, *, approved=True, **where):
    return answer_items(
        shop.ledger, ApprovalFilter(connectors=(connector.key,), **where), approved=approved, by="anna"
    )


@pytest.fixture
def asking(shop):
    """A connector that asks; nothing was approved of it."""
    return shop.connector(**ASKING)


@pytest.fixture
def live(shop, asking):
    """The same, after its three lamps were approved and went live; guards are on."""
    shop.run(asking, ITEMS)
    answer(shop, asking)
    shop.run(asking, ITEMS)
    connector = shop.connector(**ASKING, guards={"price_fall": 0.4, "price_rise": 0.7, "quantity_times": 100})
    assert set(shop.run(connector, ITEMS).outcomes().values()) == {"unchanged"}
    return connector


def test_nothing_of_a_new_connector_goes_before_it_is_approved(shop, asking):
    run = shop.run(asking, ITEMS)
    assert set(run.outcomes().values()) == {"waiting"}
    assert shop.held(asking, "A") is None
    (question,) = open_questions(shop.ledger)
    assert question.counts == {"create": 3}
    assert question.reasons == {"first": 3}
    again = shop.run(asking, ITEMS)
    assert set(again.outcomes().values()) == {"waiting"}
    assert [one.number for one in open_questions(shop.ledger)] == [question.number], "the same question"
    assert len(answer(shop, asking)) == 3
    assert set(shop.run(asking, ITEMS).outcomes().values()) == {"accepted"}
    assert open_questions(shop.ledger) == []
    assert shop.run(asking, [*ITEMS, lamp("D", stock=9)]).outcomes()["D"] == "accepted", "its lines are known"


def test_a_listing_that_is_replaced_whole_is_asked_about_as_a_change_what_changes_first(shop, live):
    whole = shop.connector(**ASKING, sync={"full_replace": True})
    run = shop.run(whole, [lamp("A", price=12), *ITEMS[1:]])
    assert run.outcomes()["A"] == "waiting"
    (question,) = open_questions(shop.ledger)
    assert question.counts == {"change": 1}
    (row,) = find_approvals(shop.ledger, ApprovalFilter(states=("asked",)), changes=True)
    first, *others = changes_of(row)
    assert (first.leaf.attribute, {change.before == change.after for change in others}) == (
        "purchasable_offer",
        {True},
    )


def test_who_chose_to_be_asked_never_is_not_asked_about_a_connectors_first_listings(shop):
    guarded = shop.connector(guards={"changed_share": 0.2})
    first = shop.run(guarded, ITEMS, until="tested")
    assert first.decide().waiting == 0
    first.send()
    assert shop.held(guarded, "A") is not None
    second = shop.run(guarded, [lamp(sku, name="Autre") for sku in "ABC"], until="tested")
    assert second.decide().waiting == 3
    (question,) = open_questions(shop.ledger)
    assert question.reasons == {"changed_share": 3}


def test_items_approved_by_name_open_the_door_for_themselves_only(shop, asking):
    shop.run(asking, ITEMS)
    answer(shop, asking, skus=("A",))
    outcomes = shop.run(asking, [*ITEMS, lamp("D")]).outcomes()
    assert outcomes == {"A": "accepted", "B": "waiting", "C": "waiting", "D": "waiting"}


def test_what_was_left_out_of_an_approval_of_all_still_waits(shop, asking):
    shop.run(asking, ITEMS)
    answer(shop, asking, without=("B",))
    assert shop.run(asking, ITEMS).outcomes() == {"A": "accepted", "B": "waiting", "C": "accepted"}
    changed = [lamp("A"), lamp("B", name="Autre"), lamp("C")]
    assert shop.run(asking, changed).outcomes()["B"] == "waiting", "another change of it is asked too"


def test_a_refused_change_is_not_asked_until_it_differs(shop, live):
    falling = [lamp("A", price=2), *ITEMS[1:]]
    shop.run(live, falling)
    answer(shop, live, approved=False)
    run = shop.run(live, falling)
    assert run.outcomes()["A"] == "refused"
    assert open_questions(shop.ledger) == []
    shop.run(live, [lamp("A", price=3), *ITEMS[1:]])
    assert [one.counts for one in open_questions(shop.ledger)] == [{"change": 1}]
    assert price(shop, live, "A") == 10


def test_a_price_that_falls_waits_and_the_rest_of_the_item_goes(shop, live):
    run = shop.run(live, [lamp("A", price=2, stock=7, name="Lampe neuve"), lamp("B", stock=1), ITEMS[2]])
    assert run.outcomes() == {"A": "accepted_in_part", "B": "accepted", "C": "unchanged"}
    assert price(shop, live, "A") == 10
    assert quantity(shop, live, "A") == 7
    assert shop.held(live, "A")["item_name"][0]["value"] == "Lampe neuve"
    assert "purchasable_offer" in note_of(run.items()["A"])
    (row,) = find_approvals(shop.ledger, ApprovalFilter(states=("asked",)), changes=True)
    assert row.reasons == ("price_fall",)
    assert [change["leaf"]["path"] for change in row.changes] == [["our_price"]]
    found = {what: count_approvals(shop.ledger, ApprovalFilter(what=what)) for what in (*TOUCHED, *MADE)}
    assert found == {"price": 1, "quantity": 0, "text": 0, "image": 0, "create": 0, "remove": 0}
    (largest,) = largest_prices(shop.ledger, ApprovalFilter(states=("asked",)))
    assert (largest.sku, largest.before, largest.after) == ("A", 10, 2)
    later = [lamp("A", price=2, stock=6, name="Lampe neuve"), lamp("B", stock=1), ITEMS[2]]
    assert shop.run(live, later).outcomes()["A"] == "accepted_in_part", "stock goes on while the price waits"
    assert quantity(shop, live, "A") == 6
    answer(shop, live)
    assert shop.run(live, later).outcomes()["A"] == "accepted"
    assert price(shop, live, "A") == 2


def test_an_approval_is_worth_nothing_for_another_change(shop, live):
    shop.run(live, [lamp("A", price=2), *ITEMS[1:]])
    answer(shop, live)
    run = shop.run(live, [lamp("A", price=1), *ITEMS[1:]])
    assert run.outcomes()["A"] == "waiting"
    assert price(shop, live, "A") == 10


def test_a_refusal_between_decision_and_sending_is_in_time(shop, live):
    falling = [lamp("A", price=2), *ITEMS[1:]]
    shop.run(live, falling)
    answer(shop, live)
    run = shop.run(live, falling, until="approved")
    answer(shop, live, approved=False)
    run.live()
    assert run.outcomes()["A"] == "refused"
    assert price(shop, live, "A") == 10


def test_a_question_that_nobody_answers_lapses_and_is_asked_again(shop, asking, ledger):
    run = shop.run(asking, ITEMS, until="tested")
    run.decide()
    listings = shop.listings(asking)
    before = approvals_of(ledger, listings, ["A"])["A"]
    assert before.lapses_at - before.asked_at == timedelta(hours=24)
    now = datetime.now(UTC) + timedelta(hours=25)
    assert open_questions(ledger, now=now) == []
    shop.run(asking, ITEMS, until="tested").decide(now=now)
    after = approvals_of(ledger, listings, ["A"])["A"]
    assert (after.question, after.asked_at) == (before.question + 1, now)


def test_a_change_that_is_taken_back_in_the_pim_is_not_asked_any_more(shop, live):
    shop.run(live, [lamp("A", price=2), *ITEMS[1:]])
    shop.run(live, ITEMS)
    assert list(find_approvals(shop.ledger, ApprovalFilter(states=("asked",)))) == []


def test_a_run_that_was_not_decided_on_sends_nothing(shop, asking):
    run = shop.run(asking, ITEMS, until="tested")
    with pytest.raises(Exception, match="not decided"):
        run.send()
    assert shop.held(asking, "A") is None


def test_always_asks_about_every_change(shop, live):
    always = shop.connector(approval={"policy": "always"})
    run = shop.run(always, [lamp("A", stock=4), *ITEMS[1:]])
    assert run.outcomes()["A"] == "waiting"
    assert quantity(shop, live, "A") == 3


def test_a_new_line_waits_and_the_values_of_approved_lines_go(shop, live):
    edited = shop.connector(**ASKING, mapping={"manufacturer": "{{ item.brand }} SA"})
    run = shop.run(edited, [lamp("A", stock=4), *ITEMS[1:]])
    assert run.outcomes() == {"A": "accepted_in_part", "B": "waiting", "C": "waiting"}
    assert quantity(shop, live, "A") == 4
    assert shop.held(live, "A")["manufacturer"][0]["value"] == "Acme"


def test_one_answer_is_enough_for_a_new_line_and_a_guard_in_the_same_item(shop, live):
    """What a guard asked about is approved for what was there before; the other changes are not."""
    line = {"manufacturer": "{{ item.brand }} SA"}
    changed = shop.connector(**ASKING, mapping=line, guards={"price_fall": 0.4})
    falling = [lamp("A", price=2), *ITEMS[1:]]
    assert shop.run(changed, falling).outcomes()["A"] == "waiting"
    answer(shop, changed)
    assert shop.run(changed, falling).outcomes()["A"] == "accepted"
    assert price(shop, changed, "A") == 2


def test_a_stop_ends_sending_within_one_batch_and_loses_nothing(shop):
    connector = shop.connector()
    many = [lamp(f"L{number:03}") for number in range(60)]
    run = shop.run(connector, many, until="approved")
    asked = iter(range(100))
    run.send(stopped=lambda: message("approval.stopped_test", connector="lamps") if next(asked) else None)
    outcomes = list(run.outcomes().values())
    assert outcomes.count("accepted") == 20
    assert outcomes.count("waiting") == 40
    assert "passé en test" in note_of(run.items()["L059"])
    again = shop.run(connector, many)
    assert Counter(again.outcomes().values()) == {"unchanged": 20, "accepted": 40}


def test_a_stop_cancels_a_feed_that_is_waited_for_and_loses_nothing(shop):
    shop.sandbox.control("settings", feed_queue_delay=3600)
    connector = shop.connector(sync={"feed_from": 1})
    run = shop.run(connector, ITEMS, until="approved")
    stops = []
    run.send(stopped=lambda: message("approval.stopped_test", connector="lamps") if stops else None)
    assert len(run.sync.awaited()) == 1
    stops.append(True)
    run.sync.collect()
    assert run.sync.awaited() == []
    assert {item.outcome for item in run.items().values()} == {"waiting"}
    assert "passé en test" in note_of(run.items()["A"])
    shop.sandbox.advance(7200)
    shop.sandbox.control("settings", feed_queue_delay=0)
    assert [shop.held(connector, sku) for sku in "ABC"] == [None] * 3, "the feed was cancelled"
    again = shop.run(connector, ITEMS)
    while again.sync.awaited():
        shop.sandbox.advance(120)
        again.sync.collect()
    assert set(again.outcomes().values()) == {"accepted"}


def test_a_change_that_a_guard_asked_about_is_asked_again_where_others_changed_the_listing(shop):
    connector = shop.connector(guards={"price_fall": 0.4, "price_rise": 0.7})
    shop.run(connector, [lamp("A", price=100)])
    wanted = [lamp("A", price=50)]
    shop.run(connector, wanted, until="tested").decide()
    answer(shop, connector)
    offer = shop.held(connector, "A")["purchasable_offer"][0]
    offer["our_price"] = [{"schedule": [{"value_with_tax": 20}]}]
    patch = {"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer]}
    place = connector.marketplace.id
    run = shop.run(connector, wanted, until="approved")
    amazon.patch(shop.client, "A", [place], product_type="LAMP", patches=[patch])
    run.send()
    assert (run.outcomes()["A"], price(shop, connector, "A")) == ("waiting", 20)
    assert "autrement" in note_of(run.items()["A"])
    later = shop.run(connector, wanted, until="tested")
    assert (later.decide().ready, later.decide().waiting) == (0, 1), "150 % more than what is there now"


def test_a_test_run_says_what_a_live_run_would_ask_and_asks_nothing(shop):
    shop.run(shop.connector(), [lamp("A"), lamp("B", price=100)])
    connector = shop.connector(**ASKING, guards={"price_fall": 0.4})
    cheaper = [lamp("A", name="Lampe neuve"), lamp("B", price=10), lamp("C")]
    tested = shop.run(connector, cheaper, operation="test")
    rows = approvals_of(shop.ledger, shop.listings(connector), ["A", "B", "C"])
    assert tested.decisions().foresee() == {"": 3, "first": 3, "price_fall": 1}
    assert approvals_of(shop.ledger, shop.listings(connector), ["A", "B", "C"]) == rows
    assert list(tested.folder.parts(APPROVED)) == []


def test_a_run_that_read_earlier_does_not_replace_what_a_later_one_asked(shop):
    """Runs of a connector check side by side, and may end in any order."""
    asking = shop.connector(approval={"policy": "always"})
    earlier = shop.run(asking, [lamp("A", price=11)], until="tested")
    later = shop.run(asking, [lamp("A", price=12)], until="tested")
    later.decide()
    asked = approvals_of(shop.ledger, shop.listings(asking), ["A"])["A"]
    answer(shop, asking)
    earlier.approve()
    now = approvals_of(shop.ledger, shop.listings(asking), ["A"])["A"]
    assert (now.hash, now.state) == (asked.hash, "approved")
    earlier.send()
    assert shop.held(asking, "A") is None
    later.approve()
    later.send()
    assert price(shop, asking, "A") == 12


def test_a_refusal_before_a_feed_starts_is_in_time(shop):
    """The items were planned already; the feed's document is made without the one that was refused."""
    asking = shop.connector(approval={"policy": "always"}, sync={"feed_from": 1, "removed_share": 1})
    run = shop.run(asking, ITEMS, until="tested")
    run.decide()
    answer(shop, asking)
    run.decide()
    traffic = shop.sandbox.state.traffic = WatchedTraffic()
    refused = []

    def refuse(kind, operation):
        if kind == "received" and operation == "searchListingsItems" and not refused:
            refused.extend(answer(shop, asking, approved=False, skus=("A",)))

    traffic.watch(refuse)
    run.send()
    assert [one.sku for one in refused] == ["A"]
    traffic.watch(lambda *_: None)
    while run.sync.awaited():
        shop.sandbox.advance(120)
        run.sync.collect()
    assert run.outcomes() == {"A": "refused", "B": "accepted", "C": "accepted"}
    assert shop.held(asking, "A") is None
    assert shop.run(asking, [lamp("A", price=9), *ITEMS[1:]]).outcomes()["A"] == "waiting", "no fence stands"
