"""A connector's tasks one after the other in this process, for tests that need no scheduler.

The tasks are the real ones; just what Airflow would hand them, the context, is made here.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped
from airflow.sdk.execution_time.context import set_current_context

from amazon_listings.airflow_adapter import tasks
from amazon_listings.airflow_adapter.failures import TaskStopped
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ORDER = (
    "refresh_definition",
    "extract_products",
    "check_quality",
    "map_fields",
    "test_sync",
    "approve",
    "live_sync",
)


@dataclass
class Tasks:
    """One run of a connector's tasks.

    `states` is what Airflow would show, `errors` the error of each failed task by its id, `report` what
    the report task returned, or None.
    """

    run_id: str
    states: dict[str, str] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    cleared: int = 0

    @property
    def sentences(self) -> dict[str, str]:
        return {
            name: str(error.cause if isinstance(error, TaskStopped) else error)
            for name, error in self.errors.items()
        }


class Bench:
    """Runs connectors' tasks with settings and connections of its own.

    Args:
        home: Where everything is written; its folder `connectors` holds the connector files.
        connections: Airflow connections by id.
    """

    def __init__(self, home: Path, connections: Mapping[str, Any], **more: str) -> None:
        self.home = home
        (home / "connectors").mkdir(exist_ok=True)
        self._runs = 0
        self._environment = {
            **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(one) for name, one in connections.items()},
            "AMAZON_LISTINGS_CONNECTORS": str(home / "connectors"),
            "AMAZON_LISTINGS_STORAGE": str(home / "storage"),
            "AMAZON_LISTINGS_LEDGER": f"sqlite:///{home / 'ledger.db'}",
            **more,
        }

    def declare(self, document: dict[str, Any]) -> str:
        """Write a connector's file; its id."""
        place = self.home / "connectors" / f"{document['id']}.yaml"
        place.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return str(document["id"])

    def run(self, connector_id: str, *, operation: str = "test", **params: Any) -> Tasks:
        """Run all tasks; what follows a failed one does not run, but for the report."""
        self._runs += 1
        names = (*ORDER, "report")
        return self._pass(connector_id, Tasks(f"manual__{self._runs}"), names, operation, params)

    def clear(
        self, connector_id: str, run: Tasks, *names: str, operation: str = "test", **params: Any
    ) -> Tasks:
        """Clear a whole run, or some of its tasks with the report; it runs again as Airflow would.

        The first task is cleared alone, without the report.
        """
        if not names:
            again = Tasks(run.run_id, cleared=run.cleared + 1)
            return self._pass(connector_id, again, (*ORDER, "report"), operation, params)
        again = Tasks(run.run_id, dict(run.states), {}, dict(run.results), cleared=run.cleared + 1)
        if names != ORDER[:1]:
            names = (*names, "report")
        for name in names:
            again.states.pop(name, None)
        return self._pass(connector_id, again, names, operation, params)

    def _pass(
        self,
        connector_id: str,
        run: Tasks,
        names: Sequence[str],
        operation: str,
        params: Mapping[str, Any],
    ) -> Tasks:
        asked = {"operation": operation, "selection": "changed", "skus": [], "force": False}
        asked |= params
        with patch.dict(os.environ, self._environment):
            settings.cache_clear()
            try:
                for name, call in self._calls(connector_id, run):
                    if name not in names:
                        continue
                    self._one(run, connector_id, name, call, asked)
            finally:
                settings.cache_clear()
        return run

    def _calls(self, connector_id: str, run: Tasks) -> Iterator[tuple[str, Any]]:
        got = run.results
        yield "refresh_definition", lambda: tasks.refresh_definition(connector_id)
        definition = got.get("refresh_definition")
        yield "extract_products", lambda: tasks.extract_products(connector_id, definition)
        yield (
            "check_quality",
            lambda: tasks.check_quality(connector_id, definition, got["extract_products"]),
        )
        parts = got.get("check_quality") or []
        yield "map_fields", lambda: [tasks.map_fields(connector_id, definition, part) for part in parts]
        yield "test_sync", lambda: tasks.test_sync(connector_id, definition)
        yield "approve", lambda: tasks.approve(connector_id, definition)
        yield "live_sync", lambda: tasks.live_sync(connector_id, definition)
        yield "report", lambda: tasks.report(connector_id, definition)

    def _one(self, run: Tasks, connector_id: str, name: str, call: Any, params: dict[str, Any]) -> None:
        if run.states.get(name) == "skipped":
            return
        if name != "report" and "failed" in run.states.values():
            run.states[name] = "upstream_failed"
            return
        pushed: list[Any] = []  # what Airflow keeps of a task that fails, or skips others
        ti = SimpleNamespace(
            task_id=name,
            dag_id=f"amazon_{connector_id}",
            get_task_states=lambda **_: {run.run_id: dict(run.states)},
            xcom_push=lambda *, value, **_: pushed.append(value),
        )
        context: Any = {
            "ti": ti,
            "run_id": run.run_id,
            "params": params,
            "dag_run": SimpleNamespace(run_type="manual", clear_number=run.cleared, conf=params),
        }
        with set_current_context(context):
            try:
                run.results[name] = call()
            except AirflowSkipException:
                run.states[name] = "skipped"
            except DownstreamTasksSkipped as skipped:
                run.states |= {name: "success"} | dict.fromkeys(skipped.tasks, "skipped")
                (run.results[name],) = pushed
            except (TaskStopped, Exception) as error:  # noqa: BLE001 - whatever a task raises fails it
                run.states[name], run.errors[name] = "failed", error
            else:
                run.states[name] = "success"
        run.report = run.results.get("report")
