"""What a connector needs from the PIM, and which items of an extract do not have it."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import msgspec

from amazon_listings.mapping.values.value import is_empty
from amazon_listings.runs.extract.needed_fields import OWN_NAMES
from amazon_listings.runs.extract.siblings import variants_of
from amazon_listings.runs.invisible import visible
from amazon_listings.runs.notes import ExtractNote, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.plan.tree import Cell, PlanLeaf
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.folder import RunFolder
    from amazon_product_types.options import Option
    from amazon_product_types.validation.issue import Issue

#: The logical types of the standard by the kinds of Amazon's fields.
_TYPES = {"number": "number", "integer": "integer", "boolean": "boolean", "date": "date"}
#: A longer list of allowed values does not help the person who fills a field.
_MOST_VALUES = 200
#: SKUs that are named of each field.
_NAMED = 5
#: Characters of a wrong value that are shown.
_SHOWN = 80
#: Issues of the mapping that say that a value cannot be sent.
_UNUSABLE = frozenset(("not_convertible", "expression_failed"))
#: An expression that is a field alone.
_AS_IT_IS = re.compile(
    r"""\{\{-?\s*(?:item|product|variant)(?:\.(?P<name>\w+)|\[(["'])(?P<quoted>[^"']+)\2\])\s*-?\}\}"""
)


class NeededField(msgspec.Struct, frozen=True, kw_only=True):
    """A PIM field that a connector reads.

    Attributes:
        name: The field.
        attributes: What it feeds: labels of Amazon's fields.
        type: `string`, `number`, `integer`, `boolean` or `date`; `string` where an expression makes another.
        required: Whether Amazon requires an attribute that this field alone feeds.
        text: Whether it is read by language.
        values: The values that are allowed, codes and names of options, where the field is sent as it is;
            empty for any.
        longest: The most characters, where the field is sent as it is.
    """

    name: str
    attributes: tuple[str, ...]
    type: str = "string"
    required: bool = False
    text: bool = False
    values: tuple[str, ...] = ()
    longest: int | None = None


class WrongValue(msgspec.Struct, frozen=True):
    """A value that cannot be sent, as it is shown to people: cut, and with a mark for what does not print."""

    sku: str
    value: str


class Breach(msgspec.Struct, frozen=True):
    """A field of which the PIM does not keep the contract.

    Attributes:
        field: The field.
        items: How many items break it.
        examples: SKUs of a few.
        owner: Whom to tell.
        wrong: The values of these, if it is not for want of one.
    """

    field: str
    items: int
    examples: tuple[str, ...]
    owner: str
    wrong: tuple[WrongValue, ...] = ()


class ContractNote(Note, frozen=True, kw_only=True):
    """The fields of which items of a part break the contract.

    Attributes:
        missing: How many items lack a required field, by field.
        examples: SKUs of a few of them, by field.
        invalid: How many items have a value that cannot be sent, by field.
        wrong: A few of them, by field.
    """

    file: ClassVar[str] = "contract"
    task: ClassVar[str] = "map_fields"

    missing: dict[str, int]
    examples: dict[str, list[str]]
    invalid: dict[str, int] = msgspec.field(default_factory=dict)
    wrong: dict[str, list[WrongValue]] = msgspec.field(default_factory=dict)


@dataclass
class ContractCheck:
    """Counts the items that lack a field which Amazon requires of them, or whose value cannot be sent.

    Args:
        mapping: The compiled mapping.
    """

    mapping: FieldMapping
    missing: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    invalid: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[WrongValue]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fields = needed(self.mapping)
        self._required = [one.name for one in fields if one.required]
        self._longest = {one.name: one.longest for one in fields if one.longest is not None}

    def see(self, item: Item, issues: Iterable[Issue]) -> None:
        """Look at an item.

        Args:
            item: The item.
            issues: What the mapping found of it.
        """
        plain = _plain_texts(item)
        self._see_missing(item, plain)
        unusable = {
            issue.origin.field: field_value(item, issue.origin.field)
            for issue in issues
            if issue.severity == "ERROR" and issue.code in _UNUSABLE and issue.origin is not None
        }
        for name, longest in self._longest.items():
            if name in plain and len(plain[name]) <= longest:
                continue
            for text in _texts(item, name):
                if len(text.strip()) > longest:
                    unusable.setdefault(name, text)
        for name, value in unusable.items():
            if is_empty(value):
                continue  # it is missing, or not one field's
            self.invalid[name] += 1
            if len(found := self.wrong.setdefault(name, [])) < _NAMED:
                found.append(WrongValue(_sku(item), _shown(value)))

    def _see_missing(self, item: Item, plain: Mapping[str, str]) -> None:
        for name in self._required:
            if name not in plain and is_empty(field_value(item, name)):
                self.missing[name] += 1
                if len(named := self.examples.setdefault(name, [])) < _NAMED:
                    named.append(_sku(item))

    def note(self) -> ContractNote:
        """Return what was found, to be kept."""
        return ContractNote(
            missing=dict(self.missing),
            examples=self.examples,
            invalid=dict(self.invalid),
            wrong=self.wrong,
        )


def check_items(mapping: FieldMapping, items: Iterable[Item]) -> ContractNote:
    """Return what items break of the contract; those of one family stand side by side."""
    check = ContractCheck(mapping)
    for _, members in groupby(items, key=lambda item: item["group"]):
        family = list(members)
        siblings = variants_of(family)
        for item in family:
            check.see(item, mapping.apply(item, siblings=siblings).issues)
    return check.note()


def needed(mapping: FieldMapping) -> list[NeededField]:
    """Return the PIM fields that a mapping reads, by name."""
    uses: dict[str, list[tuple[PlanLeaf, Cell]]] = {}
    for branch in mapping.plan.values():
        for template in branch.templates:
            for leaf in template.leaves():
                for cell in leaf.cells:
                    for name in cell.expression.fields:
                        if name not in OWN_NAMES:
                            uses.setdefault(name, []).append((leaf, cell))
    return [_needed(name, found, mapping) for name, found in sorted(uses.items())]


def sent_as_it_is(cell: Cell) -> str | None:
    """Return the PIM field that a cell sends as it is; None if its expression makes something of it."""
    found = _AS_IT_IS.fullmatch(cell.expression.text.strip())
    name = found and (found["name"] or found["quoted"])
    return name if name in cell.expression.fields and name not in OWN_NAMES else None


def _needed(name: str, found: list[tuple[PlanLeaf, Cell]], mapping: FieldMapping) -> NeededField:
    plain = [leaf for leaf, cell in found if sent_as_it_is(cell) == name]
    kinds = {_TYPES.get(leaf.field.type, "string") for leaf in plain}
    closed = [leaf.field for leaf in plain if leaf.field.options and not leaf.field.open]
    lists = [_values(one.options) for one in closed if one.json_type != "boolean"]
    values = [one for one in lists[0] if all(one in other for other in lists)] if lists else []
    longest = [leaf.field.max for leaf in plain if leaf.field.type == "string" and leaf.field.max is not None]
    alone = any(
        leaf.field.attribute in mapping.setting.required and cell.expression.fields == (name,)
        for leaf, cell in found
    )
    return NeededField(
        name=name,
        attributes=tuple(dict.fromkeys(leaf.field.label for leaf, _ in found)),
        type=kinds.pop() if len(kinds) == 1 else "string",
        required=alone,
        text=any(leaf.field.language for leaf, _ in found),
        values=tuple(values) if len(values) <= _MOST_VALUES else (),
        longest=math.floor(min(longest)) if longest else None,
    )


def _values(options: Iterable[Option]) -> list[str]:
    """Return what the PIM may hold for options: the code of each, or its name, which is made the code."""
    return list(dict.fromkeys(text for one in options for text in (str(one.value), one.name)))


def breaches(connector: Connector, notes: Iterable[ContractNote]) -> Iterator[Breach]:
    """Yield the fields of which items break the contract: empty ones that are required, and wrong values.

    Args:
        connector: The connector.
        notes: What was found, part by part.
    """
    missing: Counter[str] = Counter()
    invalid: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    wrong: dict[str, list[WrongValue]] = {}
    for note in notes:
        missing.update(note.missing)
        invalid.update(note.invalid)
        for name, skus in note.examples.items():
            examples.setdefault(name, []).extend(skus)
        for name, values in note.wrong.items():
            wrong.setdefault(name, []).extend(values)
    owner = connector.source.owner or connector.owner
    for name, count in missing.items():
        yield Breach(name, count, tuple(examples[name][:_NAMED]), owner)
    for name, count in invalid.items():
        found = tuple(wrong[name][:_NAMED])
        yield Breach(name, count, tuple(one.sku for one in found), owner, found)


def breach_sentences(connector: Connector, folder: RunFolder, messages: Catalogue) -> list[str]:
    """Return a sentence about each field of which the extract of a run breaks the contract."""
    extract = folder.noted(ExtractNote)
    parts = extract.parts if extract is not None else ()
    notes = [note for part in parts if (note := folder.noted(ContractNote, part)) is not None]
    return [worded(one, messages) for one in breaches(connector, notes)]


def worded(breach: Breach, messages: Catalogue) -> str:
    """Return a breach as a sentence."""
    if breach.wrong:
        values = [messages.phrase("contract.value", value=one.value, sku=one.sku) for one in breach.wrong]
        return messages.phrase(
            "contract.invalid",
            items=breach.items,
            field=breach.field,
            examples=", ".join(values),
            owner=breach.owner,
        )
    return messages.phrase(
        "contract.broken",
        without=breach.items,
        field=breach.field,
        example=", ".join(breach.examples),
        owner=breach.owner,
    )


def _shown(value: object) -> str:
    """Return a value as it is shown.

    It is on one line, cut, and without half a character, which no file can keep.
    """
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = visible(text.encode("utf-8", "replace").decode())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _sku(item: Item) -> str:
    """Return the SKU of an item, or its identity, as it is shown."""
    return _shown(item["sku"] or item["pim_id"])


def _plain_texts(item: Item) -> dict[str, str]:
    """Return the fields of an item whose value is one text without a language, as most are, by name."""
    found: dict[str, str] = {}
    for record in (item["product"], item["variant"]):
        if record is None:
            continue
        texts = record["texts"]
        for kind in (record["fields"], texts, record["images"]) if found else ():
            for name in kind:  # what a variant has comes before its product's
                found.pop(name, None)
        found |= {
            name: value
            for name, value in record["fields"].items()
            if value.__class__ is str and value and not value.isspace() and name not in texts
        }
    return found


def _texts(item: Item, name: str) -> Iterator[str]:
    """Yield the texts of an item's field, those of all languages."""
    for record in (item["variant"], item["product"]):
        if record is None:
            continue
        values = [record["fields"].get(name), *record["texts"].get(name, {}).values()]
        found = [one for value in values for one in (value if isinstance(value, list) else [value])]
        texts = [one for one in found if isinstance(one, str)]
        if any(not is_empty(one) for one in texts):
            yield from texts
            return


def field_value(item: Item, name: str) -> object:
    """Return the value of an item's field: the variant's, or else its product's; a text in any language."""
    for record in (item["variant"], item["product"]):
        if record is None:
            continue
        for kind in (record["fields"], record["images"]):
            if not is_empty(kind.get(name)):
                return kind[name]
        text = next((one for one in record["texts"].get(name, {}).values() if not is_empty(one)), None)
        if text is not None:
            return text
    return None
