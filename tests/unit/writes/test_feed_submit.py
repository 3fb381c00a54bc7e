"""Putting items into feeds: which, how, and behind what."""

import json

import pytest
from sqlalchemy import event

from amazon_listings.ledger.items.known import known_items
from amazon_listings.ledger.items.payloads import record_listed
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.ledger.writes.feeds import pending_feeds, settle_feed
from amazon_listings.ledger.writes.submissions import sent_in_run
from amazon_listings.runs.notes import LiveNote
from amazon_listings.runs.records import LIVE
from amazon_listings.selling_partner import feed_messages
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.writes import live_sync
from support.feed_runs import FRANCE, LAMP, brand, feeds_made, lamp, wait_for_feeds
from support.ledger_rows import record_accepted
from support.run_records import note_of

#: Of the ledger, for one part that goes into one feed; PostgreSQL is asked for its clock, too.
MOST_STATEMENTS = 31


def test_items_go_by_feed_from_the_number_that_the_connector_says(runs, sandbox, connector):
    runs.connector = connector(sync={"feed_from": 3})
    runs.begin([lamp("A-1"), lamp("A-2")])
    assert runs.send() == {"accepted": 2}
    assert feeds_made(sandbox) == 0
    runs.begin([lamp(f"B-{number}") for number in range(3)])
    assert runs.send() == {"pending": 3}
    assert feeds_made(sandbox) == 1


def test_a_feed_is_awaited_and_then_accepted(runs, sandbox, client, ledger, listings):
    runs.begin([lamp("A-1")], [lamp("A-2")])
    assert runs.send() == {"pending": 2}
    (feed,) = runs.awaited
    assert (
        note_of(runs.rows["A-1"])
        == f"il est dans le flux {feed.feed_id}, dont le rapport n'est pas encore là"
    )
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 2}
    assert runs.awaited == []
    assert runs.rows["A-1"].submission_id == feed.feed_id
    assert amazon.get(client, "A-2", [FRANCE]).attributes["brand"] == LAMP["brand"]
    item = known_items(ledger, listings, ["A-1"])["A-1"]
    assert (item.accepted_hash, item.listed, item.state) == (lamp("A-1")["hash"], True, "accepted")
    assert sent_in_run(ledger, runs.run, ["A-1"])["A-1"].submission_id == feed.feed_id
    calls = runs.folder.noted(LiveNote).calls
    assert calls == {"feeds": 1, "searches": 2}  # one search a part
    # The next run has nothing to send.
    runs.begin([lamp("A-1")], [lamp("A-2")])
    assert runs.send() == {"unchanged": 2}
    assert feeds_made(sandbox) == 1


def test_while_a_feed_is_under_way_nothing_is_written_again(runs, sandbox):
    sandbox.control("settings", feed_queue_delay=600)
    runs.begin([lamp("A-1")], [lamp("A-2")])
    runs.send()
    files = [runs.folder.root / LIVE.name / part for part in runs.folder.parts(LIVE)]
    written = [path.stat().st_ino for path in files]
    asked = []
    event.listen(runs.ledger, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert runs.collect() == {"pending": 2}
    assert [path.stat().st_ino for path in files] == written
    assert not [statement for statement in asked if "submissions.payload_hash" in statement]


def test_as_many_statements_are_made_for_many_items_as_for_few(runs, sandbox):
    asked = []
    event.listen(runs.ledger, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for name, number in (("A", 2), ("B", 200)):
        runs.begin([lamp(f"{name}-{one}") for one in range(number)])
        asked.clear()
        assert runs.send() == {"pending": number}
        counts.append(len([one for one in asked if not one.startswith("BEGIN")]))
        wait_for_feeds(sandbox)
        runs.collect()
    assert counts[0] == counts[1]
    assert counts[0] <= MOST_STATEMENTS


def test_the_bytes_of_messages_are_foreseen_from_all_parts(runs, sandbox):
    long = [{"value": "Éclaire sans éblouir. " * 40, "language_tag": "fr_FR"}]
    short = [lamp(f"A-{number}") for number in range(110)]
    runs.begin(short, [lamp(f"B-{number}", product_description=long) for number in range(110)])
    foreseen = runs.live_sync.volume().size
    runs.send()
    (feed,) = sandbox.state.feeds.all()
    made = len(sandbox.state.documents.find(feed.document_id).content) / 220
    assert foreseen == pytest.approx(made, rel=0.05)


def test_parts_go_together_as_far_as_a_feed_holds_what_is_sent_of_them(runs, sandbox, monkeypatch):
    monkeypatch.setattr(live_sync, "MOST_MESSAGES", 4)
    runs.begin(*([lamp(f"{part}-{number}") for number in range(2)] for part in "ABCDE"))
    assert runs.send() == {"pending": 10}
    documents = [sandbox.state.documents.find(feed.document_id).content for feed in sandbox.state.feeds.all()]
    assert sorted(len(json.loads(one)["messages"]) for one in documents) == [2, 4, 4]
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 10}


def test_what_changed_is_sent_as_patches_and_what_replaces_a_list_singly(runs, sandbox, client):
    runs.begin([lamp("A-1"), lamp("A-2")])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    bullets = LAMP["bullet_point"][:1]
    runs.begin([lamp("A-1", brand=brand("Nord")), lamp("A-2", bullet_point=bullets)])
    # A list is replaced whole, with what others have of it: read right before it is sent.
    assert runs.send() == {"accepted": 1, "pending": 1}
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 2}
    documents = [
        json.loads(sandbox.state.documents.find(feed.document_id).content)
        for feed in sandbox.state.feeds.all()
    ]
    kinds = sorted([message["operationType"] for message in one["messages"]] for one in documents)
    assert kinds == [["PATCH"], ["UPDATE", "UPDATE"]]
    assert amazon.get(client, "A-1", [FRANCE]).attributes["brand"] == brand("Nord")
    assert amazon.get(client, "A-2", [FRANCE]).attributes["bullet_point"] == bullets


