"""Start a run of a connector in Airflow, as the user."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from amazon_listings.airflow_adapter.api_server import call, dag_states
from amazon_listings.web.access import Editor
from amazon_listings.web.configured import connector_of
from amazon_listings.web.rendering import base_of, wording
from amazon_listings.web.told import Told

router = APIRouter()

_WRONG = 400


class Wanted(BaseModel, frozen=True):
    """What a run is to do; a test, unless live is asked for. `chosen`: only for the items that are named."""

    operation: Literal["test", "live"] = "test"
    selection: Literal["changed", "everything", "approved"] = "changed"
    skus: list[str] | str = []
    chosen: bool = False


@router.post("/dags/{dag_id}/runs")
async def start(request: Request, dag_id: str, visitor: Editor, wanted: Wanted) -> Told:
    """Start a run; a DAG that is paused is switched on."""
    words = wording(request)
    skus = [one for one in ([wanted.skus] if isinstance(wanted.skus, str) else wanted.skus) if one]
    if wanted.chosen and not skus:
        raise HTTPException(422, "web.start.none_chosen")
    await run_in_threadpool(connector_of, dag_id)
    state = (await run_in_threadpool(dag_states)).get(dag_id)
    if state is None:
        raise HTTPException(409, "web.start.no_dag")
    path = f"/dags/{quote(dag_id, safe='')}"
    conf = {"operation": wanted.operation, "selection": wanted.selection, "skus": skus}
    steps: list[tuple[str, str, dict[str, object]]] = [
        ("POST", f"{path}/dagRuns", {"logical_date": None, "conf": conf})
    ]
    if state.paused:
        steps.insert(0, ("PATCH", path, {"is_paused": False}))
    for method, address, body in steps:
        answer = await call(method, address, request.headers, body)
        if answer.status in {401, 403}:
            raise HTTPException(403, "web.start.not_allowed")
        if answer.status >= _WRONG:
            raise HTTPException(502, "web.start.refused")
    place = f"{base_of(request)}/activity?dag={quote(dag_id, safe='')}"
    return Told(words.t("start.started"), place)
