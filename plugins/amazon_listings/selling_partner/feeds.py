"""Feeds API 2021-06-30 for `JSON_LISTINGS_FEED`: document, upload, feed, state, report."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from amazon_listings.errors import AmazonListingsError
from amazon_listings.incoming.http_reader import unpacked
from amazon_listings.selling_partner.calls.downloads import download, upload, with_new_link
from amazon_listings.selling_partner.calls.redaction import redact
from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.faults.exceptions import DocumentDamaged, MalformedAnswer
from amazon_listings.selling_partner.faults.refusals import RETRY_LATER, Refusal, outcome_unknown

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.selling_partner.calls.client import SellingPartner

FEED_TYPE = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
#: Largest report that is read, packed and unpacked: 25,000 items with summaries stay far below.
LARGEST = 256 * 1024 * 1024
#: Pages of a search after which it does not end: 90 days of feeds, a hundred a page, stay far below.
MOST_PAGES = 500

State = Literal["IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"]
_STATES = frozenset({"IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"})


@dataclass(frozen=True)
class FeedUpload:
    """A document to be uploaded: its id (valid 2 days) and address (a key, valid 5 minutes).

    `date`: Amazon's clock when it was made, as in the header `Date`.
    """

    document_id: str
    url: str = field(repr=False)
    date: str | None


@dataclass(frozen=True)
class Feed:
    """A feed at Amazon. `report_id` is None until there is a report; that is not success."""

    feed_id: str
    state: State
    created: str
    marketplace_ids: tuple[str, ...]
    report_id: str | None

    @property
    def finished(self) -> bool:
        """Whether the state will not change any more."""
        return self.state in {"DONE", "CANCELLED", "FATAL"}


def create_document(client: SellingPartner) -> FeedUpload:
    """Ask for a place to upload a document to."""
    name = "createFeedDocument"
    answer = client.call(name, body={"contentType": CONTENT_TYPE})
    shape = Shape(answer, name)
    return FeedUpload(shape.text("feedDocumentId"), _address(shape), answer.date)


def upload_document(client: SellingPartner, place: FeedUpload, content: bytes) -> None:
    """Upload a document.

    Raises:
        LinkExpired: ask for a new place.
        Unavailable: no answer after several tries.
    """
    upload(client, place.url, content, CONTENT_TYPE)


def create(client: SellingPartner, document_id: str, marketplace_ids: Collection[str]) -> str:
    """Start a feed; returns its id, to be stored before anything else is done.

    Raises:
        OutcomeUnknown: the feed may exist. It must not be started again before `search` has shown
            that it does not: a second feed would repeat every message.
    """
    name = "createFeed"
    answer = client.call(
        name,
        body={
            "feedType": FEED_TYPE,
            "marketplaceIds": list(marketplace_ids),
            "inputFeedDocumentId": document_id,
        },
    )
    try:
        return Shape(answer, name).text("feedId")
    except MalformedAnswer as error:
        raise outcome_unknown(
            Refusal("api", name, 0, request_id=answer.request_id, ours=error.phrase()),
        ) from error


def get(client: SellingPartner, feed_id: str) -> Feed:
    """Return a feed's state."""
    name = "getFeed"
    answer = client.call(name, path={"feedId": feed_id})
    return _feed(Shape(answer, name), answer.body)


def search(client: SellingPartner, created_since: str) -> list[Feed]:
    """Listings feeds started since a time (ISO 8601, by Amazon's clock), newest first.

    Amazon does not say from which document a feed was made. So after an unknown outcome the
    feeds that the ledger does not know are the candidates.
    """
    name = "getFeeds"
    found: list[Feed] = []
    query: dict[str, str | int | Collection[str] | None] = {
        "feedTypes": [FEED_TYPE],
        "createdSince": created_since,
        "pageSize": 100,
    }
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        answer = client.call(name, query=query)
        shape = Shape(answer, name)
        if "feeds" not in answer.body:
            shape.bad("amazon.bad.missing", key="feeds")
        found += [_feed(shape, entry) for entry in shape.objects("feeds")]
        token = shape.optional_text("nextToken")
        if token is None:
            return found
        if token in seen:
            break
        seen.add(token)
        query = {"nextToken": token}  # Amazon allows nothing else with it
    shape.bad("amazon.bad.circle")
    return found


def cancel(client: SellingPartner, feed_id: str) -> bool:
    """Cancel a feed that is still in the queue; return False if Amazon does not, because it processes it."""
    try:
        client.call("cancelFeed", path={"feedId": feed_id})
    except AmazonListingsError:
        return False
    return True


def report(client: SellingPartner, report_id: str) -> bytes:
    """Return the content of a feed's report; read it with `feed_reports.read_report`.

    Raises:
        DocumentDamaged: it can not be unpacked, or is larger than 256 MiB.
        LinkExpired, Unavailable: try again.
    """
    return with_new_link(lambda: _report(client, report_id))


def _report(client: SellingPartner, report_id: str) -> bytes:
    name = "getFeedDocument"
    answer = client.call(name, path={"feedDocumentId": report_id})
    shape = Shape(answer, name)
    # Whether it is packed its first bytes tell; what is declared (`compressionAlgorithm`, `Content-Encoding`)
    # may be missing, or be said twice of what was packed once.
    content = download(client, _address(shape), most=LARGEST)
    try:
        return unpacked(content, LARGEST)
    except zlib.error as error:
        raise _damaged(str(error)) from error


def _damaged(what: str) -> DocumentDamaged:
    return DocumentDamaged(
        "amazon.feed_report_packed",
        what=what,
        retry_after=RETRY_LATER,
    )


def _address(shape: Shape) -> str:
    url = shape.text("url")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        shape.bad("amazon.bad.not_address", key="url")
    return url


def _feed(shape: Shape, body: dict[str, Any]) -> Feed:
    state = shape.text("processingStatus", body)
    if state not in _STATES:
        shape.bad("amazon.bad.value", key="processingStatus", value=redact(repr(state)))
    return Feed(
        shape.text("feedId", body),
        cast("State", state),
        shape.text("createdTime", body),
        tuple(shape.texts("marketplaceIds", body)) if body.get("marketplaceIds") is not None else (),
        shape.optional_text("resultFeedDocumentId", body),
    )
