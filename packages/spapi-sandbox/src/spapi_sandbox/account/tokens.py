"""Login with Amazon's memory: client secrets, grants, access tokens."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spapi_sandbox.account import accounts
from spapi_sandbox.admission.operations import SCOPES

if TYPE_CHECKING:
    from spapi_sandbox.clock import Clock

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
OLD_SECRET_SECONDS = 7 * 24 * 3600.0


class LwaError(Exception):
    """An answer of the token endpoint that is not a token.

    Args:
        status: HTTP status.
        error: Code of RFC 6749 that Login with Amazon uses.
        description: Its text.
    """

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


class TokenRefused(Exception):
    """SP-API does not take an access token; the message is the `details` of its 403."""


@dataclass(frozen=True)
class Bearer:
    """Whom an access token speaks for: the grant (or scope) and its accounts; whose secret got it."""

    grant: str
    secret: str
    account_ids: tuple[str, ...]
    expires_at: float


class TokenIssuer:
    """Issues and checks access tokens.

    Args:
        clock: Tells when tokens and secrets expire.
        seed: Makes tokens repeatable.
    """

    #: Seconds a token lives.
    lifetime = 3600.0

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Back to the documented credentials, no token issued."""
        self._random = random.Random(f"tokens {self._seed}")  # noqa: S311 - fakes must be repeatable
        self._secrets: dict[str, float] = {accounts.CLIENT_SECRET: float("inf")}
        self._expired: set[str] = set()
        self._revoked: set[str] = set()
        self._bearers: dict[str, Bearer] = {}
        self.lifetime = type(self).lifetime

    def issue(self, asked: dict[str, str]) -> dict[str, object]:
        """Return the answer to a token request; raises `LwaError` where Login with Amazon refuses."""
        kind = asked.get("grant_type", "")
        if kind not in {"refresh_token", "client_credentials", "authorization_code"}:
            description = "The authorization grant type is not supported by the authorization server"
            raise LwaError(400, "unsupported_grant_type", description)
        self._check_client(asked)
        if kind == "client_credentials":
            scope = asked.get("scope", "")
            if scope not in SCOPES:
                raise LwaError(400, "invalid_scope", "An unknown scope was requested")
            return self._answer(asked, scope, ())
        if kind == "authorization_code":
            raise LwaError(400, "invalid_grant", "The request has an invalid grant parameter : code")
        if "refresh_token" not in asked:
            raise LwaError(
                400, "invalid_request", "The request is missing a required parameter : refresh_token"
            )
        return self._refresh(asked)

    def _check_client(self, asked: dict[str, str]) -> None:
        for name in ("client_id", "client_secret"):
            if not asked.get(name):
                raise LwaError(
                    400, "invalid_request", f"The request is missing a required parameter : {name}"
                )
        with self._lock:
            valid_until = self._secrets.get(asked["client_secret"], 0.0)
        if asked["client_id"] != accounts.CLIENT_ID or valid_until <= self._clock.now():
            raise LwaError(401, "invalid_client", "Client authentication failed")

    def _refresh(self, asked: dict[str, str]) -> dict[str, object]:
        grant = asked["refresh_token"]
        if grant == accounts.FOREIGN_GRANT:
            raise LwaError(400, "unauthorized_client", "Not authorized for requested operation")
        if grant in self._revoked:
            text = "The request has an invalid grant parameter : refresh_token. "
            raise LwaError(
                400, "invalid_grant", f"{text}User may have revoked or didn't grant the permission."
            )
        if grant not in accounts.GRANTS:
            raise LwaError(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
        return {**self._answer(asked, grant, accounts.GRANTS[grant]), "refresh_token": grant}

    def _answer(self, asked: dict[str, str], grant: str, account_ids: tuple[str, ...]) -> dict[str, object]:
        with self._lock:
            token = "Atza|" + "".join(self._random.choices(_LETTERS, k=64))
            self._bearers[token] = Bearer(
                grant, asked["client_secret"], account_ids, self._clock.now() + self.lifetime
            )
        return {"access_token": token, "token_type": "bearer", "expires_in": int(self.lifetime)}

    def bearer(self, token: str) -> Bearer:
        """Whom `token` speaks for; raises `TokenRefused` where SP-API would answer 403."""
        with self._lock:
            bearer = self._bearers.get(token)
        if bearer is not None and bearer.secret in self._expired:
            raise TokenRefused("The LWA secret token you provided has expired.")
        if bearer is None or bearer.grant in self._revoked:
            raise TokenRefused("The access token you provided is revoked, malformed or invalid.")
        if bearer.expires_at <= self._clock.now():
            raise TokenRefused("The access token you provided has expired.")
        return bearer

    def rotate(self, secret: str, *, old_valid_seconds: float | None = None) -> None:
        """Make a new client secret; old ones stay valid for `old_valid_seconds` (None: Amazon's 7 days)."""
        until = self._clock.now() + (OLD_SECRET_SECONDS if old_valid_seconds is None else old_valid_seconds)
        with self._lock:
            self._secrets = {old: min(valid, until) for old, valid in self._secrets.items()}
            self._secrets[secret] = float("inf")

    def expire_secret(self, secret: str | None = None) -> None:
        """Let a secret (None: the newest) expire: SP-API refuses every token that it got.

        Raises:
            KeyError: there is no such secret.
        """
        with self._lock:
            name = next(reversed(self._secrets)) if secret is None else secret
            if name not in self._secrets:
                raise KeyError(name)
            self._expired.add(name)

    def revoke(self, grant: str) -> None:
        """Take back a grant, as the partner: its tokens stop working."""
        with self._lock:
            self._revoked.add(grant)

    def restore(self, grant: str) -> None:
        """Give a grant again, as the partner, that was taken back."""
        with self._lock:
            self._revoked.discard(grant)

    def forget_access_tokens(self) -> None:
        """Make every access token issued so far invalid; the grants stay."""
        with self._lock:
            self._bearers.clear()
