"""Ask Airflow inside its API server for Variables and DAGs, and call its API with a user's own rights."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.app import API_ROOT_PATH
from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from sqlalchemy import select

from amazon_listings.connectors.texts import VARIABLE_PREFIX, environment_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_FAILED = 500
#: Seconds before a call is made again that met a locked database.
_PAUSES = (0.3, 1.0, 2.0)


@dataclass(frozen=True)
class DagState:
    """A DAG as Airflow knows it. `next_run` is when the scheduler makes its next run."""

    dag_id: str
    paused: bool
    next_run: datetime | None


def connector_variables() -> dict[str, str]:
    """Return the text of the Variables that declare connectors, by name; the environment's count first."""
    with create_session() as session:
        rows = session.scalars(select(Variable).where(Variable.key.startswith(VARIABLE_PREFIX)))
        found = {row.key: row.get_val() for row in rows}
    return {name: text for name, text in found.items() if text is not None} | environment_variables()


def dag_states() -> dict[str, DagState]:
    """Return the connectors' DAGs that Airflow has parsed, by id."""
    with create_session() as session:
        rows = session.execute(
            select(DagModel.dag_id, DagModel.is_paused, DagModel.next_dagrun_create_after).where(
                DagModel.dag_id.startswith("amazon_"), DagModel.is_stale.is_(False)
            )
        )
        return {row.dag_id: DagState(*row) for row in rows}


def ended_runs(places: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of some runs, by DAG and run id, that have ended."""
    wanted = set(places)
    dags, names = {dag_id for dag_id, _ in wanted}, {run_id for _, run_id in wanted}
    with create_session() as session:
        rows = session.execute(
            select(DagRun.dag_id, DagRun.run_id).where(
                DagRun.dag_id.in_(dags),
                DagRun.run_id.in_(names),
                DagRun.state.in_((DagRunState.SUCCESS, DagRunState.FAILED)),
            )
        )
        return wanted & {(row.dag_id, row.run_id) for row in rows}


def runs_at_work(dags: Iterable[str]) -> set[tuple[str, str]]:
    """Return the runs of some DAGs, by DAG and run id, that Airflow has made and not ended."""
    with create_session() as session:
        rows = session.execute(
            select(DagRun.dag_id, DagRun.run_id).where(
                DagRun.dag_id.in_(list(dags)),
                DagRun.state.in_((DagRunState.QUEUED, DagRunState.RUNNING)),
            )
        )
        return {(row.dag_id, row.run_id) for row in rows}


def connection_names(conn_type: str) -> list[str]:
    """Return the ids of Airflow's connections of a type, the environment's among them."""
    with create_session() as session:
        found = set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == conn_type)))
    prefix = "AIRFLOW_CONN_"
    for name, text in os.environ.items():
        if name.startswith(prefix) and conn_type in text.replace("-", "_"):
            found.add(name.removeprefix(prefix).lower())
    return sorted(found)


@dataclass(frozen=True)
class Answer:
    """What Airflow's API answered: `content` is its JSON, or None."""

    status: int
    content: Any


async def call(method: str, path: str, headers: Mapping[str, str], body: object = None) -> Answer:
    """Call Airflow's REST API v2 in this process, as the user whose request this is.

    On SQLite the API server can lock itself out while it logs a user's action. It then gives up before it
    acted, so it is asked again.

    Args:
        method: `POST`, `PATCH`, …
        path: Behind `/api/v2`.
        headers: The headers of the user's own request: its cookie or token is the user's.
        body: What is sent, as JSON.
    """
    answer = await _called(method, path, headers, body)
    for pause in _PAUSES:
        if answer.status != _FAILED or "Database error" not in str(answer.content):
            break
        await asyncio.sleep(pause)
        answer = await _called(method, path, headers, body)
    return answer


async def _called(method: str, path: str, headers: Mapping[str, str], body: object) -> Answer:
    import httpx  # noqa: PLC0415 - only for what changes something
    from airflow.api_fastapi.main import app  # noqa: PLC0415 - the API server's own, which is loaded by now

    kept = {name: headers[name] for name in ("cookie", "authorization", "host") if name in headers}
    transport = httpx.ASGITransport(app=app, root_path=API_ROOT_PATH.rstrip("/"))
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        answer = await client.request(
            method, f"{API_ROOT_PATH.rstrip('/')}/api/v2{path}", headers=kept, json=body
        )
    try:
        content = answer.json()
    except ValueError:
        content = None
    return Answer(answer.status_code, content)
