"""From a refusal to its exception: the row of the table of faults, in one sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.errors import RetryableError
from amazon_listings.messages import Message, message
from amazon_listings.selling_partner.faults.exceptions import (
    AnswerUnclear,
    ListingRefused,
    MalformedAnswer,
    NotFound,
    OutcomeUnknown,
    RequestRefused,
    SellingPartnerError,
)
from amazon_listings.selling_partner.faults.table import FAULTS
from amazon_product_types.messages.facts import Listed

if TYPE_CHECKING:
    from amazon_listings.selling_partner.faults.table import Fault, Side


class Refusal(NamedTuple):
    """What Amazon answered instead of a success; texts are cleaned of secrets when it is made.

    `subject` says what it was about, such as `SKU 'S1', seller id 'A1', marketplace A13V…`. `ours` are our
    own words for what came instead of an answer of Amazon's.
    """

    side: Side
    operation: str
    status: int
    code: str = ""
    text: str = ""
    request_id: str = ""
    subject: str = ""
    ours: Message | Listed | None = None


def classify(refusal: Refusal) -> Fault:
    """Return the first row that fits."""
    return next(fault for fault in FAULTS if _fits(fault, refusal))


def error_of(refusal: Refusal, *, sku: str | None = None) -> SellingPartnerError:
    """Return the exception for a refusal: one sentence, and who must act.

    Args:
        refusal: What was answered.
        sku: The item concerned; without one, a refusal of the request concerns the whole run.
    """
    fault = classify(refusal)
    said = _said(refusal)
    kind = fault.error
    error: SellingPartnerError
    if issubclass(kind, ListingRefused | NotFound) and sku is not None:
        error = kind(fault.message, sku=sku, said=said)
    elif issubclass(kind, ListingRefused | NotFound):
        error = RequestRefused(fault.message, hint=message("amazon.correct_connector"), said=said)
    elif issubclass(kind, RetryableError):
        error = kind(fault.message, retry_after=RETRY_LATER, said=said)
    else:
        error = kind(fault.message, said=said)
    return _stamp(error, refusal)


def malformed(refusal: Refusal, what: Message) -> MalformedAnswer:
    """Return the exception for a success that can not be read; `what` completes "because …"."""
    error = MalformedAnswer(
        "amazon.answer_malformed",
        what=what,
        said=_said(refusal),
        retry_after=RETRY_LATER,
    )
    _stamp(error, refusal)
    return error


def outcome_unknown(refusal: Refusal, sku: str | None = None) -> OutcomeUnknown:
    """Return the exception for a write that was sent and got no readable answer."""
    error = OutcomeUnknown(
        "amazon.outcome_unknown",
        reason=error_of(refusal, sku=sku),
        retry_after=RETRY_LATER,
    )
    _stamp(error, refusal)
    return error


def unclear(refusal: Refusal, what: Message) -> AnswerUnclear:
    """Return the exception for a write whose readable answer does not decide.

    `what` completes "because …".
    """
    said = malformed(refusal, what)
    error = AnswerUnclear("amazon.outcome_unknown", reason=said, retry_after=RETRY_LATER)
    _stamp(error, refusal)
    return error


#: Seconds after which a task is worth trying again when the client's own tries were used up.
RETRY_LATER = 60.0


def _fits(fault: Fault, refusal: Refusal) -> bool:
    return (
        fault.side == refusal.side
        and (fault.status is None or refusal.status in fault.status)
        and (fault.operation is None or fault.operation == refusal.operation)
        and (fault.code is None or re.search(fault.code, refusal.code) is not None)
        and (fault.text is None or re.search(fault.text, refusal.text) is not None)
    )


def _said(refusal: Refusal) -> Message:
    """Return what was asked, about what, and what was answered, with the id that Amazon's support needs."""
    about = ", ".join(part for part in (refusal.operation, refusal.subject) if part)
    status = str(refusal.status) if refusal.status else ""
    parts = [part for part in (status, refusal.code, refusal.text, refusal.ours) if part]
    return message(
        "amazon.answered_with_id" if refusal.request_id else "amazon.answered",
        about=about,
        answer=Listed("sentences", tuple(parts)) if parts else message("amazon.no_answer"),
        request_id=refusal.request_id,
    )


def _stamp(error: SellingPartnerError, refusal: Refusal) -> SellingPartnerError:
    error.operation, error.status = refusal.operation, refusal.status
    error.amazon_code, error.request_id = refusal.code, refusal.request_id
    return error
