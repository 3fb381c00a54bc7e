"""What Amazon answers, read: a success with its body, or a refusal; neither shape is trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from amazon_listings.selling_partner.faults import malformed, outcome_unknown
from amazon_listings.selling_partner.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.selling_partner.faults import Refusal
    from amazon_listings.selling_partner.request import Call

#: Longest `Retry-After` that is obeyed (seconds).
LONGEST_RETRY_AFTER = 900.0
NOT_JSON = "the answer is not a JSON object"


@dataclass(frozen=True)
class Answer:
    """A success: the parsed body (an object), and what to note of it.

    `date` is Amazon's clock (header `Date`), None if it was not sent.
    """

    status: int
    body: dict[str, Any]
    request_id: str
    date: str | None


def is_success(response: requests.Response) -> bool:
    """Whether the status is 2xx; a redirect is none, for it would carry the token elsewhere."""
    return response.status_code // 100 == 2  # noqa: PLR2004 - the class of statuses that HTTP names 2xx


def read_answer(response: requests.Response, call: Call) -> Answer:
    """The answer of a success.

    Raises:
        MalformedAnswer: its body is not a JSON object, and the call may be repeated.
        OutcomeUnknown: the same, of a write that may not.
    """
    request_id = _request_id(response)
    try:
        content = response.content if call.operation.answers else b"{}"
        body = json.loads(content, parse_constant=_no_constant)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return Answer(response.status_code, body, request_id, response.headers.get("Date"))
    refusal = call.refusal(response.status_code, request_id=request_id)
    error = malformed(refusal, NOT_JSON)
    raise error if call.again else outcome_unknown(refusal._replace(status=0, text=NOT_JSON), call.sku)


def read_refusal(response: requests.Response, call: Call, secrets: Collection[str]) -> Refusal:
    """The first error of a refusal, its texts cleaned; a body of any other shape is no error of ours."""
    try:
        body = response.json()
    except ValueError:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    texts = [first.get(key) for key in ("message", "details")]
    text = " ".join(text for text in texts if isinstance(text, str) and text)
    return call.refusal(
        response.status_code, redact(first.get("code", "")), redact(text, secrets), _request_id(response)
    )


def retry_after(response: requests.Response) -> float | None:
    """Seconds of `Retry-After`, which Amazon does not document but a gateway may send."""
    text = response.headers.get("Retry-After", "")
    return min(float(text), LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() else None


def no_answer(error: requests.RequestException) -> str:
    """Why no answer came, and from which host, in words; the error's own text may hold what is secret."""
    host = urlsplit((error.request and error.request.url) or "").hostname or "Amazon"
    if isinstance(error, requests.Timeout):
        why = "no answer in time"
    elif isinstance(error, requests.exceptions.SSLError):
        why = "its certificate is not accepted"
    elif never_sent(error):
        why = "no connection comes about"
    else:
        why = "the connection broke off"
    return f"{host}: {why}"


def never_sent(error: requests.RequestException) -> bool:
    """No connection came about, so Amazon can not have carried anything out."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _request_id(response: requests.Response) -> str:
    return redact(response.headers.get("x-amzn-RequestId", ""))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
