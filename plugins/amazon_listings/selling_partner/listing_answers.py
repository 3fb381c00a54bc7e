"""What the Listings Items API answers, as objects: submissions, listings, pages of a search."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from amazon_listings.messages import message
from amazon_listings.selling_partner.calls.redaction import redact
from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.faults.exceptions import PreviewIgnored
from amazon_listings.selling_partner.faults.refusals import unclear

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.selling_partner.calls.answers import Answer

SEVERITIES = frozenset({"ERROR", "WARNING", "INFO"})
#: Parts of an issue that are lists of texts.
_LISTS = ("categories", "attributeNames", "marketplaceIds")

Status = Literal["ACCEPTED", "INVALID", "VALID"]


@dataclass(frozen=True)
class Submission:
    """Amazon's answer to a put, patch or delete.

    `INVALID` means that nothing was taken; `ACCEPTED` that it is being processed, not that it is
    live; `VALID` is the answer of a preview. `read_back`: no answer came, but the listing holds
    what was sent; then there is no submission id and no list of issues.
    """

    sku: str
    status: Status
    submission_id: str
    issues: list[dict[str, Any]] = field(default_factory=list)
    identifiers: list[dict[str, Any]] = field(default_factory=list)
    request_id: str = ""
    read_back: bool = False


@dataclass(frozen=True)
class Listing:
    """A listing as Amazon holds it; parts that were not asked for are empty.

    `attributes` are what was submitted, by whomever, not what the catalogue shows.
    """

    sku: str
    summaries: list[dict[str, Any]]
    attributes: dict[str, list[dict[str, Any]]]
    issues: list[dict[str, Any]]
    relationships: list[dict[str, Any]]
    fulfillment_availability: list[dict[str, Any]]
    product_types: list[dict[str, Any]]
    body: dict[str, Any]
    request_id: str


def read_submission(answer: Answer, name: str, sku: str, *, preview: bool) -> Submission:
    """Return the submission in a success of operation `name`; what does not decide is repaired.

    Raises:
        MalformedAnswer: a preview whose status is none.
        AnswerUnclear: the same of a write: the answer does not say what became of it.
        PreviewIgnored: a preview was accepted as a submission.
    """
    shape = Shape(answer, name)
    status = shape.repaired_text("status") or ""
    if preview and status == "ACCEPTED":
        raise PreviewIgnored(
            "amazon.preview_ignored",
            sku=sku,
        )
    if status not in ({"VALID", "INVALID"} if preview else {"ACCEPTED", "INVALID"}):
        facts = {"key": "status", "value": redact(repr(status))}
        if preview:
            shape.bad("amazon.bad.value", **facts)
        raise unclear(shape.refusal, message("amazon.bad.value", **facts))
    issues = [repaired_issue(issue, status) for issue in shape.repaired_objects("issues")]
    return Submission(
        sku,
        cast("Status", status),
        shape.repaired_text("submissionId") or "",
        issues,
        shape.repaired_objects("identifiers"),
        answer.request_id,
    )


def repaired_issue(issue: dict[str, Any], status: str = "") -> dict[str, Any]:
    """Return an issue whose parts are of the types that Amazon's model gives them.

    What cannot be is left out.

    Args:
        issue: As Amazon sent it.
        status: The status beside it: of something refused, an issue of no known severity is an error.
    """
    severity = issue.get("severity")
    if not isinstance(severity, str) or severity not in SEVERITIES:
        severity = "ERROR" if status == "INVALID" else "WARNING"
    texts = {name: str(issue[name]) if issue.get(name) is not None else "" for name in ("code", "message")}
    rest = {name: value for name, value in issue.items() if name not in (*_LISTS, "enforcements")}
    enforced = issue.get("enforcements")
    enforcements = {"enforcements": _enforcements(enforced)} if isinstance(enforced, dict) else {}
    return {**rest, **_lists(issue, _LISTS), **enforcements, **texts, "severity": severity}


def _repaired_summary(summary: dict[str, Any]) -> dict[str, Any]:
    """Return a summary of which the marketplace and the ASIN are texts, and the status is a list of texts."""
    known = {
        name: value
        for name, value in summary.items()
        if name != "status" and (name not in {"marketplaceId", "asin"} or isinstance(value, str))
    }
    return {**known, **_lists(summary, ("status",))}


def _lists(part: dict[str, Any], names: Iterable[str]) -> dict[str, list[str]]:
    """Return the named lists of texts, one text alone as a list of one; what is neither is left out."""
    found = {}
    for name in names:
        value = part.get(name)
        if isinstance(value, list):
            found[name] = [one for one in value if isinstance(one, str)]
        elif isinstance(value, str):
            found[name] = [value]
    return found


def _enforcements(enforced: dict[str, Any]) -> dict[str, Any]:
    actions, exemption = enforced.get("actions"), enforced.get("exemption")
    listed = [actions] if isinstance(actions, dict) else actions if isinstance(actions, list) else []
    known: dict[str, Any] = {
        "actions": [one for one in listed if isinstance(one, dict) and isinstance(one.get("action"), str)]
    }
    if isinstance(exemption, dict):
        known["exemption"] = {name: value for name, value in exemption.items() if isinstance(value, str)}
    return known


def of_marketplace(listing: Listing, marketplace_id: str) -> Listing | None:
    """Return what a reading of several marketplaces shows of one; None if it shows nothing there.

    Attributes stay as they are: their elements name their marketplaces, or belong to all.
    """

    def belongs(part: dict[str, Any]) -> bool:
        named = part.get("marketplaceIds", [part.get("marketplaceId", marketplace_id)])
        return not isinstance(named, list) or marketplace_id in named

    summaries = [one for one in listing.summaries if one.get("marketplaceId") == marketplace_id]
    if not summaries:
        return None
    return replace(
        listing,
        summaries=summaries,
        issues=[one for one in listing.issues if belongs(one)],
        relationships=[one for one in listing.relationships if belongs(one)],
        product_types=[one for one in listing.product_types if belongs(one)],
    )


def read_listing(shape: Shape, body: dict[str, Any]) -> Listing:
    """Return the listing in a body, which may be a part of the answer that `shape` checks.

    Raises:
        MalformedAnswer: it is not as Amazon's model says.
    """
    # What the listing holds decides what is written next; the rest informs, and is taken as far as it goes.
    attributes = shape.object("attributes", body) if body.get("attributes") is not None else {}
    return Listing(
        shape.text("sku", body),
        [_repaired_summary(summary) for summary in shape.repaired_objects("summaries", body)],
        {name: shape.objects(name, attributes) for name in attributes},
        [repaired_issue(issue) for issue in shape.repaired_objects("issues", body)],
        shape.repaired_objects("relationships", body),
        shape.repaired_objects("fulfillmentAvailability", body),
        shape.repaired_objects("productTypes", body),
        body,
        shape.request_id,
    )
