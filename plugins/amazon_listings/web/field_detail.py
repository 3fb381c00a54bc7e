"""What the form of a field shows, and what an edit of it means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel

from amazon_listings.authoring.coverage import lines_by_path
from amazon_listings.authoring.pim_fields import PimField, access, pim_fields
from amazon_listings.authoring.proposals import score, value_of, wanted
from amazon_listings.web.drafted import sample
from amazon_listings.web.drafted_fields import key_of
from amazon_listings.web.item_page import shown
from amazon_product_types.definition import ENGINE_MEMBERS

if TYPE_CHECKING:
    from amazon_listings.web.drafted_fields import DraftedFields
    from amazon_product_types.fields import Field

Kind = Literal["pim", "constant", "expression", "none"]
#: Items whose PIM fields are looked at, and proposals shown.
LOOKED_AT, PROPOSED = 200, 3
#: How well a PIM field must fit to be proposed.
LIKELY = 0.5


class Edit(BaseModel, frozen=True):
    """What fills a field: a PIM field, a constant, an expression, or nothing."""

    field: str
    kind: Kind = "expression"
    pim: str = ""
    constant: str = ""
    expression: str = ""
    revision: int = 0


@dataclass(frozen=True)
class Proposed:
    """A PIM field that may fill a field, with what speaks for it."""

    expression: str
    name: str
    titles: tuple[str, ...]
    filled: float
    values: tuple[str, ...]
    sure: float


def value_of_edit(edit: Edit) -> Any:
    """Return the value of a mapping line that an edit means; None takes the line away."""
    if edit.kind == "none":
        return None
    if edit.kind == "pim":
        return f"{{{{ {access(edit.pim)} }}}}" if edit.pim else None
    text = edit.constant if edit.kind == "constant" else edit.expression
    if (
        edit.kind == "expression"
        and text.lstrip().startswith(("[", "- ", "{"))
        and not text.lstrip().startswith("{{")
    ):
        try:
            written = yaml.safe_load(text)
        except yaml.YAMLError:
            return text
        return written if isinstance(written, list | dict) else text
    return text.strip() or None


def detail_of(found: DraftedFields, field: Field) -> dict[str, Any]:
    """Return what the form of a field shows: its value now, PIM fields, proposals."""
    lines = lines_by_path(found.mapping) if found.mapping else {}
    line = lines.get(field.path)
    key = key_of(found, field)
    value = found.then.mapping.get(line.key) if line else None
    items = [item for family in sample(found.ledger, found.key, LOOKED_AT) for item in family]
    known = pim_fields(items)
    by_expression = {f"{{{{ {one.expression} }}}}": one for one in known if not one.series}
    kind: Kind = "expression"
    if value is None or (isinstance(value, str) and value in by_expression):
        kind = "pim"
    elif isinstance(value, str) and "{" not in value:
        kind = "constant"
    return {
        "key": key,
        "line": line.number if line else None,
        "file": line.file if line else "",
        "value": value,
        "kind": kind,
        "text": written(value),
        "pim": by_expression[value].name if kind == "pim" and value is not None else "",
        "known": sorted(known, key=lambda one: one.name),
        "proposals": _proposals(field, known, found),
        "in_draft": key in found.changes,
    }


def _proposals(field: Field, known: list[PimField], found: DraftedFields) -> list[Proposed]:
    unit = next((one for one in found.definitions.index.fields if one.path == field.unit), None)
    asked = wanted(field)
    scored = sorted(
        ((score(asked, one), one.filled, one) for one in known), key=lambda each: (-each[0], -each[1])
    )
    proposals = []
    for sure, filled, one in scored[:PROPOSED]:
        if sure < LIKELY:
            continue
        value = value_of(unit, one, known).value
        proposals.append(
            Proposed(written(value), one.name, tuple(one.titles), filled, tuple(one.texts[:3]), sure)
        )
    return proposals


def written(value: Any) -> str:
    """Return a value of a mapping line as it is edited."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def values_of(elements: Any) -> list[str]:
    """Return the elements of an attribute as a person reads them, without what only selects them."""
    found = []
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, dict):
            kept = {name: value for name, value in element.items() if name not in ENGINE_MEMBERS}
            only = next(iter(kept.values())) if len(kept) == 1 else kept
            found.append(shown(only))
        else:
            found.append(shown(element))
    return found
