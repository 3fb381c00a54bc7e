"""A change of a mapping that frees items of an issue: a table of values, a number read out, a PIM field."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.authoring.proposals import score, value_of, wanted
from amazon_product_types.matching import closest, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.authoring.pim_fields import PimField
    from amazon_product_types.fields import Field
    from amazon_product_types.labels import FieldIndex
    from amazon_product_types.validation.issue import Issue

#: How well a PIM field must fit to be proposed, and how alike an option must be to a value; to one that
#: Amazon may take as it is, much more: "sand" is not "blue" because both are short.
LIKELY, ALIKE, MUCH_ALIKE = 0.5, 0.4, 0.75
_PLAIN = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_TABLE = re.compile(r"\{\{\s*(\{.*\})\[(.+)\]\s+or\s+(.+?)\s*\}\}", re.DOTALL)
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True)
class ValueTable:
    """A table of values: what stands for each value of an expression; other values stay as they are."""

    expression: str
    table: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return it as a mapping writes it."""
        table = json.dumps(dict(self.table), ensure_ascii=False)
        return f"{{{{ {table}[{self.expression}] or {self.expression} }}}}"


@dataclass(frozen=True)
class Mend:
    """A line of a mapping that would free items.

    `kind` is `option`, `number` or `field`; `value` the line's new value, `about` what it reads or writes.
    """

    kind: str
    key: str
    value: Any
    about: str


def value_table(text: object) -> ValueTable | None:
    """Return the table of values that a line is, or None."""
    found = _TABLE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or found[2].strip() != found[3].strip():
        return None
    try:
        table = json.loads(found[1])
    except ValueError:
        return None
    if not isinstance(table, dict) or not all(isinstance(one, str) for one in table.values()):
        return None
    return ValueTable(found[2].strip(), table)


def mend_of(
    issue: Issue, key: str, value: object, *, index: FieldIndex, known: Sequence[PimField], name: str
) -> Mend | None:
    """Return a change that may free the items of an issue; None where only a person knows one.

    Args:
        issue: The issue.
        key: The mapping line behind it; empty where no line fills the field.
        value: That line's value.
        index: The product type's fields.
        known: The PIM's fields.
        name: The key that a line of the field gets where there is none.
    """
    fields = [one for one in index.fields if one.attribute == issue.attribute]
    if not fields:
        return None
    if not key:
        return _from_pim(fields, known, index, name) if issue.code.startswith("missing") else None
    if not isinstance(value, str) or not isinstance(issue.found, str):
        return None
    alike = ALIKE if issue.severity == "ERROR" else MUCH_ALIKE
    return _other_value(issue.found.strip(), fields, f"{issue.attribute}.value", key, value, alike)


def _other_value(  # noqa: PLR0917 - each is another thing
    found: str, fields: Sequence[Field], path: str, key: str, value: str, alike: float
) -> Mend | None:
    """Return a change of what a line reads from a PIM field, or from a table of its values."""
    table, plain = value_table(value), _PLAIN.fullmatch(value.strip())
    if not found or (table is None and plain is None):
        return None
    expression = table.expression if table else str(plain[1] if plain else "")
    chosen = [one for one in fields if one.options and not one.is_unit]
    if chosen:
        field = next((one for one in chosen if one.path == path), chosen[0])
        return _option(found, field, ValueTable(expression, table.table if table else {}), key, alike)
    numeric = any(one.json_type in {"number", "integer"} for one in fields)
    if numeric and table is None and _NUMBER.search(found) and "|" not in expression:
        return Mend("number", key, f"{{{{ {expression} | extract_number }}}}", found)
    return None


def _option(found: str, field: Field, table: ValueTable, key: str, alike: float) -> Mend | None:
    """Return the table with what comes closest to a value, where something does."""
    names = {option.name: option.value for option in field.options if not option.deprecated}
    known = [*names, *names.values()]
    near = next(iter(closest(found, known, alike=alike)), None) or _word_of(found, known)
    if near is None or found in table.table:
        return None
    meant = near if near in names else next(name for name, code in names.items() if code == near)
    wider = ValueTable(table.expression, {**table.table, found: str(meant)})
    return Mend("option", key, wider.text, str(meant))


def _word_of(found: str, known: Sequence[str]) -> str | None:
    """Return the longest of the known texts whose words a value has among its own: "moss green" is green."""
    mine = words(found)
    return max((one for one in known if (wanted := words(one)) and wanted <= mine), key=len, default=None)


def _from_pim(
    fields: Sequence[Field], known: Sequence[PimField], index: FieldIndex, name: str
) -> Mend | None:
    field = next((one for one in fields if not one.is_unit), fields[0])
    unit = next((one for one in index.fields if one.path == field.unit), None)
    scored = sorted(((score(wanted(field), one), one.filled, one.name, one) for one in known), reverse=True)
    if not scored or scored[0][0] < LIKELY:
        return None
    best = scored[0][3]
    return Mend("field", name, value_of(unit, best, list(known)).value, best.name)
