from __future__ import annotations

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest

from amazon_listings.selling_partner import feeds
from amazon_listings.selling_partner.faults.exceptions import (
    DocumentDamaged,
    LinkExpired,
    MalformedAnswer,
    OutcomeUnknown,
)

FEED = {
    "feedId": "f1",
    "feedType": "JSON_LISTINGS_FEED",
    "createdTime": "2026-11-23T00:00:00Z",
    "processingStatus": "IN_QUEUE",
}


def test_a_document_is_uploaded_with_the_type_it_was_asked_for(amazon, client):
    amazon.say(201, {"feedDocumentId": "d1", "url": f"{amazon.url}/upload?X-Amz-Signature=s"})
    place = feeds.create_document(client)
    assert place.document_id == "d1"
    assert "Signature" not in repr(place)
    amazon.say(200, b"")
    feeds.upload_document(client, place, "é".encode())
    asked = amazon.calls[-1]
    assert (asked.method, asked.body) == ("PUT", "é".encode())
    assert (
        asked.headers["content-type"]
        == amazon.calls[0].json["contentType"]
        == "application/json; charset=UTF-8"
    )
    assert "x-amz-access-token" not in asked.headers


def test_an_upload_outlives_blips_but_not_its_link(amazon, client):
    amazon.say(201, {"feedDocumentId": "d1", "url": f"{amazon.url}/upload"})
    place = feeds.create_document(client)
    amazon.say(503)
    amazon.say(fault="reset")
    amazon.say(200, b"")
    feeds.upload_document(client, place, b"{}")
    amazon.say(403, b"<Error/>")
    with pytest.raises(LinkExpired):
        feeds.upload_document(client, place, b"{}")


def test_a_feed_is_started_once(amazon, client):
    amazon.say(202, {"feedId": "f1"})
    assert feeds.create(client, "d1", ["FR"]) == "f1"
    assert amazon.calls[0].json == {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": ["FR"],
        "inputFeedDocumentId": "d1",
    }


@pytest.mark.parametrize("lost", [{"status": 500}, {"fault": "reset"}, {"status": 202, "body": b"{"}])
def test_a_feed_whose_start_is_unknown_is_not_started_again(amazon, client, lost):
    amazon.say(**lost)
    with pytest.raises(OutcomeUnknown):
        feeds.create(client, "d1", ["FR"])
    assert len(amazon.calls) == 1


def test_an_answer_without_feed_id_leaves_the_outcome_unknown(amazon, client):
    amazon.say(202, {})
    with pytest.raises(OutcomeUnknown):
        feeds.create(client, "d1", ["FR"])


def test_states_are_read_and_an_absent_report_is_none(amazon, client):
    amazon.say(body=FEED)
    feed = feeds.get(client, "f1")
    assert (feed.state, feed.finished, feed.report_id) == ("IN_QUEUE", False, None)
    amazon.say(body={**FEED, "processingStatus": "DONE", "resultFeedDocumentId": "r1"})
    assert feeds.get(client, "f1").report_id == "r1"
    amazon.default = {**FEED, "processingStatus": "FINE"}
    with pytest.raises(MalformedAnswer):
        feeds.get(client, "f1")


def test_candidates_after_an_unknown_start_come_from_all_pages(amazon, client):
    amazon.say(body={"feeds": [FEED], "nextToken": "n/1"})
    amazon.say(body={"feeds": [{**FEED, "feedId": "f2"}]})
    assert [feed.feed_id for feed in feeds.search(client, "2026-11-23T00:00:00Z")] == ["f1", "f2"]
    assert parse_qs(urlsplit(amazon.calls[1].path).query) == {"nextToken": ["n/1"]}


@pytest.mark.parametrize("packed", [True, False])
def test_a_report_is_loaded_and_unpacked(amazon, client, packed):
    amazon.say(
        body={
            "feedDocumentId": "r1",
            "url": f"{amazon.url}/report",
            **({"compressionAlgorithm": "GZIP"} if packed else {}),
        }
    )
    amazon.say(body=gzip.compress(b"{}") if packed else b"{}")
    assert feeds.report(client, "r1") == b"{}"


def test_a_report_whose_link_expired_is_loaded_by_a_new_one(amazon, client):
    document = {"feedDocumentId": "r1", "url": f"{amazon.url}/report"}
    amazon.say(body=document)
    amazon.say(403, b"expired")
    amazon.say(body=document)
    amazon.say(body=b"{}")
    assert feeds.report(client, "r1") == b"{}"
    assert len(amazon.calls) == 4


@pytest.mark.parametrize("declared", [{}, {"compressionAlgorithm": "GZIP"}, {"compressionAlgorithm": "ZSTD"}])
@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1}',
        gzip.compress(b'{"a": 1}', mtime=0),
        gzip.compress(b'{"a"', mtime=0) + gzip.compress(b": 1}", mtime=0) + b"\0\0",
    ],
    ids=["plain", "packed", "in two members"],
)
def test_a_report_is_unpacked_by_its_first_bytes(amazon, client, declared, content):
    amazon.say(body={"feedDocumentId": "r1", "url": f"{amazon.url}/report", **declared})
    amazon.say(body=content)
    assert feeds.report(client, "r1") == b'{"a": 1}'


def test_a_report_that_expands_without_end_is_refused(amazon, client, monkeypatch):
    monkeypatch.setattr(feeds, "LARGEST", 1 << 20)
    amazon.say(body={"feedDocumentId": "r1", "url": f"{amazon.url}/report"})
    amazon.say(body=gzip.compress(bytes(1 << 24)))
    with pytest.raises(DocumentDamaged, match="larger than"):
        feeds.report(client, "r1")


@pytest.mark.parametrize("content", [gzip.compress(b"x" * 1000, mtime=0)[:-9]])
def test_a_damaged_report_is_no_report(amazon, client, content):
    amazon.say(body={"feedDocumentId": "r1", "url": f"{amazon.url}/report", "compressionAlgorithm": "GZIP"})
    amazon.say(body=content)
    with pytest.raises(DocumentDamaged):
        feeds.report(client, "r1")


def test_cancelling_is_repeatable(amazon, client):
    amazon.say(500)
    amazon.say(200, b"")
    feeds.cancel(client, "f1")
    assert [asked.method for asked in amazon.calls] == ["DELETE", "DELETE"]
