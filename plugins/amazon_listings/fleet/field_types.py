"""PIM fields that cannot be what an attribute takes: by their values at hand, or else by the PIM's type."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from amazon_listings.item import Item, Record
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.faults import MappingFault
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.mapping.values.options import ConversionError
from amazon_listings.mapping.values.value import is_empty
from amazon_listings.messages import message
from amazon_listings.runs.extract.needed_fields import OWN_NAMES
from amazon_listings.runs.extract.pim_contract import field_value, sent_as_it_is
from amazon_product_types.matching import closest, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.plan.tree import Cell, PlanLeaf
    from amazon_listings.sources.port import FieldDescription

_Values: TypeAlias = "tuple[Any, ...]"

#: Items whose values stand for those of a field.
_ITEMS = 50
#: Characters of a value that are shown.
_SHOWN = 60
#: Values that a field of a type has, by how PIMs, JSON Schema and Parquet name it. Text may be a word, one
#: that is read as yes, or a number with its unit. Of lists, tables and objects only the values tell.
_TYPICAL: tuple[tuple[re.Pattern[str], _Values], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), values)
    for pattern, values in (
        (r"image|file", ({"url": "https://example.com/a.jpg"},)),
        (r"bool", (True, False)),
        (r"u?int|num|decimal|float|double|half", (7, 2.5)),
        (r"date|timestamp", ("2026-01-31",)),
        (r"(big_|large_)?string|text|varchar", ("text", "yes", "1 kg")),
    )
)
#: Values of the types that hold nothing else, as expressions read them. A number may be a
#: day: of a year, of a spreadsheet.
_CERTAIN: tuple[tuple[re.Pattern[str], _Values], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), values)
    for pattern, values in (
        (r"image", ([{"url": "https://example.com/a.jpg"}],)),
        (r"bool", (True, False)),
        (r"u?int|num|decimal|float|double|half", (7, 2.5, 20260131, 46357)),
    )
)
#: Failures that have other reasons than the field's values.
_OF_OTHERS = frozenset({"no_pim_field", "expression.no_table"})
#: Text attributes that hold an address, where Amazon's schema does not say so.
_OF_ADDRESSES = re.compile(r"ur[il]|image|media|locator|document|file|video")
#: What may have been meant, by what the attribute takes.
_READ_OTHERWISE = {
    "number": "{{{{ item.{name} | extract_number }}}}",
    "integer": "{{{{ item.{name} | extract_number }}}}",
    "boolean": "{{{{ item.{name} > 0 }}}}",
    "date": '{{{{ item.{name} | date("%d.%m.%Y") }}}}',
    "string": '{{{{ item.{name} | boolean("…", "…") }}}}',
}


def misfits(
    mapping: FieldMapping, told: Iterable[FieldDescription], items: Iterable[Item]
) -> Iterator[tuple[MappingFault, bool]]:
    """Yield the mapping lines that make their value of one PIM field, which their attribute cannot take.

    What an expression makes of the field counts: of each value at hand, it fails or gives what the attribute
    does not take. Without values it is tried with those of the PIM's type, where that leaves no doubt.

    Args:
        mapping: The compiled mapping.
        told: What the PIM tells about its fields.
        items: Items as they were read last; what they have decides, and not the type.

    Yields:
        The line with what is wrong and what may be meant, and whether it can never be right: a picture where
        a number, a date or a yes is wanted.
    """
    described = {one.name: one for one in told}
    rows = list(islice(items, _ITEMS))
    seen: dict[str, tuple[_Values, str | None]] = {}
    for use in _plain_uses(mapping):
        if use.name not in seen:
            seen[use.name] = _values(described.get(use.name), rows, use.name)
        values, kind = seen[use.name]
        if values and not any(_takes(use.leaf, value) for value in values):
            never = _is_media(values) and use.leaf.field.json_type != "string"
            yield _fault(use, values, kind, _meant(use, values, described)), never
    yield from _made_of_misfits(mapping, described, rows)


def _made_of_misfits(
    mapping: FieldMapping, described: Mapping[str, FieldDescription], rows: list[Item]
) -> Iterator[tuple[MappingFault, bool]]:
    """Yield the lines whose expression makes something of one PIM field, and never what is wanted."""
    raw: dict[str, tuple[_Values, str | None]] = {}
    for use in _derived_uses(mapping):
        if use.name not in raw:
            raw[use.name] = _raw_values(described.get(use.name), rows, use.name)
        values, kind = raw[use.name]
        if values and not any(_makes(use, value, mapping) for value in values):
            yield _fault(use, values, kind, _named(use, described)), False


class _Use(NamedTuple):
    """A PIM field that a leaf is sent as it is."""

    name: str
    leaf: PlanLeaf
    cell: Cell


def _plain_uses(mapping: FieldMapping) -> Iterator[_Use]:
    for leaf, cell in _cells(mapping):
        if (name := sent_as_it_is(cell)) is not None:
            yield _Use(name, leaf, cell)


def _derived_uses(mapping: FieldMapping) -> Iterator[_Use]:
    """Yield the fields of which an expression makes something that depends on nothing else."""
    for leaf, cell in _cells(mapping):
        reads = cell.expression.reads
        alone = len(reads.fields) == 1 and reads.fields == reads.item | reads.product
        if alone and not (reads.tables or reads.any_field) and sent_as_it_is(cell) is None:
            (name,) = reads.fields
            if name not in OWN_NAMES:
                yield _Use(name, leaf, cell)


def _cells(mapping: FieldMapping) -> Iterator[tuple[PlanLeaf, Cell]]:
    for branch in mapping.plan.values():
        for leaf in (leaf for template in branch.templates for leaf in template.leaves()):
            for cell in leaf.cells:
                yield leaf, cell


def _values(about: FieldDescription | None, rows: list[Item], name: str) -> tuple[_Values, str | None]:
    """Return values of a field, and its type if they are only typical of it."""
    known = _known(rows, name) or (tuple(_plain(about.values)) if about else ())
    return (known, None) if known else (_typical(about), about.type if about else None)


def _raw_values(about: FieldDescription | None, rows: list[Item], name: str) -> tuple[_Values, str | None]:
    """Return values of a field as expressions read them, and its type if they are only typical of it.

    A lone value may be a slip of the PIM's. Of the types, only those whose values are of no other kind tell.
    """
    every = [field_value(row, name) for row in rows] or (list(about.values) if about else [])
    known = [value for value in every if not is_empty(value)]
    if known:
        return (tuple(known), None) if len(set(map(repr, known))) > 1 else ((), None)
    kind = about.type if about is not None else None
    return next((values for pattern, values in _CERTAIN if kind and pattern.match(kind)), ()), kind


def _makes(use: _Use, value: object, mapping: FieldMapping) -> bool:
    """Return whether an expression makes of a value what its leaf takes, or nothing."""
    record = Record(id="", ref="", status="", modified=None, fields={use.name: value}, texts={}, images={})
    item = Item(pim_id="", group="", sku=None, status="", modified=None, product=record, variant=None)
    setting = mapping.setting
    try:
        made = use.cell.expression.evaluate(ItemRow(item, setting.wanted[0], facts=setting.facts))
    except InvalidValue as error:
        return error.code in _OF_OTHERS
    results = list(_plain([made]))
    return not results or any(_takes(use.leaf, one) for one in results)


def _known(rows: list[Item], name: str) -> _Values:
    return tuple(_plain(field_value(row, name) for row in rows))


def _plain(values: Iterable[object]) -> Iterator[Any]:
    """Yield the values that are there, those of a list one at a time."""
    for value in values:
        for one in value if isinstance(value, list | tuple) else (value,):
            if not is_empty(one):
                yield one


def _typical(about: FieldDescription | None) -> _Values:
    kind = about.type if about is not None else None
    return next((values for pattern, values in _TYPICAL if kind and pattern.match(kind)), ())


def _takes(leaf: PlanLeaf, value: object) -> bool:
    if _is_media((value,)) and leaf.field.type == "string" and not _OF_ADDRESSES.search(leaf.field.path):
        return False  # its address would be sent as a text
    try:
        leaf.converter.convert(value)
    except ConversionError as error:
        # A unit beside a number goes to the attribute's own unit; which options there are is another matter.
        beside = error.code == "beside_number" and leaf.converter.unit is not None
        return beside or (error.code == "not_listed" and _is_code(value))
    return True


def _is_code(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_media(values: _Values) -> bool:
    return all(isinstance(one, dict) and "url" in one for one in values)


def _fault(use: _Use, values: _Values, kind: str | None, meant: Iterable[str]) -> MappingFault:
    facts: dict[str, Any] = {"label": use.leaf.field.label, "field": use.name}
    if kind is not None:
        problem = message("check.field_type", **facts, type=kind)
    else:
        problem = message("check.field_values", **facts, count=len(values), value=_text(values[0]))
    return MappingFault(use.cell.line, problem, tuple(meant))


def _text(value: object) -> str:
    value = value[0] if isinstance(value, list) and value else value
    text = str(value["url"] if isinstance(value, dict) and "url" in value else value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _meant(use: _Use, values: _Values, described: Mapping[str, FieldDescription]) -> Iterator[str]:
    """Yield a field with a like name that fits, or else how this one may be read."""
    near = list(_named(use, described))
    yield from near
    text = _READ_OTHERWISE.get(use.leaf.field.type)
    if text and not near and not _is_media(values):
        yield text.format(name=use.name)


def _named(use: _Use, described: Mapping[str, FieldDescription]) -> Iterator[str]:
    """Yield a field with a like name that fits."""
    fitting = [
        one.name
        for one in described.values()
        if one.name != use.name
        and (theirs := tuple(_plain(one.values)) or _typical(one))
        and all(_takes(use.leaf, value) for value in theirs)
    ]
    about = words(use.leaf.field.label)
    named = [one for one in fitting if about & words(one)]
    near = closest(use.leaf.field.label, named, alike=0) or closest(use.name, fitting)
    if near:
        yield f"{{{{ item.{near[0]} }}}}"
