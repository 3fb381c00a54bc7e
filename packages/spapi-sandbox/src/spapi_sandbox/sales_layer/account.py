"""The Sales Layer account behind both APIs: catalogue, clock, connector settings, faults, counters."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked

from spapi_sandbox.catalogue.entry import VISIBLE, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from spapi_sandbox.catalogue.catalogue import Catalogue

Api = Literal["rest", "connector", "images"]
Kind = Literal[
    "status", "error", "delay", "truncate", "reset", "body", "lose_page", "waiting", "empty_refresh"
]
Paging = Literal["id", "modified"]

CLASSIC_NAMES: dict[Table, str] = {
    "categories": "catalogue",
    "products": "products",
    "variants": "product_formats",
}


@checked(config=ConfigDict(strict=True, extra="forbid"))
class Fault:
    """What goes wrong `times` times in an API, after `skip` more requests went well.

    `status`: answer with HTTP `status`. `error`: the connector API's error `code`. `delay`: answer
    `seconds` late. `truncate`: half of the body. `reset`: the connection breaks.
    `body`: `body` instead of the answer. `lose_page`: no items and no next page.
    `waiting`: the connector API is still making images: it says how many, and each image field's first has
    no address yet. `empty_refresh`: the connector API announces a full answer, and sends none of it.
    """

    api: Api
    kind: Kind
    times: int = 1
    skip: int = 0
    status: int = 500
    code: int = 14
    seconds: float = 1.0
    body: str = "<html><body>Bad gateway</body></html>"


@dataclass
class ConnectorSettings:
    """How the export connector is set up; changing any of it resets its deltas.

    `names` are its table names; `page_length` overrides the length that `pagination` asks for;
    `bom` puts a UTF-8 byte order mark before the JSON.
    """

    languages: list[str]
    statuses: list[str] = field(default_factory=lambda: [VISIBLE])
    names: dict[Table, str] = field(default_factory=lambda: dict(CLASSIC_NAMES))
    page_length: int | None = None
    bom: bool = False


class Account:
    """State of the played Sales Layer account.

    `clock_offset` is by how many seconds the dates in its records are ahead of UTC: the zone of the PIM's
    server, and how wrong its clock is. They name no zone. The `Date` of an answer stays right.
    `paging` says how the REST API finds the next page: by the last `id` that a page gave, so that edits move
    nothing; or by place among records in the order in which they were `modified`, so that they do.
    """

    def __init__(
        self, catalogue: Catalogue, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.catalogue = catalogue
        self.sleep = sleep
        self._clock = clock
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Back to the state after the start."""
        with self._lock:
            self.catalogue.reset()
            self.connector = ConnectorSettings(languages=list(self.catalogue.languages))
            self.connector_changed_at = 0
            self.rate = (50, 10.0)  # requests, seconds; 0 requests = unlimited
            self.faults: list[Fault] = []
            self.counters: Counter[str] = Counter()
            self._ahead = 0.0
            self.clock_offset = 0
            self.paging: Paging = "id"
            self._recent: deque[float] = deque()
            self._memory: dict[Any, Any] = {}

    def now(self) -> float:
        """Return the server's clock, unix seconds."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the server's clock forward."""
        self._ahead += seconds

    def count(self, name: str) -> None:
        """Count a request or an answer."""
        with self._lock:
            self.counters[name] += 1

    def admit(self) -> bool:
        """Return whether the REST API's rate limit lets one more request in now."""
        requests, seconds = self.rate
        with self._lock:
            now = self.now()
            while self._recent and self._recent[0] <= now - seconds:
                self._recent.popleft()
            if requests and len(self._recent) >= requests:
                return False
            self._recent.append(now)
            return True

    def take_fault(self, api: Api) -> Fault | None:
        """Return the fault that this request meets, if any; it is used up by that."""
        with self._lock:
            for fault in self.faults:
                if fault.api != api:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                self.counters[f"{api}.fault.{fault.kind}"] += 1
                return fault
            return None

    def configure_connector(self, **settings: Any) -> None:
        """Change the export connector; the next delta becomes a full refresh.

        Raises:
            TypeError: an unknown setting.
        """
        with self._lock:
            self.connector = ConnectorSettings(**{**asdict(self.connector), **settings})
            self.connector_changed_at = int(self.now())

    def remembered(self, key: object, make: Callable[[], Any]) -> Any:
        """`make()`, computed once per state of the catalogue and the connector."""
        key = (self.catalogue.version, self.connector_changed_at, key)
        if key not in self._memory:
            if len(self._memory) > 200:  # noqa: PLR2004 - a bound, so that memory stays flat
                self._memory.clear()
            self._memory[key] = make()
        return self._memory[key]
