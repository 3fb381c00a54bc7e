"""Removals by feeds."""

import json

import pytest

from amazon_listings.ledger.items.payloads import record_listed
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.messages import catalogue
from amazon_listings.remarks import remark
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.notes import RemovalsNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import REMOVED, WrittenItem
from amazon_listings.selling_partner import listings as amazon
from support.feed_runs import FRANCE, LAMP, brand, feeds_made, lamp, wait_for_feeds
from support.run_records import note_of


@pytest.mark.parametrize("how", ["delete", "zero_quantity"])
def test_listings_whose_items_left_go_by_feeds_from_the_same_number(runs, sandbox, client, connector, how):
    runs.begin([lamp("A-1"), lamp("A-2"), lamp("A-3")])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    runs.connector = connector(sync={"feed_from": 2, "when_removed": how})
    runs.begin([])
    left = [WrittenItem(pim_id="", sku=sku, outcome=Outcome.READY) for sku in ("A-1", "A-2")]
    runs.folder.write(REMOVED, part_name(1), left)
    sandbox.control("settings", feed_queue_delay=600)
    assert runs.send() == {"pending": 2}
    assert runs.send() == {"pending": 2}, "a task that is repeated makes no second feed"
    sandbox.advance(700)
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 2}
    assert feeds_made(sandbox) == 2
    rows = list(runs.folder.read(REMOVED, part_name(1)))
    for language in ("fr", "de"):
        said = {note_of(row, language) for row in rows}
        assert said == {catalogue(language).phrase(f"note.removed_{how}")}
    assert runs.folder.noted(RemovalsNote).calls == {"feeds": 1, "searches": 1}
    feed, _ = sandbox.state.feeds.all()  # the newest first
    document = json.loads(sandbox.state.documents.find(feed.document_id).content)
    kinds = {message["operationType"] for message in document["messages"]}
    listing = amazon.get(client, "A-1", [FRANCE])
    if how == "delete":
        assert kinds == {"DELETE"}
        assert listing is None
    else:
        assert kinds == {"PATCH"}
        assert listing.attributes["fulfillment_availability"][0]["quantity"] == 0
    before = [write.before for write in writes_of(runs.ledger, runs.run)]
    assert [one["brand"] for one in before] == [LAMP["brand"]] * 2
    assert runs.collect() == {"accepted": 2}


def test_the_note_says_why_and_how_a_listing_was_taken_off_once_its_feed_is_through(
    runs, sandbox, client, connector, ledger, listings
):
    amazon.put(client, "A-1", FRANCE, product_type="LAMP", attributes=lamp("A-1")["attributes"])
    record_listed(ledger, listings, {"A-1": True})
    runs.begin([lamp("A-1", brand=brand("Nord"))])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    runs.connector = connector(sync={"feed_from": 1, "when_removed": "delete"})
    runs.begin([])
    why = remark("note.renamed", sku="A-2")
    left = WrittenItem(pim_id="", sku="A-1", outcome=Outcome.READY, remark=why)
    runs.folder.write(REMOVED, part_name(1), [left])
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 1}
    (row,) = runs.folder.read(REMOVED, part_name(1))
    assert row.note == why + remark("note.removed_zero_quantity") + remark("note.not_deleted")


@pytest.mark.parametrize("feed_from", [1, 2])
def test_a_listing_that_amazon_no_longer_has_is_told_from_one_that_was_taken_off(
    runs, sandbox, client, connector, feed_from
):
    runs.begin([lamp("A-1")])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    amazon.delete(client, "A-1", FRANCE)
    runs.connector = connector(sync={"feed_from": feed_from, "when_removed": "delete"})
    runs.begin([])
    left = WrittenItem(pim_id="", sku="A-1", outcome=Outcome.READY)
    runs.folder.write(REMOVED, part_name(1), [left])
    assert runs.send() == {"unchanged": 1}
    (row,) = runs.folder.read(REMOVED, part_name(1))
    assert row.note == remark("note.removed_delete", "found")
