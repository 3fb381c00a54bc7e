"""The query options of REST API 2.0: `$filter $select $orderby $expand $top $skip $skipToken`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from spapi_sandbox.sales_layer.odata_filter import FilterError, Predicate, compile_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spapi_sandbox.catalogue.entry import Entry, Table

PAGE = 100
OPTIONS = {"$filter", "$select", "$orderby", "$expand", "$top", "$skip", "$skipToken", "$count"}
EXPANDABLE: dict[Table, set[str]] = {"products": {"Variants"}, "variants": {"Products"}, "categories": set()}


class BadQueryError(ValueError):
    """The API answers 400; the message says why."""


@dataclass(frozen=True)
class Query:
    """Options of one request. `order_by` pairs a property with whether it descends."""

    filter_text: str = ""
    predicate: Predicate | None = None
    select: tuple[str, ...] = ()
    order_by: tuple[tuple[str, bool], ...] = ()
    expand: tuple[str, ...] = ()
    top: int = PAGE
    skip: int = 0
    skip_token: int | None = None
    nested: Any = field(default=None)

    def sort(self, entries: Iterable[Entry], plain: Callable[[Entry], dict[str, Any]]) -> list[Entry]:
        """Return the entries in the order asked for; missing values first, ties by id."""
        rows = [(plain(entry), entry) for entry in entries]
        for name, descending in reversed(self.order_by):
            rows.sort(key=partial(_rank_of, name), reverse=descending)
        return [entry for _, entry in rows]


def parse_query(options: list[tuple[str, str]], table: Table, names: set[str]) -> Query:
    """Return the query of a request to a resource with the properties `names`.

    Raises:
        BadQueryError: an option is unknown, repeated, malformed or cannot be combined.
    """
    given = dict(options)
    if len(given) != len(options) or not set(given) <= OPTIONS:
        unknown = sorted(set(given) - OPTIONS)
        raise BadQueryError(
            f"Unknown query option {unknown[0]}." if unknown else "A query option is given twice."
        )
    if "$skipToken" in given and {"$orderby", "$skip"} & set(given):
        raise BadQueryError("$skipToken cannot be combined with $orderby or $skip.")
    text = given.get("$filter", "")
    try:
        predicate = compile_filter(text, names) if "$filter" in given else None
    except FilterError as error:
        raise BadQueryError(str(error)) from error
    token = given.get("$skipToken")
    return Query(
        filter_text=text,
        predicate=predicate,
        select=_names("$select", given.get("$select"), names),
        order_by=_order(given.get("$orderby"), names),
        expand=_names("$expand", given.get("$expand"), EXPANDABLE[table]),
        top=min(_whole("$top", given.get("$top", str(PAGE))), PAGE),
        skip=_whole("$skip", given.get("$skip", "0")),
        skip_token=None if token is None else _whole("$skipToken", token),
        nested=Query(),
    )


def _names(option: str, text: str | None, allowed: set[str]) -> tuple[str, ...]:
    if text is None:
        return ()
    chosen = tuple(part.strip() for part in text.strip("[]").split(","))
    for name in chosen:
        if name not in allowed:
            raise BadQueryError(f"Could not find a property named '{name}' in {option}.")
    return tuple(dict.fromkeys(chosen))


def _order(text: str | None, names: set[str]) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in text.split(",") if text is not None else ():
        name, _, direction = part.strip().partition(" ")
        if direction.strip() not in {"", "asc", "desc"}:
            raise BadQueryError(f"Syntax error in $orderby near '{part.strip()}'.")
        _names("$orderby", name, names)
        order.append((name, direction.strip() == "desc"))
    return tuple(order)


def _whole(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadQueryError(f"{option} must be a whole number, not '{text}'.")
    return int(text)


def _rank_of(name: str, row: tuple[dict[str, Any], Entry]) -> tuple[int, float, str]:
    return _rank(row[0][name])


def _rank(value: object) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, str(value))
