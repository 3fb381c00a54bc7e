"""Messages of a `JSON_LISTINGS_FEED` and their documents: at most 25,000 messages and 10 MiB each.

Source: Amazon's listings feed schema v2 (`maxItems` 25,000) and "Feeds API best practices"
(documents below 10 MiB).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.errors import ItemError, RunAbortedError
from amazon_listings.incoming.json_text import written_fast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MOST_MESSAGES = 25_000
MOST_BYTES = 10 * 1024 * 1024


class MessageTooLarge(ItemError):
    """One item alone would not fit into a feed document."""


class ItemTwiceInFeed(RunAbortedError):
    """Two messages of a run are about the same SKU; Amazon does not say which would win."""


@dataclass(frozen=True)
class FeedDocument:
    """One document to upload. Message number n (from 1) is about `skus[n - 1]`."""

    content: bytes
    skus: tuple[str, ...]


class EncodedMessage(NamedTuple):
    """A message as its document has it, but for its number: SKU and JSON."""

    sku: str
    content: bytes


def header(seller_id: str, *, issue_locale: str | None = None) -> dict[str, Any]:
    """Return the header of a feed: whose, and that the report shall hold the items' own issues too."""
    return {
        "sellerId": seller_id,
        "version": "2.0",
        **({"issueLocale": issue_locale} if issue_locale else {}),
        "report": {"includedData": ["issues", "summaries"], "apiVersion": "2021-08-01"},
    }


def update(sku: str, product_type: str, attributes: Mapping[str, Any], requirements: str) -> dict[str, Any]:
    """Return a message that creates a listing or replaces all of it (as a put)."""
    return {
        "sku": sku,
        "operationType": "UPDATE",
        "productType": product_type,
        "requirements": requirements,
        "attributes": attributes,
    }


def partial_update(sku: str, product_type: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message that replaces the attributes given and leaves the others."""
    return {
        "sku": sku,
        "operationType": "PARTIAL_UPDATE",
        "productType": product_type,
        "attributes": attributes,
    }


def patch(sku: str, product_type: str, patches: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a message with patches; see `patches.build_patches`."""
    return {"sku": sku, "operationType": "PATCH", "productType": product_type, "patches": patches}


def delete(sku: str) -> dict[str, Any]:
    """Return a message that deletes a listing."""
    return {"sku": sku, "operationType": "DELETE"}


def encoded(message: Mapping[str, Any]) -> EncodedMessage:
    """Return a message as JSON.

    Raises:
        ValueError: it holds what JSON can not carry (NaN, infinity).
    """
    return EncodedMessage(str(message["sku"]), encode(message))


def encode(content: object) -> bytes:
    """Return what a message carries as JSON.

    Raises:
        ValueError: it holds what JSON can not carry (NaN, infinity).
    """
    written = written_fast(content)
    return _encoder.encode(content).encode() if written is None else written


def documents(
    messages: Iterable[EncodedMessage],
    head: Mapping[str, Any],
    *,
    refused: Callable[[MessageTooLarge], None],
    most_messages: int = MOST_MESSAGES,
    most_bytes: int = MOST_BYTES,
) -> Iterator[FeedDocument]:
    """Split messages into documents; one document is in memory at a time.

    Args:
        messages: Without `messageId`; it is given here, from 1 in each document.
        head: See `header`.
        refused: Called for an item that is too large for any feed; the others go on.
        most_messages: Messages in one document.
        most_bytes: Bytes below which every document stays.

    Raises:
        ItemTwiceInFeed: a SKU comes a second time.
    """
    start = b'{"header":' + encode(head) + b',"messages":['
    end = b"]}"
    seen: set[str] = set()
    parts: list[bytes] = []
    skus: list[str] = []
    size = len(start) + len(end)

    def document() -> FeedDocument:
        """Return the messages so far, which are not kept beside it: a document is 10 MiB."""
        made = FeedDocument(b"".join((start, *parts, end)), tuple(skus))
        parts.clear()
        skus.clear()
        return made

    for sku, content in messages:
        if sku in seen:
            raise ItemTwiceInFeed(
                "amazon.sku_twice_in_run",
                sku=sku,
            )
        seen.add(sku)
        part = _numbered(content, len(parts) + 1)
        if parts and (len(parts) == most_messages or size + len(part) + 1 >= most_bytes):
            yield document()
            size = len(start) + len(end)
            part = _numbered(content, 1)
        if size + len(part) + 1 >= most_bytes:
            refused(
                MessageTooLarge(
                    "amazon.feed_message_too_large",
                    sku=sku,
                    count=len(part),
                    most_bytes=most_bytes,
                )
            )
            continue
        parts.append(b"," + part if parts else part)
        skus.append(sku)
        size += len(part) + 1
    if parts:
        yield document()


def _numbered(content: bytes, number: int) -> bytes:
    return b'{"messageId":%d,%b' % (number, content[1:])


#: What `json.dumps` makes for each call.
_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
