"""Extract: PIM items in the run's scope, with their SKU, in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.errors import ItemError, RunRefused
from amazon_listings.mapping.expressions import ExpressionError, compile_expression
from amazon_listings.mapping.rows import Row
from amazon_listings.sales_layer.selection import Selection
from amazon_listings.sync.run_folder import part_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.sales_layer.reading import Reading
    from amazon_listings.sync.run_folder import RunFolder
    from amazon_listings.sync.scope import Scope


def extract_products(
    connector: Connector,
    scope: Scope,
    *,
    read: Callable[[Selection], Reading],
    folder: RunFolder,
    part_size: int,
) -> dict[str, Any]:
    """Read the PIM into the run's folder.

    Args:
        connector: The connector that runs.
        scope: What the run covers.
        read: Reads a selection from the connector's source.
        folder: The run's folder; the stage `extract` is written anew.
        part_size: Items of a part; one family is never split, so a part may be a little larger.

    Returns:
        `parts` (names), `extracted`, `out_of_scope`, `unreadable` (records that could not become
        items), `cursor` and `full`.

    Raises:
        RunRefused: more SKUs than the connector allows.
        TryAgain, PersonMustAct: the PIM could not be read.
    """
    source = connector.source
    languages = tuple(dict(connector.language_tags))
    if source.fallback_language and source.fallback_language not in languages:
        languages = (*languages, source.fallback_language)
    reading = read(
        Selection(
            statuses=source.statuses,
            languages=languages,
            changed_since=scope.since,
            changed_until=scope.until,
            tags=getattr(source, "tags", ()),
        )
    )
    folder.clear("extract", "problems")
    chosen = _Choice(connector, scope)
    parts: list[str] = []
    for items in _parts(chosen(reading), part_size):
        parts.append(part_name(len(parts) + 1))
        folder.write("extract", parts[-1], items)
    problems = [*reading.problems, *chosen.problems]
    folder.write("problems", part_name(1), ({"sku": p.sku, "message": str(p)} for p in problems))
    if scope.kind == "everything" and not chosen.taken and not problems:
        raise RunRefused(
            f"The PIM has no item for the connector {connector.id}: {chosen.left:,} were read, "
            "none was in scope.",
            hint=f"Check its statuses ({', '.join(source.statuses)}) and its filter; nothing was sent.",
        )
    summary = {
        "parts": parts,
        "extracted": chosen.taken + len(problems),
        "out_of_scope": chosen.left,
        "unreadable": len(problems),
        "cursor": reading.cursor,
        "full": reading.full,
        "removed": len(reading.removed),
    }
    folder.note("extract", summary)
    folder.note("removed", {"ids": reading.removed})
    return summary


class _Choice:
    """Gives each item its SKU, and keeps those in scope; counts as it goes."""

    def __init__(self, connector: Connector, scope: Scope) -> None:
        self.taken = 0
        self.left = 0
        self.problems: list[ItemError] = []
        self._connector = connector
        self._skus = scope.skus
        self._language = next(iter(dict(connector.language_tags)), "")
        self._sku = compile_expression(connector.source.sku)
        self._filter = compile_expression(connector.source.filter) if connector.source.filter else None

    def __call__(self, items: Iterable[Item]) -> Iterator[Item]:
        limit = self._connector.source.sku_limit
        for item in items:
            try:
                # A product without variants has no variant fields: they are empty, not mistakes.
                row = Row(item, self._language)
                sku = self._sku.evaluate(row)
                wanted = self._filter is None or bool(self._filter.evaluate(row))
            except ExpressionError as error:
                message = f"{item['id']}: the connector's `sku` or `filter` fails: {error}."
                self.problems.append(ItemError(message, sku=item["id"]))
                continue
            item["sku"] = None if sku is None or sku == "" else str(sku)
            if not wanted or (self._skus and item["sku"] not in self._skus):
                self.left += 1
                continue
            self.taken += 1
            if self.taken > limit:
                raise RunRefused(
                    f"The connector {self._connector.id} is limited to {limit:,} SKUs, and the PIM has more "
                    "in its filter; nothing was sent.",
                    hint=f"Raise `sku_limit` in {self._connector.where}, or narrow its statuses or filter.",
                )
            yield item


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of about `size` items that never split a family; its items arrive side by side."""
    part: list[Item] = []
    for item in items:
        if len(part) >= size and item["group"] != part[-1]["group"]:
            yield part
            part = []
        part.append(item)
    if part:
        yield part
