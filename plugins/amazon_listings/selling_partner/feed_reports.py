"""The processing report of a feed, read into one outcome per message.

Source: Amazon's listings feed processing report schema v2. Not every message has an entry: a
message without an error was accepted, but only if the report's own numbers agree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from amazon_listings.selling_partner.exceptions import MalformedAnswer
from amazon_listings.selling_partner.faults import RETRY_LATER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: `UNKNOWN`: the report does not tell; the listing must be read.
Outcome = Literal["ACCEPTED", "INVALID", "UNKNOWN"]


class MessageOutcome(NamedTuple):
    """What became of one message: its issues in the shape of the Listings Items API."""

    sku: str
    outcome: Outcome
    issues: list[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """A report: its counts, the issues of messages, of the whole feed, and the items' state."""

    feed_id: str
    processed: int
    accepted: int
    invalid: int
    issues: list[dict[str, Any]]
    items: list[dict[str, Any]]


def read_report(content: bytes) -> Report:
    """A report from its document.

    Raises:
        MalformedAnswer: it is not a report as Amazon's schema says; then nothing is known.
    """
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _malformed("it is not a JSON object")
    head, summary = document.get("header"), document.get("summary")
    if not isinstance(head, dict) or not isinstance(summary, dict):
        raise _malformed("it has no header or no summary")
    issues = _objects(document, "issues")
    for issue in issues:
        if issue.get("severity") not in {"ERROR", "WARNING", "INFO"}:
            raise _malformed("an issue has no severity")
    return Report(
        str(head.get("feedId", "")),
        _count(summary, "messagesProcessed"),
        _count(summary, "messagesAccepted"),
        _count(summary, "messagesInvalid"),
        issues,
        _objects(document, "items"),
    )


def outcomes(report: Report, skus: Sequence[str]) -> Iterator[MessageOutcome]:
    """One outcome per message, in the order of the feed.

    Success is the absence of an error, as far as the report's counts bear it out: if it counts
    more refused messages than it names, or has not processed all, those without an error are
    unknown. An error without a message concerns the whole feed.

    Args:
        report: See `read_report`.
        skus: The feed's SKUs in order, as in `FeedDocument.skus`.
    """
    positions = {sku: index for index, sku in enumerate(skus)}
    by_message: dict[int, list[dict[str, Any]]] = {}
    whole: list[dict[str, Any]] = []
    for issue in report.issues:
        index = _index(issue, skus, positions)
        (whole if index is None else by_message.setdefault(index, [])).append(_like_the_api(issue))
    named = sum(any(_is_error(issue) for issue in issues) for issues in by_message.values())
    complete = report.processed == len(skus) and report.accepted + report.invalid == report.processed
    without = _outcome_without_entry(
        refused=any(map(_is_error, whole)),
        none_accepted=report.accepted == 0,
        trusted=complete and report.invalid == named,
    )
    for index, sku in enumerate(skus):
        issues = by_message.get(index, [])
        outcome: Outcome = "INVALID" if any(map(_is_error, issues)) else without
        yield MessageOutcome(sku, outcome, issues + (whole if outcome != "ACCEPTED" else []))


def _outcome_without_entry(*, refused: bool, none_accepted: bool, trusted: bool) -> Outcome:
    if refused:
        return "INVALID" if none_accepted else "UNKNOWN"
    return "ACCEPTED" if trusted else "UNKNOWN"


def _index(issue: dict[str, Any], skus: Sequence[str], positions: dict[str, int]) -> int | None:
    number = issue.get("messageId")
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= len(skus):
        return number - 1
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
        "severity": issue["severity"],
        "categories": [],
        **named,
    }


def _objects(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise _malformed(f"{key} is not a list of objects")
    return value


def _count(summary: dict[str, Any], key: str) -> int:
    value = summary.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _malformed(f"{key} is not a number")
    return value


def _malformed(what: str) -> MalformedAnswer:
    error = MalformedAnswer(
        "amazon.feed_report_malformed",
        what=what,
        retry_after=RETRY_LATER,
    )
    error.operation = "getFeedDocument"
    return error
