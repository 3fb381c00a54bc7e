"""The request: headers, quota, time-outs, retries by the table of faults, one forced new token."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from amazon_listings.errors import RetryableError
from amazon_listings.incoming.http_reader import Limits, NoReply, new_session, read
from amazon_listings.selling_partner.calls.answers import (
    no_answer,
    read_answer,
    read_refusal,
    retry_after,
)
from amazon_listings.selling_partner.calls.buckets import buckets_of
from amazon_listings.selling_partner.calls.quotas import Quotas, in_flight
from amazon_listings.selling_partner.calls.request import Call, prepare, subject_of
from amazon_listings.selling_partner.calls.tokens import Tokens
from amazon_listings.selling_partner.calls.user_agent import default_user_agent
from amazon_listings.selling_partner.faults.exceptions import (
    OutcomeUnknown,
    SecretExpired,
    SellingPartnerError,
    Throttled,
)
from amazon_listings.selling_partner.faults.refusals import classify, error_of, outcome_unknown
from amazon_listings.selling_partner.faults.table import Action
from amazon_listings.selling_partner.operations import OPERATIONS, PREVIEW_RATE, limits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from amazon_listings.incoming.http_reader import Reply, Session
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.calls.answers import Answer
    from amazon_listings.selling_partner.calls.buckets import Bucket
    from amazon_listings.selling_partner.faults.refusals import Refusal
    from amazon_listings.selling_partner.operations import Kind

#: Tries of one call when Amazon or the network fails; then `RetryableError` leaves it to the task.
TRIES = 4
#: What an answer may cost; the largest are searches of twenty whole listings, below a megabyte.
LIMITS = Limits(sent=32 * 1024 * 1024, unpacked=64 * 1024 * 1024, seconds=120.0)
#: Seconds of 429s after which a call gives up.
PATIENCE = 900.0
#: Seconds that a request is assumed to take until some were measured.
ASSUMED_LATENCY = 1.0

#: Seconds after which connections that were not used are closed: what lies between may have cut them off.
MOST_IDLE = 30.0

#: Access tokens of this process, whichever client asks.
_TOKENS = Tokens()


class SellingPartner:
    """A client of the Selling Partner API for one account; may be used from many threads.

    Args:
        account: Whose.
        quotas: Shared by all clients of the process, over a store shared by all processes.
        tokens: Cache of access tokens; the process's own, if None.
        user_agent: Instead of this package's name and version.
        preview_rate: Previews a second that the account may make.
        limits: What an answer may cost.
        sleep: How to wait; tests pass one that does not.
    """

    def __init__(
        self,
        account: Account,
        *,
        quotas: Quotas | None = None,
        tokens: Tokens | None = None,
        user_agent: str | None = None,
        preview_rate: float = PREVIEW_RATE,
        limits: Limits = LIMITS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account = account
        self.quotas = quotas or Quotas(sleep=sleep)
        self.preview_rate = preview_rate
        self.sleep = sleep
        self.limits = limits
        self._tokens = tokens or _TOKENS
        self._user_agent = user_agent or default_user_agent()
        self._idle: deque[tuple[Session, float]] = deque()
        self._latencies: dict[str, float] = {}
        self._tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential_jitter(initial=1, max=20),
            retry=retry_if_exception(_worth_repeating),
            sleep=sleep,
            reraise=True,
        )

    def __repr__(self) -> str:
        return f"SellingPartner({self.account!r})"

    def call(
        self,
        name: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | Collection[str] | None] | None = None,
        body: object = None,
        kinds: Collection[Kind] = (),
        repeatable: bool | None = None,
    ) -> Answer:
        """Call an operation, within quota, until it succeeds or there is no point.

        Args:
            name: Amazon's operation name, a key of `OPERATIONS`.
            path: Parameters of the path, unencoded.
            query: Parameters of the query; collections become comma-separated lists, None is left out.
            body: Becomes JSON.
            kinds: What is special for the quotas; see `operations.kinds_of`.
            repeatable: Whether to send again after an unknown outcome; by the operation, if None.

        Raises:
            OutcomeUnknown: a write that is not repeatable may or may not have been carried out.
            SellingPartnerError: one of the named errors of `exceptions`, by the table of faults.
            UnsendableSku: the SKU can not be part of an address.
            ValueError: the body holds what JSON can not carry (NaN, infinity).
        """
        operation = OPERATIONS[name]
        again = operation.repeatable if repeatable is None else repeatable
        request = prepare(self.account.base_url, operation, path or {}, query or {}, body)
        buckets = self._buckets(name, kinds)
        subject = subject_of(self.account, path or {}, query or {})
        call = Call(request, operation, buckets, (path or {}).get("sku"), subject, again)
        return self._tries(self._once, call)

    def latency(self, name: str) -> float:
        """Seconds that requests of an operation take at present (moving average)."""
        return self._latencies.get(name, ASSUMED_LATENCY)

    def in_flight(self, name: str, kinds: Collection[Kind] = ()) -> int:
        """Return how many requests of an operation must be under way now to use its quota."""
        slowest = min(limit.rate for limit in limits(name, kinds, preview_rate=self.preview_rate))
        return in_flight(slowest, self.latency(name))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend connections that no other thread uses meanwhile, those last used if they are not old."""
        session = self._idle_session() or new_session()
        try:
            yield session
        finally:
            self._idle.append((session, time.monotonic()))

    def _idle_session(self) -> Session | None:
        """Return connections that were used a moment ago; those that were not are closed."""
        while self._idle:
            try:
                session, since = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if time.monotonic() - since <= MOST_IDLE:
                return session
            session.close()
        return None

    def _buckets(self, name: str, kinds: Collection[Kind]) -> list[Bucket]:
        return buckets_of(
            limits(name, kinds, preview_rate=self.preview_rate),
            application=self.account.client_id,
            seller=self.account.seller_id,
            region=self.account.region,
        )

    def _once(self, call: Call) -> Answer:
        """Return one try: 429s are waited for, a refused token is renewed once; neither counts as a try."""
        refused: str | None = None
        throttled, began = 0.0, self._tokens.now()
        while True:
            token = self._tokens.get(self.account, refused=refused, since=began)
            self.quotas.acquire(call.buckets)
            self._tokens.check(self.account, began)
            reply = self._send(call, token)
            self._note_rate(reply, call.buckets)
            if reply.ok:
                self.quotas.passed(call.buckets)
                return read_answer(reply, call)
            refusal = read_refusal(reply, call, self.account.secrets)
            action = classify(refusal).action
            if action is Action.WAIT and throttled < PATIENCE:
                throttled += self.quotas.refused(_meant(refusal, call.buckets), retry_after(reply))
            elif action is Action.REFRESH and refused is None:
                refused = token
            elif action is Action.RETRY and not call.again:
                raise outcome_unknown(refusal, call.sku)
            else:
                raise self._noted(error_of(refusal, sku=call.sku))

    def _noted(self, error: SellingPartnerError) -> SellingPartnerError:
        """Return the error; if it concerns every call of the grant, those that wait for quota end with it."""
        if isinstance(error, SecretExpired):
            self._tokens.refuse(self.account, error)
        return error

    def _send(self, call: Call, token: str) -> Reply:
        signed = call.request.copy()
        signed.headers.update(
            {
                "x-amz-access-token": token,
                "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
                "User-Agent": self._user_agent,
            }
        )
        started = time.monotonic()
        try:
            with self.session() as session:
                reply = read(session, signed, self.limits)
        except NoReply as error:
            refusal = call.refusal(0, error.kind)._replace(ours=no_answer(error))
            if call.again or not error.sent:
                raise error_of(refusal, sku=call.sku) from None
            raise outcome_unknown(refusal, call.sku) from None
        self._measure(call.operation.name, time.monotonic() - started)
        return reply

    def _note_rate(self, reply: Reply, buckets: list[Bucket]) -> None:
        stated = reply.headers.get("x-amzn-RateLimit-Limit", "")
        try:
            rate = float(stated)
        except ValueError:
            return
        self.quotas.stated(buckets[0], rate)

    def _measure(self, name: str, seconds: float) -> None:
        known = self._latencies.get(name)
        self._latencies[name] = seconds if known is None else 0.8 * known + 0.2 * seconds


def _meant(refusal: Refusal, buckets: list[Bucket]) -> Bucket:
    """Return the bucket that a 429 is about.

    Amazon's text names the application's, else the account's slowest.
    """
    for kind, words in (
        ("relationships", "for relationships"),
        ("product data", "for product data"),
        (refusal.operation, "for the application"),
    ):
        if words in refusal.text:
            for bucket in buckets[1:]:
                if bucket.name.endswith(kind) and "|*|" in bucket.name:
                    return bucket
    return min((bucket for bucket in buckets if "|*|" not in bucket.name), key=lambda bucket: bucket.rate)


def _worth_repeating(error: BaseException) -> bool:
    """Return whether this call should try again; a token was tried for often enough when it fails."""
    if isinstance(error, OutcomeUnknown | Throttled):
        return False
    return isinstance(error, RetryableError) and getattr(error, "operation", "") != "token"
