"""What the form of a field shows, and what an edit of it means."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel

from amazon_listings.authoring.coverage import lines_by_path
from amazon_listings.authoring.mending import ValueTable, value_table
from amazon_listings.authoring.pim_fields import PimField, access, pim_fields
from amazon_listings.authoring.proposals import score, value_of, wanted
from amazon_listings.web.drafts.drafted import sample
from amazon_listings.web.drafts.drafted_fields import key_of
from amazon_listings.web.references import Number
from amazon_product_types import json_pointer
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from amazon_listings.item import Item
    from amazon_listings.web.drafts.drafted_fields import DraftedFields
    from amazon_product_types.fields import Field

Kind = Literal["pim", "table", "constant", "expression", "none"]
#: Items whose PIM fields are looked at, proposals shown, rows of a table of values.
LOOKED_AT, PROPOSED, MOST_ROWS = 200, 3, 60
#: How well a PIM field must fit to be proposed.
LIKELY = 0.5


class Edit(BaseModel, frozen=True):
    """What fills a field: a PIM field, a table of its values, a constant, an expression, or nothing.

    `preview_skus`: SKUs or PIM identities of the products to look at; the first ones if it is empty.
    """

    field: str
    kind: Kind = "expression"
    pim: str = ""
    constant: str = ""
    expression: str = ""
    table_pim: str = ""
    table_from: list[str] | str = []
    table_to: list[str] | str = []
    revision: Number = 0
    preview_skus: str = ""

    @property
    def table(self) -> dict[str, str]:
        """Return what stands for each value; a value without anything stays as it is."""
        both = (self.table_from, self.table_to)
        written_from, written_to = ([one] if isinstance(one, str) else one for one in both)
        return {value: meant for value, meant in zip(written_from, written_to, strict=False) if meant}


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
    if edit.kind == "table":
        return ValueTable(access(edit.table_pim), edit.table).text if edit.table_pim else None
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
    tabled = None
    if value is None or (isinstance(value, str) and value in by_expression):
        kind = "pim"
    elif (tabled := value_table(value)) is not None:
        kind = "table"
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
        "table_pim": _pim_of(tabled.expression, known) if tabled else "",
        "known": sorted(known, key=lambda one: one.name),
        "proposals": _proposals(field, known, found),
        "in_draft": key in found.changes,
        "layer": Path(found.connector.where.files.get(json_pointer.below("/mapping", key), "")).name,
    }


@dataclass(frozen=True)
class TableRow:
    """A value of a PIM field, how many products have it, and what stands for it."""

    value: str
    count: int
    meant: str
    likely: bool


def table_rows(found: DraftedFields, field: Field, pim: str) -> list[TableRow]:
    """Return the values of a PIM field as a table, with the options that come closest."""
    items = [item for family in sample(found.ledger, found.key, LOOKED_AT) for item in family]
    line = lines_by_path(found.mapping).get(field.path) if found.mapping else None
    now = value_table(found.then.mapping.get(line.key)) if line else None
    table = dict(now.table) if now and now.expression == access(pim) else {}
    counted: Counter[str] = Counter()
    for item in items:
        counted.update({_text_of(item, pim)} - {""})
    options = [option for option in field.options if not option.deprecated]
    names = {str(option.name) for option in options}
    codes = {str(option.value): str(option.name) for option in options}
    rows = []
    for value, count in [*counted.most_common(MOST_ROWS), *((one, 0) for one in table if one not in counted)]:
        meant = table.get(value, "")
        likely = ""
        if not meant and options and value not in names and value not in codes:
            near = next(iter(closest(value, [*names, *codes])), "")
            likely = codes.get(near, near)
        rows.append(TableRow(value, count, codes.get(meant, meant) or likely, bool(likely)))
    return rows


def _text_of(item: Item, pim: str) -> str:
    for record in (item["variant"], item["product"]):
        value = record["fields"].get(pim) if record else None
        value = value or (next(iter(record["texts"].get(pim, {}).values()), None) if record else None)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value).strip()
    return ""


def _pim_of(expression: str, known: list[PimField]) -> str:
    return next((one.name for one in known if one.expression == expression), "")


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
