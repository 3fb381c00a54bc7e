"""What became of the messages of feeds: nothing is taken for success that is not."""

from datetime import timedelta

import pytest

from amazon_listings.errors import RetryableError
from amazon_listings.ledger.items.known import known_items
from amazon_listings.ledger.writes.feeds import pending_feeds
from amazon_listings.messages import message
from amazon_listings.runs.notes import LiveNote
from amazon_listings.selling_partner import listings as amazon
from support.feed_runs import DAMAGES, FRANCE, brand, damage_report, feeds_made, lamp, wait_for_feeds
from support.run_records import note_of


def test_a_report_names_what_was_refused_and_why(runs, sandbox):
    bad = lamp("A-2", lamp_type=[{"value": "sofa", "marketplace_id": FRANCE}])
    runs.begin([lamp("A-1"), bad])
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 1, "rejected": 1}
    issue = runs.rows["A-2"].issues[0]
    assert (issue.attribute, issue.severity, issue.source) == ("lamp_type", "ERROR", "submission")
    assert issue.label


def test_no_report_is_no_success(runs, sandbox, ledger, listings):
    sandbox.control("feeds", state="DONE", report=False)
    runs.begin([lamp("A-1")])
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"pending": 1}
    assert len(runs.awaited) == 1
    assert known_items(ledger, listings, ["A-1"])["A-1"].accepted_hash is None
    # A run does not wait for ever; the feed stays pending, and its item is not sent again, either way.
    runs.now += timedelta(hours=13)
    assert runs.collect() == {"pending": 1}
    assert runs.awaited == []
    assert "pas arrivé à temps" in note_of(runs.rows["A-1"])
    runs.begin([lamp("A-1", brand=brand("Nord"))])
    assert runs.send() == {"pending": 1}
    assert "est dans un flux" in note_of(runs.rows["A-1"])
    assert feeds_made(sandbox) == 1


@pytest.mark.parametrize("damage", DAMAGES, ids=["no archive", "no report", "cut off"])
def test_of_a_damaged_report_the_listings_are_asked(runs, sandbox, damage):
    runs.begin([lamp("A-1")])
    runs.send()
    damage_report(sandbox, damage)
    assert runs.collect() == {"accepted": 1}


def test_a_cancelled_feed_has_sent_nothing(runs, sandbox):
    sandbox.control("feeds", state="CANCELLED")
    runs.begin([lamp("A-1")])
    runs.send()
    assert runs.collect() == {"failed": 1}
    assert "a été annulé" in note_of(runs.rows["A-1"])
    runs.begin([lamp("A-1")])
    assert runs.send() == {"pending": 1}


def test_a_stop_leaves_only_what_was_in_the_cancelled_feed_to_a_later_run(runs, sandbox):
    runs.begin([lamp("A-1")])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    sandbox.control("settings", feed_queue_delay=3600)
    runs.begin([lamp("A-1"), lamp("A-2")])
    assert runs.send() == {"pending": 1, "unchanged": 1}
    runs.stop = message("approval.stopped_test", connector="lamps")
    assert runs.collect() == {"unchanged": 1}
    assert list(runs.rows) == ["A-1"]
    runs.stop = None
    runs.begin([lamp("A-2")])
    assert runs.send() == {"pending": 1}


def test_a_run_notes_the_feeds_that_it_made(runs):
    runs.begin([lamp("A-1")])
    runs.send()
    assert runs.folder.noted(LiveNote).calls["feeds"] == 1
    runs.collect()
    assert runs.folder.noted(LiveNote).calls["feeds"] == 1


@pytest.mark.parametrize("report", [True, False])
def test_of_a_feed_that_broke_off_what_was_applied_is_read_back(runs, sandbox, report):
    sandbox.control("feeds", state="FATAL", share=0.5, report=report)
    runs.begin([lamp(f"A-{number}") for number in range(4)])
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 2, "failed": 2}
    assert runs.rows["A-0"].outcome == "accepted"
    assert "pas telle qu'elle a été envoyée" in note_of(runs.rows["A-3"])


def test_amazon_down_while_a_feed_is_settled_leaves_it_pending(runs, sandbox):
    runs.begin([lamp("A-1")])
    runs.send()
    wait_for_feeds(sandbox)
    sandbox.fault("getFeed", "status", status=503, times=4)
    with pytest.raises(RetryableError):
        runs.collect()
    assert len(pending_feeds(runs.ledger, "lamps")) == 1
    assert runs.collect() == {"accepted": 1}


def test_a_feed_that_amazon_forgot_is_read_back(runs, sandbox):
    runs.begin([lamp("A-1")])
    runs.send()
    wait_for_feeds(sandbox)
    sandbox.advance(91 * 24 * 3600)
    assert runs.collect() == {"accepted": 1}


def test_a_feed_that_broke_off_is_not_believed_although_its_report_counts_success(runs, sandbox, client):
    """The report of a FATAL feed says that all was accepted; one of the listings is not there."""
    sandbox.control("feeds", state="FATAL", share=1.0, report=True)
    runs.begin([lamp("A-1"), lamp("A-2")])
    runs.send()
    wait_for_feeds(sandbox)
    amazon.delete(client, "A-2", FRANCE)
    assert runs.collect() == {"accepted": 1, "failed": 1}
    assert (runs.rows["A-1"].outcome, runs.rows["A-2"].outcome) == ("accepted", "failed")
