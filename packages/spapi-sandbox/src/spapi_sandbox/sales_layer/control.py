"""Controls of the played Sales Layer: edit the catalogue, move the clock, order faults, look and reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, get_args

from fastapi.responses import JSONResponse

from spapi_sandbox.catalogue.entry import TABLES, Entry, Table
from spapi_sandbox.sales_layer.account import Fault, Paging

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.responses import Response

    from spapi_sandbox.sales_layer.account import Account

PREFIX = "/sales_layer/_control"
Action = Callable[["Account", dict[str, Any], dict[str, Any]], Any]


def add_routes(router: APIRouter, account: Account) -> None:
    """Serve the controls below `PREFIX`.

    `GET state`; `POST clock {"advance": seconds, "clock_offset": seconds}`;
    `POST items/<table> {ref, values, status, parent, categories}`;
    `PATCH items/<table>/<id> {values, status, ref, categories}`; `DELETE items/<table>/<id>`;
    `POST faults` (a `Fault`); `DELETE faults`; `PUT connector` (a `ConnectorSettings`);
    `PUT rate {"requests": 50, "seconds": 10}`; `PUT paging {"by": "id"}` or `modified`; `POST reset`.
    """
    actions: list[tuple[str, str, Action]] = [
        ("GET", "/state", _state),
        ("POST", "/clock", _clock),
        ("POST", "/items/{table}", _add),
        ("PATCH", "/items/{table}/{id:int}", _edit),
        ("DELETE", "/items/{table}/{id:int}", _delete),
        ("POST", "/faults", _order_fault),
        ("DELETE", "/faults", _clear_faults),
        ("PUT", "/connector", _configure),
        ("PUT", "/rate", _rate),
        ("PUT", "/paging", _paging),
        ("POST", "/reset", _reset),
    ]
    for method, path, action in actions:
        router.add_route(PREFIX + path, _endpoint(account, action), methods=[method])


def _endpoint(account: Account, action: Action) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.json() if await request.body() else {}
            return JSONResponse(action(account, dict(request.path_params), body))
        except (JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)

    return endpoint


def _table(place: dict[str, Any]) -> Table:
    return TABLES[TABLES.index(place["table"])]


def _shown(entry: Entry) -> dict[str, Any]:
    return asdict(entry)


def _state(account: Account, _place: dict[str, Any], _body: dict[str, Any]) -> dict[str, Any]:
    return {
        "time": account.now(),
        "clock_offset": account.clock_offset,
        "counters": dict(account.counters),
        "faults": [asdict(fault) for fault in account.faults],
        "connector": asdict(account.connector),
        "rate": {"requests": account.rate[0], "seconds": account.rate[1]},
        "version": account.catalogue.version,
    }


def _clock(account: Account, _place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    if "clock_offset" in body:
        account.clock_offset = int(body["clock_offset"])
        account.advance(float(body.get("advance", 0)))
    else:
        account.advance(float(body["advance"]))
    return {"time": account.now(), "clock_offset": account.clock_offset}


def _add(account: Account, place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return _shown(account.catalogue.add(_table(place), now=int(account.now()), **body))


def _edit(account: Account, place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return _shown(account.catalogue.edit(_table(place), place["id"], now=int(account.now()), **body))


def _delete(account: Account, place: dict[str, Any], _body: dict[str, Any]) -> dict[str, Any]:
    account.catalogue.delete(_table(place), place["id"], now=int(account.now()))
    return {"deleted": place["id"]}


def _order_fault(account: Account, _place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    fault = Fault(**body)
    account.faults.append(fault)
    return asdict(fault)


def _clear_faults(account: Account, _place: dict[str, Any], _body: dict[str, Any]) -> dict[str, Any]:
    account.faults.clear()
    return {"faults": []}


def _configure(account: Account, _place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    account.configure_connector(**body)
    return asdict(account.connector)


def _rate(account: Account, _place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    account.rate = (int(body["requests"]), float(body["seconds"]))
    return {"requests": account.rate[0], "seconds": account.rate[1]}


def _paging(account: Account, _place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    account.paging = get_args(Paging)[get_args(Paging).index(body["by"])]
    return {"by": account.paging}


def _reset(account: Account, _place: dict[str, Any], _body: dict[str, Any]) -> dict[str, Any]:
    account.reset()
    return {"reset": True}
