"""Feeds of tasks that were killed: found again, and none is made twice."""

import math
from datetime import timedelta

import pytest

from amazon_listings.ledger.writes.feeds import pending_feeds
from amazon_listings.ledger.writes.leases import Lease
from amazon_listings.selling_partner import feed_messages, feeds
from support.feed_runs import (
    DAMAGES,
    FRANCE,
    brand,
    damage_report,
    feeds_made,
    lamp,
    wait_for_feeds,
)
from support.ledger_rows import open_feed


@pytest.mark.parametrize("moment", ["before the answer", "after the answer"])
def test_a_task_that_was_killed_while_it_started_a_feed_finds_it(runs, sandbox, monkeypatch, moment):
    """The process dies in `createFeed`, before Amazon's answer is in the ledger."""

    class Killed(BaseException):
        pass

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "before the answer":
            patch.setattr("amazon_listings.writes.feeds.submit.amazon.create", killed)
        else:
            patch.setattr("amazon_listings.writes.protocol.feed_started", killed)
        runs.begin([lamp("A-1"), lamp("A-2")])
        with pytest.raises(Killed):
            runs.send()
    (feed,) = pending_feeds(runs.ledger, "lamps")
    assert feed.feed_id is None
    wait_for_feeds(sandbox)
    if moment == "before the answer":
        # Amazon may list it any moment: too early to say that there is none.
        assert runs.send() == {"pending": 2}
        assert feeds_made(sandbox) == 0
        runs.now += timedelta(minutes=10)
        assert runs.collect() == {"pending": 2}
        wait_for_feeds(sandbox)
        assert runs.collect() == {"accepted": 2}
    else:
        assert runs.send() == {"accepted": 2}
    assert feeds_made(sandbox) == 1
    assert [row.outcome for row in runs.rows.values()] == ["accepted", "accepted"]


def uploaded(client, *skus):
    """The id of a document that creates these SKUs."""
    (document,) = feed_messages.documents(
        [
            feed_messages.encoded(feed_messages.update(sku, "LAMP", lamp(sku)["attributes"], "LISTING"))
            for sku in skus
        ],
        feed_messages.header(client.account.seller_id),
        refused=pytest.fail,
    )
    upload = feeds.create_document(client)
    feeds.upload_document(client, upload, document.content)
    return upload.document_id


def announced(runs, listings, document_id, *skus):
    """A feed that was announced, and whose task was killed before its id was known."""
    messages = [
        lamp(sku) | {"method": "UPDATE", "body": lamp(sku)["attributes"], "existed": False} for sku in skus
    ]
    return open_feed(runs.ledger, listings, runs.run, document_id, messages)


def test_feeds_of_others_are_not_taken_for_ours(runs, sandbox, client, listings):
    """Two connectors died at once: each finds its own feed by what the report is about."""
    runs.begin([lamp("A-1")])
    document_id = uploaded(client, "A-1")
    announced(runs, listings, document_id, "A-1")
    ours = feeds.create(client, document_id, [FRANCE])
    feeds.create(client, uploaded(client, "A-9"), [FRANCE])
    feeds.create(client, uploaded(client, "A-8"), [FRANCE])
    wait_for_feeds(sandbox)
    assert runs.send() == {"accepted": 1}
    assert runs.rows["A-1"].submission_id == ours
    assert feeds_made(sandbox) == 3


@pytest.mark.parametrize(
    "theirs", [("A-1", "A-9"), ("A-1",), ("A-9", "A-8")], ids=["overlaps", "is a part", "is as large"]
)
def test_a_feed_that_is_not_about_exactly_our_items_is_not_adopted(runs, sandbox, client, listings, theirs):
    runs.begin([lamp("A-1"), lamp("A-2")])
    number = announced(runs, listings, uploaded(client, "A-1", "A-2"), "A-1", "A-2")
    feeds.create(client, uploaded(client, *theirs), [FRANCE])
    wait_for_feeds(sandbox)
    assert runs.send() == {"pending": 2}
    (feed,) = pending_feeds(runs.ledger, "lamps")
    assert (feed.number, feed.feed_id) == (number, None)
    # It was never started: some minutes later its items are sent again, and only then.
    made = len({"A-1", "A-2"}.intersection(theirs))
    runs.now += timedelta(minutes=10)
    counts = runs.collect()
    assert (counts["pending"], counts.get("unchanged", 0)) == (2 - made, made)
    wait_for_feeds(sandbox)
    assert runs.collect()["accepted"] == 2 - made
    assert feeds_made(sandbox) == 2


