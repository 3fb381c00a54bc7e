"""Sales Layer's connector API 1.17/1.18: one signed address that answers whole tables in pages."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from spapi_sandbox.catalogue.entry import TABLES
from spapi_sandbox.sales_layer.connector_export import START, Export, ExportQuery
from spapi_sandbox.sales_layer.connector_schema import data_schema, data_schema_info
from spapi_sandbox.sales_layer.credentials import CONNECTOR_CODE, CONNECTOR_SECRET
from spapi_sandbox.sales_layer.faults import answer
from spapi_sandbox.sales_layer.signature import RefusedError, check, sign

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.requests import Request

    from spapi_sandbox.sales_layer.account import Account, Fault, Kind

PATH = "/sales_layer/connector"
PAGE_STEP = 500
VERSIONS = ("1.17", "1.18")
INJECTED = {
    1: "Validation error",
    10: "Service temporarily blocked",
    11: "Service temporarily unavailable",
    14: "Updating data, try later",
}


def add_routes(router: APIRouter, account: Account) -> None:
    """Serve the API at `PATH`, by GET and by form-encoded POST."""

    async def connector(request: Request) -> Response:
        query = dict(request.query_params)
        if request.method == "POST":
            query |= {name: str(value) for name, value in (await request.form()).items()}
        return await run_in_threadpool(_spoken, account, request, query)

    for path in (PATH, f"{PATH}/"):
        router.add_route(path, connector, methods=["GET", "POST"])


def page_length(pagination: str) -> int:
    """Rows per page for `pagination`: below 1,000 gives 500, 1,001 to 1,500 gives 1,000, and so on."""
    asked = int(pagination) if pagination.isdigit() else 1000
    return max((asked - 1) // PAGE_STEP * PAGE_STEP, PAGE_STEP)


def _spoken(account: Account, request: Request, query: dict[str, str]) -> Response:
    return answer(account, "connector", lambda fault: _respond(account, request, query, fault))


def _respond(account: Account, request: Request, query: dict[str, str], fault: Fault | None) -> Response:
    try:
        _admit(account, query, fault)
        document = _document(account, request, query, kind=fault.kind if fault else None)
    except RefusedError as refused:
        account.count(f"connector.error.{refused.code}")
        document = {
            "version": query.get("ver", VERSIONS[0]),
            "time": int(account.now()),
            "error": refused.code,
            "error_message": str(refused),
        }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if account.connector.bom:
        body = b"\xef\xbb\xbf" + body
    headers = {}
    if query.get("compression", "1") == "1" and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = gzip.compress(body, compresslevel=5, mtime=0), {"content-encoding": "gzip"}
    return Response(body, media_type="application/json", headers=headers)


def _admit(account: Account, query: dict[str, str], fault: Fault | None) -> None:
    check(query, code=CONNECTOR_CODE, secret=CONNECTOR_SECRET, now=account.now())
    if fault is not None and fault.kind == "error":
        raise RefusedError(fault.code, INJECTED.get(fault.code, "Injected by the sandbox"))


def _document(
    account: Account, request: Request, query: dict[str, str], *, kind: Kind | None
) -> dict[str, Any]:
    version, error = _version(query)
    since, error = _since(account, query, error)
    lost = kind in {"lose_page", "empty_refresh"}
    document: dict[str, Any] = {
        "version": version,
        "time": int(account.now()),
        "action": "refresh" if since is None or kind == "empty_refresh" else "update",
        "error": error,
        "schema": _schema(account),
    }
    if query.get("test") == "1":
        return document
    position = query.get("page", START)
    if position == START:
        document["data_schema"] = data_schema(account)
        document["data_schema_info"] = data_schema_info(account)
    asked = ExportQuery(
        since=since,
        grouped=query.get("group_category_id") == "1",
        siblings=query.get("same_parent_variants") == "1",
        upper_categories=query.get("parents_category_tree") == "1",
        empty_categories=query.get("add_empty_categories") == "1",
    )
    waiting = kind == "waiting"
    export = Export(account, asked, base_url=str(request.base_url).rstrip("/"), unfinished=waiting)
    length = account.connector.page_length or page_length(query.get("pagination", ""))
    paged = version != VERSIONS[0]
    try:
        data, count, following = export.page(position, length if paged else None)
    except ValueError as error_in_page:
        raise RefusedError(1, "Validation error") from error_in_page
    names = account.connector.names
    document["data"] = {names[table]: [] if lost else rows for table, rows in data.items()}
    document["waiting"] = {"images": {"total": export.unfinished, "partial": export.unfinished}, "files": 0}
    if paged:
        document["page_count"] = -(-export.total() // length)
        document["page_length"] = 0 if lost else count
        if following is not None and not lost:
            document["next_page"] = _next_page(account, request, query, following)
    return document


def _version(query: dict[str, str]) -> tuple[str, int]:
    version = query.get("ver", VERSIONS[0])
    if version not in VERSIONS:
        return VERSIONS[0], 6
    if query.get("output", "json") != "json":
        return version, 7
    return version, 8 if query.get("compression", "1") not in {"0", "1"} else 0


def _since(account: Account, query: dict[str, str], error: int) -> tuple[int | None, int]:
    """Return the start of the delta, or None for everything; a malformed date is reported and ignored."""
    text = query.get("last_update", "")
    if not text or text == "0":
        return None, error
    if not text.isdigit():
        return None, 5
    since = int(text)
    if since <= account.connector_changed_at and query.get("force_update_only") != "1":
        return None, error
    return since, error


def _schema(account: Account) -> dict[str, Any]:
    catalogue, settings = account.catalogue, account.connector
    names = [settings.names[table] for table in TABLES]
    words = {
        "categories": ("Categories", "Categorías", "Catégories", "Kategorien"),
        "products": ("Products", "Productos", "Produits", "Produkte"),
        "variants": ("Variants", "Variantes", "Variantes", "Varianten"),
    }
    return {
        "languages": settings.languages,
        "default_language": settings.languages[0],
        "connector_type": "default",
        "company_ID": catalogue.company["id"],
        "company_name": catalogue.company["name"],
        "sanitized_table_names": {name: name for name in names},
        "language_table_names": {
            settings.names[table]: dict(zip(catalogue.languages, words[table], strict=False))
            for table in TABLES
        },
        "custom_parameters": [],
        "offline_mode": 0,
    }


def _next_page(account: Account, request: Request, query: dict[str, str], following: str) -> str:
    """Return a complete signed address: the question again, freshly signed, with the place to go on from."""
    time, unique = str(int(account.now())), str(1 + account.counters["connector.requests"])
    signed = {
        **{name: value for name, value in query.items() if name not in {"key", "key256", "page"}},
        "time": time,
        "unique": unique,
        "key256": sign(CONNECTOR_CODE, CONNECTOR_SECRET, time, unique),
        "page": following,
    }
    return f"{request.url.replace(query='', fragment='')}?{urlencode(signed)}".replace("??", "?")
