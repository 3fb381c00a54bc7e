"""Access tokens of Login with Amazon, one cache for all threads of a process.

Source: "Connect to the Selling Partner API" (SP-API documentation): a token lives 3,600 s; the
refresh token comes back unchanged. Amazon's own clients renew a minute ahead.
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from amazon_listings.errors import ActionRequiredError
from amazon_listings.incoming.decoding import decode
from amazon_listings.incoming.http_reader import Limits, NoReply, new_session, read
from amazon_listings.messages import message
from amazon_listings.selling_partner.account import TOKEN_URL
from amazon_listings.selling_partner.calls.answers import NOT_JSON, no_answer, request_id_of, said_by
from amazon_listings.selling_partner.calls.redaction import redact
from amazon_listings.selling_partner.faults.exceptions import Unavailable
from amazon_listings.selling_partner.faults.refusals import Refusal, error_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from amazon_listings.selling_partner.account import Account

#: Renewed this many seconds before the end.
AHEAD = 120.0
TRIES = 4
#: Seconds of the longest life that is believed.
LONGEST_LIFE = 86_400
LIMITS = Limits(sent=1 << 20, unpacked=1 << 20, seconds=60.0, silence=30.0)


class _Token(NamedTuple):
    text: str
    expires: float


class _Refused(NamedTuple):
    error: ActionRequiredError
    at: float


class Tokens:
    """Access tokens by grant, renewed ahead by one thread while the others of that grant wait.

    Args:
        sleep: How to wait between tries; tests pass one that does not.
        clock: Seconds, monotonic, so that a wrong or changed system clock does not matter.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, threading.Lock] = {}
        self._tokens: dict[str, _Token] = {}
        self._refusals: dict[str, _Refused] = {}

    def get(self, account: Account, *, refused: str | None = None, since: float | None = None) -> str:
        """Return an access token of the account's grant.

        Args:
            account: Whose.
            refused: A token that Amazon has refused: another one is wanted.
            since: When the call began that needs it, by `now`; at this moment, if None. A refusal of the
                grant since then is the answer to this call too, so that of many calls one asks.

        Raises:
            CredentialsRejected, GrantRevoked, RequestRefused: a person must act.
            Unavailable: Login with Amazon does not answer.
        """
        grant, since = _grant(account), self.now() if since is None else since
        with self._lock:
            single_flight = self._grants.setdefault(grant, threading.Lock())
        with single_flight:
            self.check(account, since)
            token = self._tokens.get(grant)
            if token is None or token.text == refused or self._clock() >= token.expires - AHEAD:
                # Where no other is given, later calls do not send this one again.
                self._tokens.pop(grant, None)
                try:
                    token = self._tokens[grant] = self._renew(account)
                except ActionRequiredError as error:
                    self.refuse(account, error)
                    raise
            return token.text

    def now(self) -> float:
        """Return the moment, for `since`."""
        return self._clock()

    def refuse(self, account: Account, error: ActionRequiredError) -> None:
        """Remember that Amazon refuses the account's grant, for the calls that are under way."""
        self._refusals[_grant(account)] = _Refused(error, self.now())

    def check(self, account: Account, since: float) -> None:
        """Raise what Amazon has refused the account's grant with since a moment, if it has."""
        refused = self._refusals.get(_grant(account))
        if refused is not None and refused.at >= since:
            raise refused.error.with_traceback(None)

    def _renew(self, account: Account) -> _Token:
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential_jitter(initial=1, max=20),
            retry=retry_if_exception_type(Unavailable),
            sleep=self._sleep,
            reraise=True,
        )
        return tries(self._ask, account)

    def _ask(self, account: Account) -> _Token:
        asked = self._clock()
        try:
            with new_session() as session:
                reply = read(session, _request(account), LIMITS)
        except NoReply as error:
            raise error_of(Refusal("token", "token", 0, error.kind, ours=no_answer(error))) from None
        request_id = request_id_of(reply)
        if reply.status != requests.codes.ok:
            said = said_by(reply.content)
            text = redact(said.text, account.secrets)
            code = redact(said.code)
            raise error_of(Refusal("token", "token", reply.status, code, text, request_id, ours=said.ours))
        body = decode(reply.content)
        if not isinstance(body, dict):
            raise error_of(Refusal("token", "token", 0, request_id=request_id, ours=NOT_JSON))
        token, seconds = body.get("access_token"), body.get("expires_in")
        if not _usable(token) or not _is_time(seconds):
            raise error_of(
                Refusal("token", "token", 0, request_id=request_id, ours=message("reason.no_token"))
            )
        return _Token(str(token), asked + seconds)


def _request(account: Account) -> requests.PreparedRequest:
    return requests.Request(
        "POST",
        account.token_url or TOKEN_URL,
        data={
            "grant_type": "refresh_token",
            "refresh_token": account.refresh_token,
            "client_id": account.client_id,
            "client_secret": account.client_secret,
        },
    ).prepare()


def _usable(token: object) -> bool:
    """Return a token that a header can carry."""
    return (
        isinstance(token, str)
        and token != ""
        and token.isascii()
        and token.isprintable()
        and " " not in token
    )


def _is_time(seconds: object) -> TypeGuard[float]:
    """Return a life of a token that is one: more than nothing, less than a day."""
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST_LIFE


def _grant(account: Account) -> str:
    """Return a name for the grant that reveals nothing; a rotated secret makes another one."""
    parts = (account.token_url or TOKEN_URL, account.client_id, account.client_secret, account.refresh_token)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
