"""Sales Layer's REST API 2.0, read only: Products, Variants, Categories and their metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi.responses import JSONResponse

from spapi_sandbox.sales_layer.credentials import API_KEY
from spapi_sandbox.sales_layer.faults import answer
from spapi_sandbox.sales_layer.rest_metadata import metadata
from spapi_sandbox.sales_layer.rest_query import BadQueryError, Query, parse_query
from spapi_sandbox.sales_layer.rest_record import Shape
from spapi_sandbox.sales_layer.rest_target import NotFoundError, Target, find_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.responses import Response

    from spapi_sandbox.catalogue.entry import Entry
    from spapi_sandbox.sales_layer.account import Account, Fault

PREFIX = "/sales_layer/rest/Catalog"


def add_routes(router: APIRouter, account: Account) -> None:
    """Serve the API below `PREFIX`."""

    def catalog(request: Request) -> Response:
        if request.headers.get("X-API-KEY") != API_KEY:
            return _error(401, "Unauthorized", "Access denied due to missing or invalid API key.")
        if not account.admit():
            account.count("rest.throttled")
            # The real body and headers of a throttled answer are undocumented: no Retry-After here.
            return _error(429, "TooManyRequests", "Rate limit is exceeded. Try again later.")
        return answer(account, "rest", lambda fault: _respond(account, request, fault))

    router.add_route(f"{PREFIX}/{{path:path}}", catalog, methods=["GET"])


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


def _respond(account: Account, request: Request, fault: Fault | None) -> Response:
    try:
        return JSONResponse(_document(account, request, lost=fault is not None and fault.kind == "lose_page"))
    except BadQueryError as error:
        return _error(400, "BadRequest", str(error))
    except NotFoundError as error:
        return _error(404, "NotFound", str(error))


def _document(account: Account, request: Request, *, lost: bool) -> dict[str, Any]:
    catalogue = account.catalogue
    language = request.headers.get("Accept-Language", catalogue.languages[0]).strip().lower()
    if language not in catalogue.languages:
        raise BadQueryError(f"Language '{language}' is not one of {', '.join(catalogue.languages)}.")
    path = request.path_params["path"].strip("/")
    link = str(request.url)
    if path.split("/")[-1] == "$metadata":
        return {"value": metadata(catalogue, path), "@readLink": link}
    target = find_target(catalogue, path)
    shape = Shape(catalogue, str(request.base_url).rstrip("/"), language, account.clock_offset)
    query = parse_query(list(request.query_params.multi_items()), target.table, shape.names(target.table))
    if target.entry is not None:
        return shape.selected(target.entry, query)
    items, after = ([], None) if lost else _page(account, shape, target, query)
    document: dict[str, Any] = {
        "value": items,
        "@count": _count(account, shape, target, query, path),
        "@readLink": link,
    }
    if after is not None:
        document["@nextLink"] = _next_link(request, query, after, len(items))
    return document


def _matching(shape: Shape, entries: Iterable[Entry], query: Query) -> Iterator[Entry]:
    for entry in entries:
        if query.predicate is None or query.predicate(shape.plain(entry)):
            yield entry


def _page(
    account: Account, shape: Shape, target: Target, query: Query
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the page's records, and the id after which the next page begins (None: this is the last).

    Where pages are found by place, it is the place instead of the id.
    """
    if account.paging == "modified" and not query.order_by:
        place = query.skip_token or query.skip
        matching = _matching(shape, target.entries(0), query)
        found = sorted(matching, key=lambda one: (one.modified, one.id))
        shown = [shape.selected(one, query) for one in found[place : place + query.top]]
        return shown, place + query.top if place + query.top < len(found) else None
    matching = _matching(shape, target.entries(query.skip_token or 0), query)
    if query.order_by:
        matching = iter(query.sort(matching, shape.plain))
    chosen: list[Entry] = []
    for position, entry in enumerate(matching):
        if position < query.skip:
            continue
        if len(chosen) == query.top:
            return [shape.selected(one, query) for one in chosen], chosen[-1].id if chosen else None
        chosen.append(entry)
    return [shape.selected(one, query) for one in chosen], None


def _count(account: Account, shape: Shape, target: Target, query: Query, path: str) -> int:
    def total() -> int:
        return sum(1 for _ in _matching(shape, target.entries(0), query))

    key = ("rest", path, query.filter_text, shape.language, account.clock_offset)
    count: int = account.remembered(key, total)
    return count


def _next_link(request: Request, query: Query, after: int, length: int) -> str:
    options = {
        name: value for name, value in request.query_params.items() if name not in {"$skip", "$skipToken"}
    }
    if query.order_by or query.skip:
        options["$skip"] = str(query.skip + length)
    else:
        options["$skipToken"] = str(after)
    # `=` and `,` of the values are escaped as well: a link is followed as it is.
    return str(request.url.replace(query=urlencode(options, safe="$", quote_via=quote)))
