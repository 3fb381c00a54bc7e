"""What a REST path means: a resource, one of its entries, or the entries related to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spapi_sandbox.sales_layer.rest_record import TABLE_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spapi_sandbox.catalogue.catalogue import Catalogue
    from spapi_sandbox.catalogue.entry import Entry, Table

PATH = re.compile(r"(?P<resource>\w+)(?:\((?P<key>\d+|'(?:[^']|'')*')\)(?:/(?P<related>\w+))?)?")
RELATED: dict[tuple[str, str], Table] = {
    ("Products", "Variants"): "variants",
    ("Categories", "Products"): "products",
}


class NotFoundError(LookupError):
    """There is nothing at this path; the message says what is missing."""


@dataclass(frozen=True)
class Target:
    """Entries of `table` by id, or the single `entry`."""

    table: Table
    entries: Callable[[int], Iterator[Entry]]
    entry: Entry | None = None


def find_target(catalogue: Catalogue, path: str) -> Target:
    """Return the target of a path such as `Products`, `Products(1001)` or `Products('LUM-L101')/Variants`.

    Raises:
        NotFoundError: no such resource, entry or relation.
    """
    match = PATH.fullmatch(path)
    if match is None or match["resource"] not in TABLE_OF:
        raise NotFoundError(f"Resource not found for the segment '{path}'.")
    table = TABLE_OF[match["resource"]]
    if match["key"] is None:
        return Target(table, lambda after: catalogue.entries(table, after))
    entry = _by_key(catalogue, table, match["key"])
    if match["related"] is None:
        return Target(table, lambda _: iter(()), entry)
    related = RELATED.get((match["resource"], match["related"]))
    if related is None:
        raise NotFoundError(f"Resource not found for the segment '{match['related']}'.")
    if related == "variants":
        return Target(related, lambda after: (v for v in catalogue.variants_of(entry.id) if v.id > after))
    return Target(
        related, lambda after: (p for p in catalogue.entries("products", after) if entry.id in p.categories)
    )


def _by_key(catalogue: Catalogue, table: Table, key: str) -> Entry:
    if key.startswith("'"):
        ref = key[1:-1].replace("''", "'")
        entry = next((one for one in catalogue.entries(table) if one.ref == ref), None)
    else:
        entry = catalogue.get(table, int(key))
    if entry is None:
        raise NotFoundError(f"There is no entry {key} in {table}.")
    return entry
