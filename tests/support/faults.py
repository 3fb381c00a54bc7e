"""A connector's tasks against a sandbox that misbehaves, without real waiting."""

from __future__ import annotations

import functools
import json
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import requests

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.failures import RetryByErrorClass, TaskStopped
from amazon_listings.confirm import checks as confirm
from amazon_listings.incoming.http_reader import Limits
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from amazon_listings.sources.sales_layer import account
from amazon_listings.sources.sales_layer.clock import Clock
from amazon_listings.writes import live_sync
from amazon_product_types.messages import catalogue
from support.airflow import amazon_connection, demo_connector, pim_connection
from support.airflow_tasks import Bench, Tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from spapi_sandbox.server import Sandbox

#: Two families of the sandbox's catalogue: eight items that pass and are sent.
FAMILIES = ("LUM-B101", "LUM-B102")
GERMANY = "A1PA6795UKMFR9"
#: Writes to listings, as the sandbox names them.
WRITES = ("putListingsItem", "patchListingsItem", "deleteListingsItem")


@contextmanager
def waits_moved(url: str, *, timeout: tuple[float, float] = (10.0, 60.0)) -> Iterator[None]:
    """Whatever waits moves the clock of the sandbox at `url` instead, and that clock tells the time.

    All of it by the public arguments of what the tasks call.

    Args:
        url: The sandbox.
        timeout: Seconds to connect to Amazon and to wait for bytes.
    """

    def sleep(seconds: float) -> None:
        requests.post(f"{url}/_control/clock", json={"advance": seconds}, timeout=60).raise_for_status()

    def now() -> datetime:
        clock = requests.post(f"{url}/_control/clock", json={"advance": 0}, timeout=60).json()["now"]
        return datetime.fromtimestamp(clock, UTC)

    limits = Limits(connect=timeout[0], silence=timeout[1])
    client = functools.partial(SellingPartner, sleep=sleep, tokens=Tokens(sleep=sleep), limits=limits)
    opened = functools.partial(account.SalesLayerAccount, clock=Clock(sleep=sleep))
    with ExitStack() as patches:
        patches.enter_context(patch.object(connections, "SellingPartner", client))
        patches.enter_context(patch.object(connections, "Quotas", functools.partial(Quotas, sleep=sleep)))
        patches.enter_context(patch.object(account, "SalesLayerAccount", opened))
        submit = functools.partial(live_sync.live_sync, now=now)
        patches.enter_context(patch.object(live_sync, "live_sync", submit))
        look = functools.partial(confirm.confirm, now=now)
        patches.enter_context(patch.object(confirm, "confirm", look))
        yield


def backpacks(connector_id: str = "packs", **changes: Any) -> dict[str, Any]:
    """The demo's connector for a few backpacks."""
    chosen = {"filter": f"{{{{ item.reference[:8] in {list(FAMILIES)} }}}}"} | changes.pop("sales_layer", {})
    # Faults are counted by the previews that come before the first write: one for each item.
    sync = {"preview_rate": 5, "preview": "changed"} | changes.pop("sync", {})
    return demo_connector("de_backpacks", connector_id, sales_layer=chosen, sync=sync, **changes)


class Trial:
    """One connector, one sandbox, runs of the real tasks in this process.

    Args:
        sandbox: The sandbox; what it recorded starts with this trial.
        home: Where everything is written.
        document: The connector; some backpacks, if None.
        amazon: Changes of the Airflow connection to Amazon.
        pim: Changes of the Airflow connection to the PIM.
        timeout: Seconds to connect to Amazon and to wait for bytes.
        settings: More environment.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        home: Path,
        *,
        document: dict[str, Any] | None = None,
        amazon: Mapping[str, Any] | None = None,
        pim: Mapping[str, Any] | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        **settings: str,
    ) -> None:
        self.sandbox = sandbox
        self.home = home
        self._timeout = timeout
        connections = {
            "demo_amazon": amazon_connection(sandbox, **(amazon or {})),
            "demo_sales_layer": pim_connection(sandbox, **(pim or {})),
        }
        self.bench = Bench(home, connections, **settings)
        self.document = document or backpacks()
        self.name = self.bench.declare(self.document)
        self._forgotten = 0
        sandbox.control("recording", on=True)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to run the tasks."""
        return self.bench._environment

    def run(self, operation: str = "live", **params: Any) -> Tasks:
        """All tasks of a run."""
        with waits_moved(self.sandbox.url, timeout=self._timeout):
            return self.bench.run(self.name, operation=operation, **params)

    def folder(self, run: Tasks) -> Path:
        return self.home / "storage" / "runs" / self.name / run.run_id / "attempt-0"

    def note(self, run: Tasks, name: str) -> Any:
        return json.loads((self.folder(run) / f"{name}.json").read_text("utf-8"))

    def pim_fault(self, api: str, kind: str, **more: Any) -> None:
        """Something goes wrong in the PIM."""
        place = f"{self.sandbox.url}/sales_layer/_control/faults"
        requests.post(place, json={"api": api, "kind": kind, **more}, timeout=30).raise_for_status()

    def edit(self, table: str, entry: int, **changes: Any) -> None:
        """Change an entry of the PIM's catalogue."""
        place = f"{self.sandbox.url}/sales_layer/_control/items/{table}/{entry}"
        requests.patch(place, json=changes, timeout=30).raise_for_status()

    def held(self, sku: str) -> dict[str, Any]:
        """The attributes that Amazon holds of a SKU in Germany; empty if there is no such listing."""
        version = self.sandbox.state.listings.submitted(self.sandbox.seller_id, sku, GERMANY)
        return version.attributes if version else {}

    def reprice(self, price: str) -> None:
        """Let every item cost this much from now on."""
        mapping = self.document["mapping"] | {"Ihr Preis": price}
        self.bench.declare(self.document | {"mapping": mapping})

    def forget(self) -> None:
        """Look only at what is sent from now on."""
        self._forgotten = len(self.sandbox.requests())

    def sent(self) -> list[dict[str, Any]]:
        """The requests that the sandbox saw, oldest first."""
        return self.sandbox.requests()[self._forgotten :]

    def fed(self) -> list[dict[str, Any]]:
        """The requests that started a feed."""
        return [entry for entry in self.sent() if entry["operation"] == "createFeed"]

    def writes(self) -> list[dict[str, Any]]:
        """The single writes to listings; previews are none."""
        return [
            entry
            for entry in self.sent()
            if entry["operation"] in WRITES and "VALIDATION_PREVIEW" not in entry["query"]
        ]


def decision(run: Tasks, task: str, try_number: int = 1) -> str:
    """What the retry policy makes of a task's failure: `retry` or `fail`, or `default`."""
    error = run.errors[task]
    return str(RetryByErrorClass().evaluate(error, try_number, 3).action.value)


def told(run: Tasks, task: str) -> str:
    """The one sentence of a failed task, in English; the report says it in the connector's language."""
    error = run.errors[task]
    assert isinstance(error, TaskStopped), f"{type(error).__name__}: {error}"
    assert run.sentences[task] in run.sentences["report"], run.sentences
    cause = error.cause
    return cause.worded(catalogue("en", *cause.packages))
