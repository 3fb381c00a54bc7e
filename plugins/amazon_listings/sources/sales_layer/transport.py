"""Asking Sales Layer over HTTP: pace, retries, what an answer's status means, safe links."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import tenacity

from amazon_listings.errors import RetryableError
from amazon_listings.incoming.decoding import Malformed, decode_as_sent
from amazon_listings.incoming.http_reader import Limits, NoReply, new_session, read
from amazon_listings.messages import message
from amazon_listings.sources.errors import (
    CredentialsRefused,
    NotThere,
    PimBusy,
    PimUnavailable,
    UnexpectedAnswer,
    UnsafeLink,
)
from amazon_listings.sources.sales_layer.clock import Clock, Pace
from amazon_listings.sources.sales_layer.redaction import guard_http_logs, redacted
from amazon_listings.sources.selection import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from amazon_listings.incoming.http_reader import Reply
    from amazon_listings.sources.sales_layer.connection import PimConnection

TRIES = 5
LONGEST_WAIT = 60.0
#: Seconds after which no further try begins.
PATIENCE = 900.0
#: What an answer may cost; a page of a thousand products is some megabytes.
LIMITS = Limits(sent=64 * 1024 * 1024, unpacked=64 * 1024 * 1024, seconds=300.0, silence=180.0)
REDIRECTS = 3

JsonObject = dict[str, Any]


class Answer(NamedTuple):
    """A JSON answer; `date` is the PIM's clock when it answered, if it said so."""

    body: JsonObject
    date: datetime | None


@dataclass(frozen=True)
class _Fault:
    """Why a try failed, kept out of the exception chain because requests' errors hold addresses."""

    code: str
    facts: dict[str, Any]
    retry_after: float | None = None
    busy: bool = False


class Transport:
    """A conversation with one Sales Layer account.

    Keeps one HTTP session and the pace of its requests. Redirects and links are followed only
    on the connection's own host, because each carries the credentials.
    """

    def __init__(self, connection: PimConnection, clock: Clock | None = None) -> None:
        connection.require_complete()
        guard_http_logs()
        self.connection = connection
        self.clock = clock or Clock()
        self._pace = Pace(self.clock)
        self._session = new_session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "amazon-listings"})

    def close(self) -> None:
        """Close the connections to the PIM."""
        self._session.close()

    def own(self, link: str, base: str | None = None) -> str:
        """Return the link, if it stays on the connection's host, with the connection's scheme and port.

        Raises:
            UnsafeLink: it leads to another host.
        """
        home = urlsplit(self.connection.url)
        parts = urlsplit(urljoin(base or self.connection.url, link))
        if parts.scheme not in {"http", "https"} or parts.hostname != home.hostname:
            raise UnsafeLink(
                "sales_layer.foreign_link",
                host=parts.hostname or "-",
                home=home.hostname,
                field=self.connection.field("base_url"),
            )
        return urlunsplit((home.scheme, home.netloc, parts.path, parts.query, ""))

    def get(
        self,
        address: Callable[[], str],
        *,
        headers: Mapping[str, str] | None = None,
        judge: Callable[[JsonObject], None] | None = None,
    ) -> Answer:
        """GET a JSON object, trying again while the fault may pass.

        Args:
            address: Gives the address; called again for every try, so that it can be signed again.
            headers: Headers of this request.
            judge: Looks at the answer; a `RetryableError` it raises leads to another try.

        Raises:
            PimUnavailable, PimBusy: the fault did not pass.
            CredentialsRefused, NotThere, UnexpectedAnswer, UnsafeLink: a person must act.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryableError),
            stop=tenacity.stop_after_attempt(TRIES) | tenacity.stop_after_delay(PATIENCE),
            wait=_pause,
            sleep=self.clock.sleep,
            reraise=True,
        )

        def once() -> Answer:
            outcome = self._try(address(), headers or {})
            if isinstance(outcome, _Fault):
                kind = PimBusy if outcome.busy else PimUnavailable
                raise kind(
                    outcome.code,
                    hint=message("sales_layer.next_try"),
                    retry_after=outcome.retry_after,
                    **outcome.facts,
                )
            if judge:
                judge(outcome.body)
            return outcome

        return retrying(once)

    def _try(self, url: str, headers: Mapping[str, str]) -> Answer | _Fault:
        host = urlsplit(url).hostname
        for _ in range(REDIRECTS + 1):
            self._pace.wait()
            request = self._session.prepare_request(requests.Request("GET", url, headers=dict(headers)))
            try:
                reply = read(self._session, request, LIMITS)
            except NoReply as error:
                why = error.why
            else:
                if reply.redirect is None:
                    return self._read(reply)
                url = self.own(reply.redirect, base=url)
                continue
            if why == "too_large":  # it would be so again
                raise UnexpectedAnswer("sales_layer.answer_too_large", host=host, most=LIMITS.unpacked)
            return _Fault("sales_layer.unreachable", {"host": host, "why": message(f"reason.{why}")})
        raise UnexpectedAnswer(
            "sales_layer.sales_layer_sends_us",
            host=host,
            field=self.connection.field("base_url"),
        )

    def _read(self, reply: Reply) -> Answer | _Fault:
        status, host = reply.status, urlsplit(reply.url).hostname
        if status in {401, 403}:
            name = "api_key" if self.connection.api == "rest" else "secret"
            raise CredentialsRefused(
                "sales_layer.sales_layer_refuses_credentials",
                host=host,
                status=status,
                field=self.connection.field(name),
            )
        if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 - HTTP's server errors
            return _Fault(
                "sales_layer.answers_status",
                {"host": host, "status": status},
                retry_after=_retry_after(reply),
                busy=status in {429, 503},
            )
        if status == 404:  # noqa: PLR2004 - HTTP's not found
            raise NotThere(
                "sales_layer.sales_layer_nothing_http",
                host=host,
                urlsplit_path=urlsplit(reply.url).path,
                field=self.connection.field("base_url"),
            )
        if not reply.ok:
            said = redacted(reply.content[:200].decode("utf-8", "replace"), self.connection.secrets)
            raise UnexpectedAnswer("sales_layer.sales_layer_does_not_2", host=host, status=status, said=said)
        body = decode_as_sent(reply.content)
        if isinstance(body, Malformed):
            return _Fault("sales_layer.page_cut_off", {"host": host})
        if not isinstance(body, dict):
            return _Fault("sales_layer.page_no_object", {"host": host})
        return Answer(body, _date(reply))


_BACK_OFF = tenacity.wait_exponential_jitter(initial=1, max=LONGEST_WAIT)


def _pause(state: tenacity.RetryCallState) -> float:
    """Return what the PIM asked for (at most `LONGEST_WAIT`), else ever longer, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, RetryableError) else None
    return min(asked, LONGEST_WAIT) if asked is not None else _BACK_OFF(state)


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() else None


def _date(reply: Reply) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(reply.headers.get("Date", "")))
    except (ValueError, OverflowError):
        return None
