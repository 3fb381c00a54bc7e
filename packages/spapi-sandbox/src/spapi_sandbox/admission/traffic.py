"""Counters, what was recorded of requests and answers, and injected faults."""

from __future__ import annotations

import threading
from collections import deque
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spapi_sandbox.admission.operations import NAMES

Kind = Literal["status", "delay", "reset", "truncate", "invalid_json", "timeout_after_write"]
KINDS: tuple[Kind, ...] = get_args(Kind)
EVERY = "*"
TRANSPORT = "sandbox.transport"


def _known(operation: str) -> str:
    if operation not in {EVERY, *NAMES}:
        raise ValueError(f"there is no operation {operation!r}; there are {EVERY}, {', '.join(NAMES)}")
    return operation


class Fault(BaseModel):
    """Something that goes wrong `times` times, after `skip` requests that go well.

    `operation` is one of `operations.NAMES`, or `*`. `delay` is in seconds: before the
    operation (`delay`), or between the write and the cut connection (`timeout_after_write`).
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    operation: Annotated[str, AfterValidator(_known)]
    kind: Kind
    status: Annotated[int, Field(ge=200, le=599)] = 500
    times: Annotated[int, Field(ge=1)] = 1
    skip: Annotated[int, Field(ge=0)] = 0
    delay: Annotated[float, Field(ge=0)] = 0.0
    body: Any = None
    headers: dict[str, str] | None = None


class Traffic:
    """What went over the wire; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """No counts, no faults, no recording."""
        self._counts: dict[str, dict[str, int]] = {}
        self._faults: list[Fault] = []
        self.recording = False
        self._recorded: deque[dict[str, Any]] = deque(maxlen=100_000)

    def inject(self, fault: Fault) -> None:
        """Adds a fault."""
        with self._lock:
            self._faults.append(fault)

    def forget_faults(self) -> None:
        """Removes every fault that is left."""
        with self._lock:
            self._faults.clear()

    def next_fault(self, operation: str) -> Fault | None:
        """Return the fault that strikes this request, if any; uses it up."""
        with self._lock:
            for fault in self._faults:
                if fault.operation not in {operation, EVERY} or fault.times <= 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def count(self, operation: str, status: int) -> None:
        """Count a request."""
        with self._lock:
            counts = self._counts.setdefault(operation, {})
            counts[str(status)] = counts.get(str(status), 0) + 1

    def record(self, entry: dict[str, Any]) -> None:
        """Keep a request with its answer."""
        with self._lock:
            self._recorded.append(entry)

    def counters(self) -> dict[str, Any]:
        """Counts: `{operations: {name: {requests, statuses, throttled}}, throttled}`; status 0: cut off."""
        with self._lock:
            operations = {
                name: {
                    "requests": sum(counts.values()),
                    "statuses": dict(counts),
                    "throttled": counts.get("429", 0),
                }
                for name, counts in sorted(self._counts.items())
            }
        return {
            "operations": operations,
            "throttled": sum(entry["throttled"] for entry in operations.values()),
        }

    def recorded(self) -> list[dict[str, Any]]:
        """Requests with their answers, oldest first; tokens and secrets left out."""
        with self._lock:
            return list(self._recorded)
