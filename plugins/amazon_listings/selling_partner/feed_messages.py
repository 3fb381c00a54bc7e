"""Messages of a `JSON_LISTINGS_FEED` and their documents: at most 25,000 messages and 10 MiB each.

Source: Amazon's listings feed schema v2 (`maxItems` 25,000) and "Feeds API best practices"
(documents below 10 MiB).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import ItemError, RunAbortedError

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


def documents(
    messages: Iterable[dict[str, Any]],
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
        ValueError: a message holds what JSON can not carry (NaN, infinity).
    """
    start = b'{"header":' + _encode(head) + b',"messages":['
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

    for message in messages:
        sku = str(message["sku"])
        if sku in seen:
            raise ItemTwiceInFeed(
                "amazon.sku_twice_in_run",
                sku=sku,
            )
        seen.add(sku)
        part = _encode({"messageId": len(parts) + 1, **message})
        if parts and (len(parts) == most_messages or size + len(part) + 1 >= most_bytes):
            yield document()
            size = len(start) + len(end)
            part = _encode({"messageId": 1, **message})
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


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
