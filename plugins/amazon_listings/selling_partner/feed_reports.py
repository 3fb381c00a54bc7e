"""The processing report of a feed, read into one outcome per message.

Source: Amazon's listings feed processing report schema v2. Not every message has an entry: a
message without an error was accepted, but only if the report's own numbers agree. What is odd in a report
unsettles only what it is about: a message with an issue of a new severity, or all without an entry if the
counts are missing; these are read back. Its `items` are listings as `getListingsItem` shows them, each as it
was when processing ended, with the parts that the feed's header asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from amazon_listings.incoming.decoding import decode
from amazon_listings.messages import Message, message
from amazon_listings.selling_partner.calls.answers import Answer
from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.faults.exceptions import MalformedAnswer
from amazon_listings.selling_partner.faults.refusals import RETRY_LATER
from amazon_listings.selling_partner.listing_answers import SEVERITIES, read_listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.selling_partner.listing_answers import Listing

_OPERATION = "getFeedDocument"
_DIGITS = 10

#: `UNKNOWN`: the report does not tell; the listing must be read.
Outcome = Literal["ACCEPTED", "INVALID", "UNKNOWN"]


class MessageOutcome(NamedTuple):
    """What became of one message: its issues in the shape of the Listings Items API."""

    sku: str
    outcome: Outcome
    issues: list[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """A report: counts (None: missing), the issues of messages and of the whole feed, the items' state."""

    feed_id: str
    processed: int | None
    accepted: int | None
    invalid: int | None
    issues: list[dict[str, Any]]
    items: list[dict[str, Any]]


def read_report(content: bytes) -> Report:
    """Return a report from its document.

    Raises:
        MalformedAnswer: it is not a report as Amazon's schema says; then nothing is known.
    """
    document = decode(content)
    if not isinstance(document, dict):
        raise _malformed(message("amazon.bad.not_json"))
    head, summary = document.get("header"), document.get("summary")
    if not isinstance(summary, dict) and not isinstance(document.get("issues"), list):
        raise _malformed(message("amazon.bad.neither", key="summary", other="issues"))
    counts = summary if isinstance(summary, dict) else {}
    processed, accepted, invalid = _counts(counts)
    return Report(
        str(head.get("feedId", "")) if isinstance(head, dict) else "",
        processed,
        accepted,
        invalid,
        _objects(document, "issues"),
        _objects(document, "items"),
    )


def outcomes(report: Report, skus: Sequence[str]) -> Iterator[MessageOutcome]:
    """Yield one outcome per message, in the order of the feed.

    Success is the absence of an error, as far as the report's counts bear it out: if it counts
    more refused messages than it names, has not processed all, or names a message and the SKU of
    another, those without an error are unknown. An error without a message concerns the whole feed.

    Args:
        report: See `read_report`.
        skus: The feed's SKUs in order, as in `FeedDocument.skus`.
    """
    positions = {sku: index for index, sku in enumerate(skus)}
    by_message: dict[int, list[dict[str, Any]]] = {}
    whole: list[dict[str, Any]] = []
    agrees = True
    for issue in report.issues:
        index = _index(issue, skus, positions)
        agrees &= positions.get(str(issue.get("sku", "")), index) == index
        (whole if index is None else by_message.setdefault(index, [])).append(_like_the_api(issue))
    named = sum(any(_is_error(issue) for issue in issues) for issues in by_message.values())
    complete = report.processed == len(skus) and report.accepted is not None and report.invalid is not None
    complete = complete and report.accepted + report.invalid == report.processed  # type: ignore[operator]
    without = _outcome_without_entry(
        refused=any(map(_is_error, whole)),
        none_accepted=report.accepted == 0,
        trusted=complete and agrees and report.invalid == named,
    )
    for index, sku in enumerate(skus):
        issues = by_message.get(index, [])
        outcome: Outcome = _outcome_of(issues, without)
        yield MessageOutcome(sku, outcome, issues + (whole if outcome != "ACCEPTED" else []))


def read_item(item: dict[str, Any]) -> Listing | None:
    """Return a listing that a report shows; None if it is not as Amazon's model says."""
    try:
        return read_listing(Shape(Answer(HTTPStatus.OK, item, "", None), _OPERATION), item)
    except MalformedAnswer:
        return None


def _outcome_of(issues: list[dict[str, Any]], without: Outcome) -> Outcome:
    if any(map(_is_error, issues)):
        return "INVALID"
    return "UNKNOWN" if any(issue["severity"] not in SEVERITIES for issue in issues) else without


def _outcome_without_entry(*, refused: bool, none_accepted: bool, trusted: bool) -> Outcome:
    if refused:
        return "INVALID" if none_accepted else "UNKNOWN"
    return "ACCEPTED" if trusted else "UNKNOWN"


def _index(issue: dict[str, Any], skus: Sequence[str], positions: dict[str, int]) -> int | None:
    number = issue.get("messageId")
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= len(skus):
        return number - 1
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < _DIGITS:
        return _index({**issue, "messageId": int(number)}, skus, positions)
    return positions.get(str(issue.get("sku", "")))


def _is_error(issue: dict[str, Any]) -> bool:
    return bool(issue["severity"] == "ERROR")


def _like_the_api(issue: dict[str, Any]) -> dict[str, Any]:
    """A report's issue has one dotted `attributeName`; the API's has `attributeNames`."""
    path = issue.get("attributeName")
    named = {"attributeNames": [path.split(".")[0]], "attributePath": path} if isinstance(path, str) else {}
    return {
        "code": str(issue.get("code", "")),
        "message": str(issue.get("message", "")),
        "severity": str(issue.get("severity") or "none"),
        "categories": [],
        **named,
    }


def _objects(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = document.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _counts(summary: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Processed, accepted and invalid messages; of three, one that is missing follows from the others."""
    processed, accepted, invalid = (
        _count(summary, key) for key in ("messagesProcessed", "messagesAccepted", "messagesInvalid")
    )
    if processed is not None and invalid is not None and accepted is None:
        accepted = processed - invalid
    elif processed is not None and accepted is not None and invalid is None:
        invalid = processed - accepted
    elif accepted is not None and invalid is not None and processed is None:
        processed = accepted + invalid
    return processed, accepted, invalid


def _count(summary: dict[str, Any], key: str) -> int | None:
    value = summary.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _malformed(what: Message) -> MalformedAnswer:
    error = MalformedAnswer(
        "amazon.feed_report_malformed",
        what=what,
        retry_after=RETRY_LATER,
    )
    error.operation = _OPERATION
    return error
