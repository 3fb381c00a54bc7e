"""What a connector needs from the PIM, and which items of an extract do not have it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from amazon_listings.mapping.values.value import is_empty
from amazon_listings.runs.needed_fields import OWN_NAMES
from amazon_listings.runs.notes import ExtractNote, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.plan.tree import Cell, PlanLeaf
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.folder import RunFolder

#: The logical types of the standard by the kinds of Amazon's fields.
_TYPES = {"number": "number", "integer": "integer", "boolean": "boolean", "date": "date"}
#: A longer list of allowed values does not help the person who fills a field.
_MOST_VALUES = 200
#: SKUs that are named of each field.
_NAMED = 5


class NeededField(msgspec.Struct, frozen=True, kw_only=True):
    """A PIM field that a connector reads.

    Attributes:
        name: The field.
        attributes: What it feeds: labels of Amazon's fields.
        type: `string`, `number`, `integer`, `boolean` or `date`; `string` where an expression makes another.
        required: Whether Amazon requires an attribute that this field alone feeds.
        text: Whether it is read by language.
        values: The values that are allowed, where the field is sent as it is; empty for any.
        longest: The most characters, where the field is sent as it is.
    """

    name: str
    attributes: tuple[str, ...]
    type: str = "string"
    required: bool = False
    text: bool = False
    values: tuple[str, ...] = ()
    longest: int | None = None


class Breach(msgspec.Struct, frozen=True):
    """A field of which the PIM does not keep the contract.

    Attributes:
        field: The field.
        items: How many items break it.
        examples: SKUs of a few.
        owner: Whom to tell.
    """

    field: str
    items: int
    examples: tuple[str, ...]
    owner: str


class ContractNote(Note, frozen=True, kw_only=True):
    """The required fields that items of a part do not have.

    Attributes:
        missing: How many items, by field.
        examples: SKUs of a few of them, by field.
    """

    file: ClassVar[str] = "contract"
    task: ClassVar[str] = "map_fields"

    missing: dict[str, int]
    examples: dict[str, list[str]]


@dataclass
class MissingFields:
    """Counts the items that lack a field which Amazon requires of them.

    Args:
        mapping: The compiled mapping.
    """

    mapping: FieldMapping
    missing: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._required = [one.name for one in needed(self.mapping) if one.required]

    def see(self, item: Item) -> None:
        """Look at an item."""
        for name in self._required:
            if is_empty(_value(item, name)):
                self.missing[name] += 1
                if len(named := self.examples.setdefault(name, [])) < _NAMED:
                    named.append(item["sku"] or item["pim_id"])

    def see_all(self, items: Iterable[Item]) -> MissingFields:
        """Look at items, and return what was found."""
        for item in items:
            self.see(item)
        return self

    def note(self) -> ContractNote:
        """Return what was found, to be kept."""
        return ContractNote(missing=dict(self.missing), examples=self.examples)


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


def _needed(name: str, found: list[tuple[PlanLeaf, Cell]], mapping: FieldMapping) -> NeededField:
    plain = [leaf for leaf, cell in found if cell.expression.text.replace(" ", "") == f"{{{{item.{name}}}}}"]
    kinds = {_TYPES.get(leaf.field.type, "string") for leaf in plain}
    closed = [leaf for leaf in plain if leaf.field.options and not leaf.field.open]
    options = closed[0].field.options if closed else ()
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
        values=tuple(str(one.value) for one in options) if len(options) <= _MOST_VALUES else (),
        longest=math.floor(min(longest)) if longest else None,
    )


def breaches(connector: Connector, notes: Iterable[ContractNote]) -> Iterator[Breach]:
    """Yield the fields of which items break the contract: required ones that are empty.

    Args:
        connector: The connector.
        notes: What was found, part by part.
    """
    missing: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for note in notes:
        missing.update(note.missing)
        for name, skus in note.examples.items():
            examples.setdefault(name, []).extend(skus)
    owner = connector.source.owner or connector.owner
    for name, count in missing.items():
        yield Breach(name, count, tuple(examples[name][:_NAMED]), owner)


def breach_sentences(connector: Connector, folder: RunFolder, messages: Catalogue) -> list[str]:
    """Return a sentence about each field of which the extract of a run breaks the contract."""
    extract = folder.noted(ExtractNote)
    parts = extract.parts if extract is not None else ()
    notes = [note for part in parts if (note := folder.noted(ContractNote, part)) is not None]
    return [worded(one, messages) for one in breaches(connector, notes)]


def worded(breach: Breach, messages: Catalogue) -> str:
    """Return a breach as a sentence."""
    return messages.phrase(
        "contract.broken",
        without=breach.items,
        field=breach.field,
        example=", ".join(breach.examples),
        owner=breach.owner,
    )


def _value(item: Item, name: str) -> Any:
    """The value of an item's field: the variant's, or else its product's; a text in any language."""
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
