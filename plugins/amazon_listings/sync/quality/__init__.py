"""Check the extract: is it fit to be mapped? A bad item is blocked, a bad extract ends the run."""

from __future__ import annotations

import itertools
import shutil
from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from amazon_listings.errors import RunRefused
from amazon_listings.sync.map_fields import compiled
from amazon_listings.sync.quality.columns import Columns, sku_counts
from amazon_listings.sync.quality.expectations import IDENTIFIER, Expected, added, standard
from amazon_listings.sync.quality.suite import Suite, concerns_items
from amazon_listings.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.sync.definitions import Definitions
    from amazon_listings.sync.run_folder import RunFolder


class ExtractRefused(RunRefused):
    """The extract as a whole is not what the connector expects; nothing was sent."""


def check_quality(connector: Connector, definitions: Definitions, folder: RunFolder) -> dict[str, int]:
    """Check every part of the extract with Great Expectations.

    Writes the stage `quality`: for each item at fault its issues, and Great Expectations' own pages
    (Data Docs) beside them.

    Args:
        connector: The connector that runs; its `quality` adds expectations.
        definitions: Say which attributes are required, so which PIM fields must not be empty.
        folder: The run's folder.

    Returns:
        `checked` and `blocked` items.

    Raises:
        ExtractRefused: an expectation about the extract as a whole is not met.
        UnknownExpectation: the connector's `quality` names what Great Expectations does not have.
    """
    mapping = compiled(connector, definitions)
    required = set(definitions.document.get("required", ()))
    expectations = [*standard(mapping, required), *added(connector)]
    by_item = [expected for expected in expectations if concerns_items(expected)]
    whole = [expected for expected in expectations if not concerns_items(expected)]
    languages = [pim for pim, _ in connector.language_tags]
    skus = sku_counts(_all_items(folder))
    folder.clear("quality")
    counts = {"checked": 0, "blocked": 0}
    with TemporaryDirectory() as pages:
        suite = Suite("items", by_item, Path(pages))
        columns = Columns({"pim_id", *(name for one in by_item for name in one.columns)}, languages, skus)
        for part in folder.parts("extract"):
            items = list(folder.read("extract", part))
            issues = _issues(suite, [columns.of(item) for item in items], definitions.language, items)
            counts["checked"] += len(items)
            counts["blocked"] += len(issues)
            folder.write(
                "quality",
                part,
                (
                    {
                        "id": item["id"],
                        "sku": item["sku"],
                        "blocks": True,
                        "issues": [issue.to_dict() for issue in issues[item["id"]]],
                    }
                    for item in items
                    if item["id"] in issues
                ),
            )
        suite.write_pages()
        _keep(Path(pages), folder.stage("quality") / "items")
    if whole:
        _check_whole(whole, Columns({name for one in whole for name in one.columns}, languages, skus), folder)
    return counts


def _issues(
    suite: Suite, rows: list[dict[str, Any]], language: str, items: list[Item]
) -> dict[str, list[Issue]]:
    """The issues of each item at fault, by its PIM identity."""
    skus = {item["id"]: item["sku"] for item in items}
    found: dict[str, list[Issue]] = defaultdict(list)
    for expected, faults in suite.check(rows):
        for pim_id, value in faults or ():
            found[pim_id].append(_issue(expected, value, skus[pim_id], language))
    return found


def _issue(expected: Expected, value: Any, sku: str | None, language: str) -> Issue:
    shown = str(value)[:200] if value is not None else ""
    words = _messages()[expected.code]
    message, action = words.get(language, words["en"])
    facts = {
        "sku": sku or "",
        "found": shown,
        "length": len(shown),
        "field": expected.field,
        "type": expected.type,
        "column": expected.column,
    }
    return Issue(
        code=expected.code,
        severity="ERROR",
        source="quality",
        attribute=IDENTIFIER if expected.code == "gtin" else "",
        message=message.format_map(facts),
        action=action,
        found=value,
        origin=Origin(expected.line, expected.key, expected.field) if expected.field else None,
    )


def _check_whole(expectations: list[Expected], columns: Columns, folder: RunFolder) -> None:
    """Check expectations about the extract as a whole, on just the columns they name."""
    with TemporaryDirectory() as pages:
        suite = Suite("extract", expectations, Path(pages))
        failed = [expected for expected, _ in suite.check([columns.of(item) for item in _all_items(folder)])]
        suite.write_pages()
        _keep(Path(pages), folder.stage("quality") / "extract")
    if failed:
        listed = ", ".join(f"{one.type} {dict(one.kwargs)}" for one in failed)
        raise ExtractRefused(
            f"The extract as a whole is not what the connector expects: {listed}.",
            hint="Correct the catalogue in the PIM, or the connector's `quality`; nothing was sent.",
        )


def _all_items(folder: RunFolder) -> Iterator[Item]:
    return itertools.chain.from_iterable(folder.read("extract", part) for part in folder.parts("extract"))


def _keep(pages: Path, place: Path) -> None:
    """Copy Data Docs to the run's folder, which may be object storage."""
    for file in sorted(pages.rglob("*")):
        target = place / file.relative_to(pages).as_posix()
        if file.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)


@cache
def _messages() -> dict[str, dict[str, tuple[str, str]]]:
    messages: dict[str, dict[str, tuple[str, str]]] = yaml.safe_load(
        (Path(__file__).parent / "messages.yaml").read_text(encoding="utf-8")
    )
    return messages