def test_an_unknown_outcome_of_createfeed_makes_no_second_feed(runs, sandbox):
    sandbox.fault("createFeed", "timeout_after_write")
    runs.begin([lamp("A-1")])
    assert runs.send() == {"pending": 1}
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 1}
    assert len(sandbox.state.feeds.all()) == 1


def test_the_lease_of_a_dead_try_does_not_hold_up_the_next_run(runs, sandbox, ledger, waits):
    """Killed after Amazon started the feed: the retry has nothing to send, so it needs no lease."""
    runs.begin([lamp("A-1")])
    runs.send()
    dead = Lease(ledger, "lamps", owner=f"lamps run {runs.run}")
    with dead.sending():
        wait_for_feeds(sandbox)
        assert runs.send() == {"accepted": 1}
        waits.clear()
        runs.begin([lamp("A-1", brand=brand("Nord"))])
        assert runs.send() == {"pending": 1}
        assert waits == []


def test_a_feed_that_ended_without_a_report_is_waited_for_as_long_as_reports_are_kept(
    runs, sandbox, client, listings
):
    """It may be ours: sent again too early, its items would be in two feeds."""
    sandbox.control("feeds", state="DONE", report=False)
    runs.begin([lamp("A-1")])
    document_id = uploaded(client, "A-1")
    announced(runs, listings, document_id, "A-1")
    feeds.create(client, document_id, [FRANCE])
    wait_for_feeds(sandbox)
    announced_at = runs.now
    for hours in (1, 30, 47):
        runs.now = announced_at + timedelta(hours=hours)
        assert runs.send() == {"pending": 1}
        (feed,) = pending_feeds(runs.ledger, "lamps")
        assert feed.feed_id is None
    assert feeds_made(sandbox) == 1
    runs.now = announced_at + timedelta(hours=49)
    runs.collect()
    assert pending_feeds(runs.ledger, "lamps") == []


def test_a_feed_under_way_may_be_ours(runs, sandbox, client, listings):
    runs.begin([lamp("A-1")])
    document_id = uploaded(client, "A-1")
    announced(runs, listings, document_id, "A-1")
    ours = sandbox.state.feeds.find(feeds.create(client, document_id, [FRANCE]))
    wait_for_feeds(sandbox)
    begun, ours.started_at = ours.started_at, math.inf
    runs.now += timedelta(minutes=10)
    assert runs.send() == {"pending": 1}
    (feed,) = pending_feeds(runs.ledger, "lamps")
    assert feed.feed_id is None
    # One of others is still under way, and the newer one: ours is found behind it.
    ours.started_at = begun
    other = sandbox.state.feeds.find(feeds.create(client, uploaded(client, "A-9"), [FRANCE]))
    wait_for_feeds(sandbox)
    other.started_at = math.inf
    assert runs.collect() == {"accepted": 1}
    assert runs.rows["A-1"].submission_id == ours.feed_id


@pytest.mark.parametrize("damage", DAMAGES, ids=["no archive", "no report", "cut off"])
def test_a_feed_whose_report_is_damaged_is_not_adopted(runs, sandbox, client, listings, damage):
    runs.begin([lamp("A-1")])
    document_id = uploaded(client, "A-1")
    announced(runs, listings, document_id, "A-1")
    feeds.create(client, document_id, [FRANCE])
    damage_report(sandbox, damage)
    assert runs.send() == {"pending": 1}
    (feed,) = pending_feeds(runs.ledger, "lamps")
    assert feed.feed_id is None
