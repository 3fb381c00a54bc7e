"""Destinations of an application, and subscriptions of partners to types of notifications."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from random import Random
from typing import Any

Resource = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Subscription:
    """One partner's subscription to a type of notification; `directive` is returned as it came."""

    id: str
    kind: str
    partner: str
    payload_version: str
    destination_id: str
    directive: dict[str, Any] | None


class Notifications:
    """All destinations and subscriptions; safe to use from several threads.

    Args:
        seed: Makes identifiers repeatable.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """No destination, no subscription."""
        with self._lock:
            self._random = Random(f"notifications {self._seed}")  # noqa: S311 - must be repeatable
            self.destinations: dict[str, tuple[str, Resource]] = {}
            self.subscriptions: dict[str, Subscription] = {}

    def identifier(self) -> str:
        """Return a new identifier."""
        with self._lock:
            return str(uuid.UUID(int=self._random.getrandbits(128)))

    def has_destination(self, identifier: object) -> bool:
        """Return whether a value, which may be of any kind, names a destination."""
        return isinstance(identifier, str) and identifier in self.destinations

    def of(self, partner: str, kind: str) -> Subscription | None:
        """Return the partner's subscription to a type of notification."""
        found = (one for one in self.subscriptions.values() if (one.partner, one.kind) == (partner, kind))
        return next(found, None)
