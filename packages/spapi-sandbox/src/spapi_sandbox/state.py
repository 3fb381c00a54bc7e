"""Everything the sandbox remembers, and how it is set."""

from __future__ import annotations

import random
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spapi_sandbox.account.accounts import ACCOUNTS, BY_ID, Account
from spapi_sandbox.account.tokens import TokenIssuer
from spapi_sandbox.admission.quotas import Buckets
from spapi_sandbox.admission.traffic import Traffic
from spapi_sandbox.clock import Clock
from spapi_sandbox.definitions.library import DefinitionLibrary, Key
from spapi_sandbox.definitions.product_type_files import Variant
from spapi_sandbox.feeds.documents import Documents
from spapi_sandbox.feeds.queue import FeedQueue
from spapi_sandbox.listings.patches import Readings
from spapi_sandbox.listings.store import ListingStore
from spapi_sandbox.marketplaces import MARKETPLACES
from spapi_sandbox.notifications.store import Notifications
from spapi_sandbox.storage import StateFile

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

#: Settings that a test may change, with their values at the start: seconds, bytes, and 1 for each reading
#: of what Amazon leaves open that is to be followed (`listings.patches.Readings`).
SETTINGS: dict[str, float] = {
    "schema_link_seconds": 7 * 24 * 3600.0,
    "feed_link_seconds": 300.0,
    "read_delay": 0.0,
    "asin_delay": 0.0,
    "feed_queue_delay": 0.0,
    "feed_processing_delay": 0.0,
    "max_body": 10 * 1024 * 1024,
    **dict.fromkeys(Readings._fields, 0),
}


class SandboxState:
    """The state of one sandbox.

    Args:
        seed: Makes identifiers and tokens repeatable.
        definitions: Folder of real definitions to serve as well.
        storage: SQLite file in which listings and feeds survive a restart.
        clock: The clock; the machine's by default.
        region: The region that is played (NA, EU, FE): marketplaces of others are refused; empty: all
            regions at one address.
        lenient: Tolerate what Amazon tolerates in a query: unknown and oddly cased names, repeated values.
    """

    schema_link_seconds: float
    feed_link_seconds: float
    read_delay: float
    asin_delay: float
    feed_queue_delay: float
    feed_processing_delay: float
    max_body: int

    def __init__(
        self,
        *,
        seed: int = 1,
        definitions: Path | None = None,
        storage: Path | None = None,
        clock: Clock | None = None,
        region: str = "",
        lenient: bool = False,
    ) -> None:
        self.seed = seed
        self.region = region
        self.lenient = lenient
        self.clock = clock or Clock()
        self.state_file = StateFile(storage)
        self.library = DefinitionLibrary(definitions)
        self.tokens = TokenIssuer(self.clock, seed)
        self.buckets = Buckets(self.clock)
        self.traffic = Traffic()
        self.documents = Documents(self.clock, seed, self.state_file)
        self.listings = ListingStore(self.clock, self.state_file)
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - identifiers must be repeatable
        if storage is not None and storage.stat().st_size:
            self._random.seed(f"{seed} {self.clock.now()}")  # a restart must not hand out the same ids again
        self.accounts: dict[str, Account] = dict(ACCOUNTS)
        #: Secrets that rotations sent to the application's queue; None: no queue is registered.
        self.new_secrets: list[str] | None = None
        #: Values that are refused though no definition says so, by attribute.
        self.refused_values: dict[str, frozenset[str]] = {}
        self.restrictions: dict[str, list[dict[str, Any]]] = {}
        self.notifications = Notifications(seed)
        self.feeds = FeedQueue(self, self.state_file)
        self.set({})

    def set(self, changes: dict[str, float]) -> dict[str, float]:
        """Changes settings (all back to their start with an empty dict); returns all of them."""
        for name, value in (changes or SETTINGS).items():
            setattr(self, name, type(SETTINGS[name])(value))
        return self.settings()

    def limit(self, seller_id: str, countries: Collection[str]) -> list[str]:
        """Lets an account sell only in these countries; returns them in Amazon's order."""
        known = {country: entry.id for country, entry in MARKETPLACES.items() if country in countries}
        whole = ACCOUNTS[seller_id]
        self.accounts[seller_id] = replace(whole, marketplaces=whole.marketplaces & set(known.values()))
        return [country for country, place in known.items() if place in self.accounts[seller_id].marketplaces]

    def settings(self) -> dict[str, float]:
        """Return the settings as they are now."""
        return {name: getattr(self, name) for name in SETTINGS}

    @property
    def readings(self) -> Readings:
        """How patches are read where Amazon does not say."""
        return Readings(*(bool(getattr(self, name)) for name in Readings._fields))

    def reset(self) -> None:
        """As if just started, with nothing stored. The clock keeps its time."""
        for part in (
            self.tokens,
            self.buckets,
            self.traffic,
            self.documents,
            self.listings,
            self.feeds,
            self.notifications,
            self.state_file,
        ):
            part.clear()
        self._random.seed(self.seed)
        self.accounts = dict(ACCOUNTS)
        self.refused_values = {}
        self.restrictions = {}
        self.new_secrets = None
        self.set({})

    def close(self) -> None:
        """Ends the feed worker and closes the file."""
        self.feeds.close()
        self.state_file.close()

    def number(self, bits: int) -> int:
        """Return a repeatable random number."""
        with self._lock:
            return self._random.getrandbits(bits)

    def request_id(self) -> str:
        """Return a value for `x-amzn-RequestId`."""
        return str(uuid.UUID(int=self.number(128)))

    def submission_id(self) -> str:
        """Return a `submissionId`: 32 hexadecimal digits."""
        return f"{self.number(128):032x}"

    def label(self, product_type: str, marketplace_id: str, attribute: str, language: str) -> str:
        """Return an attribute's name in a language; its code where the type does not have it."""
        marketplace = BY_ID[marketplace_id]
        for partner in ("seller", "vendor"):
            definition = self.library.find(Key(product_type, Variant(marketplace, language, partner=partner)))
            spec: dict[str, Any] = definition.document["properties"].get(attribute, {}) if definition else {}
            if "title" in spec:
                return str(spec["title"])
        return attribute
