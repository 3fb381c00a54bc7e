"""The fields of a product type as a list: how each stands, and what a choice leaves of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from amazon_listings.authoring.coverage import lines_by_path
from amazon_listings.ledger.items.issues import open_issues
from amazon_listings.web.references import Number
from amazon_product_types.matching import chain, normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.web.drafts.drafted_fields import DraftedFields
    from amazon_product_types.fields import Field

Mark = Literal["mapped", "required", "conditional", "recommended", "optional"]


#: A PIM field in an expression: `item.name`, or `item['name']`.
_READ = re.compile(r"\bitem(?:\.(\w+)|\[['\"]([^'\"]+)['\"]\])")
#: The choice of the fields that Amazon changed.
CHANGED = "changed"


class Choice(BaseModel, frozen=True):
    """Which fields are listed, and which one is open; of versions, those older than one with a number."""

    q: str = ""
    show: str = ""
    field: str = ""
    attribute: str = ""
    versions_before: Number | None = None


@dataclass(frozen=True)
class FieldEntry:
    """A field in the list.

    `key` and `line` are the mapping line that fills it, `filled_by` the PIM fields that this line reads, or
    its text; `changes`, where asked, is what Amazon changed.
    """

    path: str
    label: str
    group: str
    requirement: str
    mark: Mark
    key: str
    line: int | None
    filled_by: str
    drafted: bool
    issues: int
    changes: list[str]


def entries(
    found: DraftedFields, described: tuple[Field, ...], changed: Mapping[str, list[str]]
) -> list[FieldEntry]:
    """Return the fields in the definition's order, each with what fills it.

    Args:
        found: The connector with its draft.
        described: The fields of its product type.
        changed: What Amazon changed, by the path of a field.
    """
    lines = lines_by_path(found.mapping) if found.mapping else {}
    issues = Counter(
        known.issue.attribute
        for known in open_issues(found.ledger, found.key)
        if known.issue.severity == "ERROR"
    )
    listed = []
    for item in described:
        line = lines.get(item.path)
        if line is None and (item.hidden or (item.is_unit and item.unit is None)):
            continue
        listed.append(
            FieldEntry(
                path=item.path,
                label=chain(item.labels),
                group=item.group,
                requirement=item.requirement,
                mark=_mark(item, mapped=line is not None),
                key=line.key if line else "",
                line=line.number if line else None,
                filled_by=_filled_by(found.then.mapping.get(line.key)) if line else "",
                drafted=line is not None and line.key in found.changes,
                issues=issues[item.attribute],
                changes=changed.get(item.path, []),
            )
        )
    return listed


@lru_cache(maxsize=32)
def described_fields(definitions: Definitions, language: str) -> tuple[Field, ...]:
    """Return the fields of a definition, their conditions in a language."""
    return tuple(definitions.fields(language))


def narrowed(listed: list[FieldEntry], choice: Choice) -> list[FieldEntry]:
    """Return the entries that a choice leaves."""
    text = normal(choice.q)
    return [
        one
        for one in listed
        if (not text or text in normal(f"{one.label} {one.path} {one.key}"))
        and (
            choice.show in {"", one.mark}
            or (choice.show == "issues" and one.issues)
            or (choice.show == "draft" and one.drafted)
            or (choice.show == CHANGED and one.changes)
        )
    ]


def opened(described: tuple[Field, ...], listed: list[FieldEntry], choice: Choice) -> Field | None:
    """Return the field that is open: the chosen one, one of the chosen attribute, or the first required."""
    by_path = {item.path: item for item in described}
    if choice.field in by_path:
        return by_path[choice.field]
    if choice.attribute:
        mine = [one for one in listed if by_path[one.path].attribute == choice.attribute]
        mine.sort(key=lambda one: (one.mark != "required", one.mark != "mapped"))
        if mine:
            return by_path[mine[0].path]
    first = next((one for one in listed if one.mark == "required"), listed[0] if listed else None)
    return by_path[first.path] if first else None


def _filled_by(value: Any) -> str:
    """Return the PIM fields that the value of a mapping line reads, or its text where it reads none."""
    text = str(value)
    names = [one for pair in _READ.findall(text) for one in pair if one]
    return ", ".join(dict.fromkeys(names)) or (text if isinstance(value, str | int | float) else "")


def _mark(item: Field, *, mapped: bool) -> Mark:
    if mapped:
        return "mapped"
    if item.requirement == "required" or item.needed_alone:
        return "required"
    return item.requirement if item.requirement in {"conditional", "recommended"} else "optional"  # type: ignore[return-value]
