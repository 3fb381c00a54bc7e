"""Check the extract: is it fit to be mapped? A bad item is blocked, a bad extract ends the run."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from amazon_listings.checks.quality.columns import ALWAYS, Columns
from amazon_listings.checks.quality.expectations import Expected, added, sku_origin, standard
from amazon_listings.checks.quality.pages import Tally, write_page
from amazon_listings.checks.quality.suite import ACROSS_ROWS, Suite, faults, frame_of, per_item
from amazon_listings.checks.quality.wording import issue_of, observed
from amazon_listings.errors import ActionRequiredError, RunAbortedError
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.related_tables import load_tables
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_product_types.validation.issue import Issue


#: Title and meaning of each of Great Expectations' pages.
_PAGES = {
    "items": ("checks of each item", "An item that fails one of them is blocked; the others go on."),
    "across": ("checks of items with each other", "An item that fails one of them is blocked."),
    "extract": (
        "checks of the extract as a whole",
        "If one of them fails, the run ends and nothing is sent.",
    ),
}


class ExtractRefused(RunAbortedError):
    """The extract as a whole is not what the connector expects; nothing was sent."""


class UnknownColumn(ActionRequiredError):
    """An expectation looks at a field that the PIM does not send."""


def check_quality(connector: Connector, definitions: Definitions, folder: RunFolder) -> dict[str, int]:
    """Check every part of the extract with Great Expectations.

    Writes the stage `quality`: for each item at fault its issues, and Great Expectations' own page
    (Data Docs): `items.html`, and `across.html`, `extract.html` where the connector's expectations need them.

    Args:
        connector: The connector that runs; its `quality` adds expectations.
        definitions: Say which attributes are required, so which PIM fields must not be empty.
        folder: The run's folder.

    Returns:
        `checked` and `blocked` items.

    Raises:
        ExtractRefused: an expectation about the extract as a whole is not met.
        UnknownExpectation: the connector's `quality` names what Great Expectations does not have, or
            misuses it.
        UnknownColumn: the connector's `quality` looks at a field that the PIM does not send.
    """
    return _Check(connector, definitions, folder).run()


class _Check:
    """One check: the expectations by how they are checked, and what they look at."""

    def __init__(self, connector: Connector, definitions: Definitions, folder: RunFolder) -> None:
        self._connector = connector
        self._folder = folder
        self._language = definitions.language
        self._languages = [pim for pim, _ in connector.language_tags]
        self._place = f"{str(connector.where) or connector.id}, `quality`"
        extract = folder.noted("extract") or {}
        self._fields = set(extract.get("fields", ()))
        texts = {f"{name}_{language}" for name in self._fields for language in self._languages}
        self._known = self._fields | texts | ALWAYS
        own = list(added(connector))
        self._refuse_unknown_columns(own)
        required = set(definitions.document.get("required", ()))
        mapping = compiled(connector, definitions, load_tables(connector, folder))
        self._tables = mapping.setting.tables
        expectations = [*standard(mapping, required, definitions.labels, sku_origin(connector)), *own]
        single = [one for one in expectations if per_item(one, self._place_of(one))]
        self._by_part = [one for one in single if one.type not in ACROSS_ROWS]
        self._across = [one for one in single if one.type in ACROSS_ROWS]
        self._whole = [one for one in expectations if one not in single]
        self._skus = Counter(item["sku"] for item in self._items() if item["sku"])

    def run(self) -> dict[str, int]:
        self._folder.clear("quality")
        found = self._check_across()
        warnings = self._check_whole()
        counts = {"checked": 0, "blocked": 0}
        suite = Suite("items", self._by_part, self._place)
        columns, tally = self._columns(self._by_part), Tally()
        for part in self._folder.parts("extract"):
            items = list(self._folder.read("extract", part))
            frame = frame_of(columns.names, _rows(columns, items), inferred=False)
            skus = {item["pim_id"]: item["sku"] for item in items}
            issues: dict[str, list[Issue]] = defaultdict(list)
            for expected, result in suite.check(frame):
                for pim_id, value in faults(expected, result):
                    issues[pim_id].append(issue_of(expected, value, skus[pim_id], self._language))
                tally.add(result)
            for pim_id in skus.keys() & found.keys():
                issues[pim_id] += (
                    issue_of(e, value, skus[pim_id], self._language) for e, value in found[pim_id]
                )
            rows = [_row(item, issues[item["pim_id"]]) for item in items if item["pim_id"] in issues]
            counts["checked"] += len(items)
            counts["blocked"] += sum(row["blocks"] for row in rows)
            self._folder.write("quality", part, rows)
        self._keep_page("items", tally, self._by_part)
        self._folder.note("quality", {**counts, "warnings": warnings})
        return counts

    def _check_across(self) -> dict[str, list[tuple[Expected, Any]]]:
        """Faults of expectations that compare items with each other, by the item's PIM identity."""
        found: dict[str, list[tuple[Expected, Any]]] = defaultdict(list)
        if not self._across:
            return found
        columns, tally = self._columns(self._across), Tally()
        frame = frame_of(columns.names, _rows(columns, self._items()), inferred=False)
        for expected, result in Suite("across", self._across, self._place).check(frame):
            for pim_id, value in faults(expected, result):
                found[pim_id].append((expected, value))
            tally.add(result)
        self._keep_page("across", tally, self._across)
        return found

    def _check_whole(self) -> list[str]:
        """Check what is about the extract as a whole; the sentences of what only warns."""
        if not self._whole:
            return []
        wanted = {name for one in self._whole for name in one.columns}
        if any(one.type.startswith("expect_table_column") for one in self._whole):
            wanted |= set(self._fields)
        columns, tally = self._columns(self._whole, wanted & self._known), Tally()
        frame = frame_of(columns.names, _rows(columns, self._items()), inferred=True)
        failed: list[tuple[Expected, str]] = []
        for expected, result in Suite("extract", self._whole, self._place).check(frame):
            if not result.success:
                failed.append((expected, observed(expected, result)))
            tally.add(result)
        self._keep_page("extract", tally, self._whole)
        refused = [said for expected, said in failed if expected.severity == "ERROR"]
        if refused:
            raise ExtractRefused(
                f"The extract as a whole is not what the connector {self._connector.id} expects: "
                f"{'; '.join(refused)}. Nothing was sent.",
                hint=f"Correct the catalogue in the PIM, or {self._place}.",
            )
        return [f"The extract as a whole: {said}." for _, said in failed]

    def _columns(self, expectations: list[Expected], wanted: set[str] | None = None) -> Columns:
        named = {name for one in expectations for name in one.columns} if wanted is None else wanted
        mentioned = {name for one in expectations for name in one.mentioned & self._known}
        return Columns(
            named | mentioned,
            probes={one.column: one.probe for one in expectations if one.probe},
            languages=self._languages,
            fallback=self._connector.source.fallback_language,
            skus=self._skus,
            tables=self._tables,
        )

    def _items(self) -> Iterator[Item]:
        parts = self._folder.parts("extract")
        return itertools.chain.from_iterable(self._folder.read("extract", part) for part in parts)

    def _place_of(self, expected: Expected) -> str:
        return f"{self._place}, line {expected.line}" if expected.line else self._place

    def _refuse_unknown_columns(self, own: list[Expected]) -> None:
        """An expectation on a column that nobody fills would pass, or fail, for everything."""
        if not self._fields:
            return  # nothing was extracted
        for expected in own:
            unknown = sorted(expected.columns - self._known)
            if unknown and expected.type != "expect_column_to_exist":
                near = closest(unknown[0], sorted(self._known), most=3)
                raise UnknownColumn(
                    f"{self._place_of(expected)}: {expected.type} looks at “{unknown[0]}”, and no item "
                    "of the extract has such a field.",
                    hint=f"Did you mean {', '.join(near)}?" if near else "Correct the name of the column.",
                )

    def _keep_page(self, name: str, tally: Tally, expectations: list[Expected]) -> None:
        page = write_page(
            tally,
            expectations,
            title=f"{self._connector.title}: {_PAGES[name][0]}",
            notes=(_PAGES[name][1], f"Connector {self._connector.id}. The run's report names every item."),
        )
        path = self._folder.stage("quality") / f"{name}.html"
        path.write_bytes(page.encode("utf-8", "replace"))


def _rows(columns: Columns, items: Iterable[Item]) -> Iterator[list[Any]]:
    """The columns of each item; a family's items arrive side by side."""
    for _, group in itertools.groupby(items, key=lambda item: item["group"]):
        family = list(group)
        siblings = [item["variant"] for item in family if item["variant"]]
        for item in family:
            yield columns.of(item, siblings)


def _row(item: Item, issues: list[Issue]) -> dict[str, Any]:
    return {
        "pim_id": item["pim_id"],
        "sku": item["sku"],
        "blocks": any(issue.severity == "ERROR" for issue in issues),
        "issues": [issue.to_dict() for issue in issues],
    }