def test_a_single_submission_never_passes_a_pending_feed(runs, sandbox, connector):
    sandbox.control("settings", feed_queue_delay=600)
    runs.begin([lamp("A-1")])
    runs.send()
    number = runs.awaited[0].number
    runs.connector = connector(sync={"feed_from": 1500})
    runs.begin([lamp("A-1", brand=brand("Nord")), lamp("A-2")])
    assert runs.send() == {"accepted": 1, "pending": 1}
    assert f"flux (numéro {number})" in note_of(runs.rows["A-1"])
    # Once it is through, the next run settles it and goes on from what it made.
    sandbox.advance(700)
    wait_for_feeds(sandbox)
    runs.begin([lamp("A-1", brand=brand("Nord"))])
    assert runs.send() == {"accepted": 1}


def test_a_refused_createfeed_leaves_nothing_pending(runs, sandbox):
    sandbox.fault("createFeed", "status", status=400, times=10)
    runs.begin([lamp("A-1")])
    with pytest.raises(Exception, match="createFeed"):
        runs.send()
    assert pending_feeds(runs.ledger, "lamps") == []
    sandbox.reset()
    sandbox.state.buckets.enabled = False
    assert runs.send() == {"pending": 1}


def test_a_document_holds_so_many_messages_and_bytes(runs, sandbox, monkeypatch):
    monkeypatch.setattr(feed_messages, "MOST_MESSAGES", 25_000)
    whole = feed_messages.documents

    def small(*args, **more):
        return whole(*args, **more, most_messages=3, most_bytes=20_000)

    monkeypatch.setattr("amazon_listings.writes.feeds.submit.messages.documents", small)
    long = [{"value": "x" * 30_000, "language_tag": "fr_FR", "marketplace_id": FRANCE}]
    rows = [lamp(f"A-{number}") for number in range(4)] + [lamp("A-long", product_description=long)]
    runs.begin(rows[:2], rows[2:])
    assert runs.send() == {"pending": 4, "failed": 1}
    assert feeds_made(sandbox) == 2
    assert "occupe" in note_of(runs.rows["A-long"])
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 4, "failed": 1}


@pytest.fixture
def a_feed_each(sandbox, monkeypatch):
    """Feeds of one message, which stay in Amazon's queue."""
    whole = feed_messages.documents

    def single(*args, **more):
        return whole(*args, **more, most_messages=1)

    monkeypatch.setattr("amazon_listings.writes.feeds.submit.messages.documents", single)
    sandbox.control("settings", feed_queue_delay=3600)


@pytest.mark.usefixtures("a_feed_each")
def test_items_are_looked_at_again_once_half_of_their_feeds_are_through(runs, ledger):
    skus = [f"A-{number}" for number in range(8)]
    runs.begin([lamp(sku) for sku in skus])
    sync = runs.live_sync
    sync.send()
    told = []
    for feed, sku in zip(pending_feeds(ledger, "lamps"), skus, strict=True):
        settle_feed(ledger, feed, state="DONE", report_id=None, outcomes=[(sku, "ACCEPTED")])
        told.append(sync.collect()["accepted"])
    assert told == [0, 0, 0, 4, 4, 6, 7, 8]


@pytest.mark.usefixtures("a_feed_each")
def test_a_part_in_which_nothing_waits_is_not_read_again(runs, ledger):
    skus = [f"A-{number}" for number in range(6)]
    runs.begin(*([lamp(sku)] for sku in skus))
    sync = runs.live_sync
    sync.send()
    feeds = dict(zip(skus, pending_feeds(ledger, "lamps"), strict=True))

    def through(some):
        for sku in some:
            settle_feed(ledger, feeds[sku], state="DONE", report_id=None, outcomes=[(sku, "ACCEPTED")])
        return sync.collect()["accepted"]

    assert through(skus[:3]) == 3
    for part in runs.folder.parts(LIVE)[:3]:
        runs.folder.root.joinpath(LIVE.name, part).write_bytes(b"read again, this would be refused")
    assert through(skus[3:5]) == 5


def test_before_images_and_whole_contents_are_kept(runs, sandbox, client, ledger, listings):
    from amazon_listings.ledger.items.known import accepted_contents

    amazon.put(client, "A-1", FRANCE, product_type="LAMP", attributes=lamp("A-1")["attributes"])
    record_listed(ledger, listings, {"A-1": True})
    runs.begin([lamp("A-1", brand=brand("Nord"))])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    (write,) = writes_of(ledger, runs.run)
    assert write.before["brand"] == LAMP["brand"]
    assert [patch["path"] for patch in write.steps[-1].body] == ["/attributes/brand"]
    content = accepted_contents(ledger, listings, ["A-1"])["A-1"]
    assert content == lamp("A-1", brand=brand("Nord"))["attributes"]


def test_no_answer_while_reading_leaves_the_item_to_the_next_run(runs, sandbox):
    sandbox.fault("searchListingsItems", "status", status=503, times=4)
    runs.begin([lamp(f"A-{number}") for number in range(21)])
    counts = runs.send()
    assert counts["pending"] + counts["failed"] == 21
    assert counts["failed"] in {1, 20}


def test_what_another_run_submitted_meanwhile_is_unchanged(runs, ledger, listings):
    row = lamp("A-1")
    record_accepted(ledger, listings, [row | {"pim_id": row["pim_id"]}])
    runs.begin([row])
    assert runs.send() == {"unchanged": 1}
