"""What Amazon answers, read: a success with its body, or a refusal; neither shape is trusted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.incoming.decoding import Malformed, decode
from amazon_listings.messages import message
from amazon_listings.selling_partner.calls.redaction import redact
from amazon_listings.selling_partner.faults.refusals import malformed, outcome_unknown
from amazon_listings.selling_partner.faults.table import BROKEN_OFF, NOT_AMAZON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from amazon_listings.incoming.http_reader import NoReply, Reply
    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.calls.request import Call
    from amazon_listings.selling_partner.faults.refusals import Refusal

#: Longest `Retry-After` that is obeyed (seconds).
LONGEST_RETRY_AFTER = 900.0
NOT_JSON = message("reason.not_json")
#: Characters of a refusal's texts that are kept, and errors of one refusal.
LONGEST_TEXT = 1000
MOST_ERRORS = 10

_TITLE = re.compile(r"<(title|h1)[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """A success: the parsed body (an object), and what to note of it.

    `date` is Amazon's clock (header `Date`), None if it was not sent.
    """

    status: int
    body: dict[str, Any]
    request_id: str
    date: str | None


class Said(NamedTuple):
    """What a refusal says: its first code, and the texts of all its errors; or our own words for it."""

    code: str
    text: str
    ours: Message | None = None


def read_answer(reply: Reply, call: Call) -> Answer:
    """Return the answer of a success.

    Raises:
        MalformedAnswer: its body is not a JSON object, and the call may be repeated.
        OutcomeUnknown: the same, of a write that may not.
    """
    request_id = request_id_of(reply)
    body = decode(reply.content) if call.operation.answers else {}
    if isinstance(body, dict):
        return Answer(reply.status, body, request_id, reply.headers.get("Date"))
    refusal = call.refusal(reply.status, request_id=request_id)
    error = malformed(refusal, message("amazon.bad.not_json"))
    raise error if call.again else outcome_unknown(refusal._replace(status=0, ours=NOT_JSON), call.sku)


def read_refusal(reply: Reply, call: Call, secrets: Collection[str]) -> Refusal:
    """Read every error of a refusal, the texts cleaned.

    Of a body that is not Amazon's, return what it says of itself.
    """
    said = said_by(reply.content)
    refusal = call.refusal(reply.status, redact(said.code), redact(said.text, secrets), request_id_of(reply))
    return refusal._replace(ours=said.ours)


def said_by(content: bytes) -> Said:
    """Return what a refusal says, whatever its shape.

    That is Amazon's errors, a gateway's message, a page's title.
    """
    body = decode(content)
    if isinstance(body, Malformed):
        return _said_by_page(content)
    found = list(_errors(body))[:MOST_ERRORS]
    if not found:
        amazons = not body or (isinstance(body, dict) and "errors" in body)
        return Said("", "") if amazons else Said(NOT_AMAZON, json.dumps(body)[:LONGEST_TEXT])
    first, *others = found
    texts = [first.text, *(f"{one.code}: {one.text}" if one.code else one.text for one in others)]
    return Said(first.code, "; ".join(text for text in texts if text)[:LONGEST_TEXT])


def _errors(body: object) -> Iterator[Said]:
    """Return the errors of a body.

    They stand in `errors`, in a list, as one object, or as Login with Amazon writes them.
    """
    if isinstance(body, dict):
        listed = body.get("errors")
        yield from _errors(listed if isinstance(listed, dict | list) and listed else [body])
        return
    for one in body[:MOST_ERRORS] if isinstance(body, list) else ():
        if isinstance(one, dict):
            texts = (one.get(key) for key in ("message", "Message", "error_description", "details"))
            text = " ".join(text for text in texts if isinstance(text, str) and text)
            code = next(
                (one[key] for key in ("code", "error", "__type") if isinstance(one.get(key), str)), ""
            )
            if text or code:
                yield Said(code, text)
        elif isinstance(one, str) and one:
            yield Said("", one)


def _said_by_page(content: bytes) -> Said:
    """Return the title of a page of a gateway or a firewall, or how its text begins.

    JSON that broke off is none.
    """
    text = content[: 64 * 1024].decode("utf-8", "replace")
    if not text.strip():
        return Said("", "")
    if text.lstrip()[0] in "{[":
        return Said(BROKEN_OFF, "", NOT_JSON)
    title = _TITLE.search(text)
    shown = unescape(title[2]) if title else text[:200]
    return Said(NOT_AMAZON, " ".join(shown.split()))


def retry_after(reply: Reply) -> float | None:
    """Seconds of `Retry-After`, which Amazon does not document but a gateway may send."""
    text = reply.headers.get("Retry-After", "")
    return min(float(text), LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() else None


def no_answer(error: NoReply) -> Message:
    """Return why no answer came, and from which host, in words."""
    return message("amazon.no_answer_of", host=error.host, why=message(f"reason.{error.why}"))


def request_id_of(reply: Reply) -> str:
    """Return the id that Amazon's support needs, empty if there is none."""
    return redact(reply.headers.get("x-amzn-RequestId", ""))
