"""Merge the mapping lines of layers, document and Variable by the fields that they name.

Every line is taken apart into the values that it writes, each at its path; a later line replaces what
it writes itself, and leaves what others write. So a line may name a field by its label in one layer, by
another language's label in the next, and by its path in a third.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.faults import Line, MappingFault, problem_of
from amazon_listings.mapping.short_forms.context import MarketplaceContext
from amazon_listings.mapping.short_forms.forms import SHORT_FORMS
from amazon_listings.messages import message
from amazon_product_types.candidates import AmbiguousField, UnknownField
from amazon_product_types.matching import normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from amazon_listings.connectors.model import MappingPart
    from amazon_listings.mapping.values.notation import SourceNotation
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.messages import Message
    from amazon_product_types.fields import Field
    from amazon_product_types.labels import FieldIndex, Target

#: Keys of an object value that say how its values are treated; they go with each of them.
_TREATMENTS = ("truncate", "html")
#: The key of an object value that leaves the line out where the product type lacks the field.
OPTIONAL = "optional"


class Written(NamedTuple):
    """A value at a path, as a line writes it; `place` is what the line's key names."""

    line: Line
    path: str
    value: Any
    place: str = ""


@dataclass
class MergedLines:
    """The lines of a mapping, merged.

    Attributes:
        written: Every value by path, in the order of application.
        faults: What is wrong with lines.
        renamed: Sentences about labels that Amazon has changed, by line.
        skipped: Optional lines of fields that the product type does not have.
    """

    written: list[Written] = field(default_factory=list)
    faults: list[MappingFault] = field(default_factory=list)
    renamed: dict[Line, list[Message]] = field(default_factory=dict)
    skipped: list[MappingFault] = field(default_factory=list)


def merge_lines(
    parts: Sequence[MappingPart],
    index: FieldIndex,
    index_in: Callable[[str], FieldIndex],
    marketplace: Marketplace,
    notation: SourceNotation,
) -> MergedLines:
    """Return the lines of a mapping's parts, merged by the fields that they name.

    Args:
        parts: The parts, later ones win.
        index: The fields, with labels in the connector's own locale.
        index_in: Gives the fields with labels in another locale.
        marketplace: Where to sell.
        notation: How the PIM writes numbers and dates.
    """
    merged = MergedLines()
    context = MarketplaceContext(marketplace, {item.path: item for item in index.fields}, notation)
    paths = frozenset(
        ".".join(names[:depth])
        for names in (path.split(".") for path in context.fields)
        for depth in range(1, len(names) + 1)
    )
    for part in parts:
        labels = index_in(part.locale) if part.locale else index
        names = _Names(labels, index, context, paths)
        earlier, own = merged.written, list[Written]()  # lines of one part never replace each other
        for key, value in part.lines.items():
            line = Line(part.numbers.get(key), key, part.file)
            if isinstance(value, dict) and not isinstance(value.get(OPTIONAL, True), bool):
                merged.faults.append(MappingFault(line, message("mapping.no_mark", name=OPTIONAL), ()))
                continue
            content, optional = _without_optional(value, optional=part.optional)
            try:
                places = names.places(key)
                written = [
                    one._replace(place=place)
                    for place in places
                    for one in names.written(line, place, content)
                ]
            except (UnknownField, AmbiguousField) as error:
                fault = MappingFault(line, problem_of(error), tuple(map(str, error.candidates)))
                lacking = optional and isinstance(error, UnknownField)
                (merged.skipped if lacking else merged.faults).append(fault)
                continue
            for sentence in names.renamed:
                merged.renamed.setdefault(line, []).append(sentence)
            names.renamed.clear()
            replaced = [one.path for one in written] + (places if content in ({}, None) else [])
            earlier = [
                one
                for one in earlier
                if not _covered(one.path, replaced) and not _rewritten(one, places, content)
            ]
            own += [one for one in written if one.value is not None]
        merged.written = earlier + own
    return merged


def _without_optional(value: object, *, optional: bool) -> tuple[Any, bool]:
    """Return a value without its mark `optional`, and whether it has it.

    An object of nothing else is its value.
    """
    if not isinstance(value, dict) or not isinstance(value.get(OPTIONAL), bool):
        return value, optional
    content = {name: below for name, below in value.items() if name != OPTIONAL}
    return (content["value"] if list(content) == ["value"] else content), value[OPTIONAL]


def _covered(path: str, replaced: Sequence[str]) -> bool:
    """Return whether what stands at a path is replaced: at it, or above it."""
    return any(path == one or path.startswith(f"{one}.") for one in replaced)


def _rewritten(earlier: Written, places: Sequence[str], content: object) -> bool:
    """Return whether a line replaces what an earlier one of the same place wrote.

    A value takes the place of an object, as RFC 7396 has it: `1 kg` that of a number and its unit. An object
    takes that of a list of elements.
    """
    if isinstance(content, dict):
        return earlier.path in places and isinstance(earlier.value, list)
    return earlier.place in places


class _Names:
    """Finds what the keys of a part name, by its own labels, as paths of the connector's fields."""

    def __init__(
        self, labels: FieldIndex, fields: FieldIndex, context: MarketplaceContext, paths: frozenset[str]
    ) -> None:
        self.labels = labels
        self.fields = fields
        self.context = context
        self.paths = paths
        self.renamed: list[Message] = []

    def places(self, key: str) -> list[str]:
        """Return the paths that a key names: one, or a short form's or numbered family's own name.

        Raises:
            UnknownField, AmbiguousField: nothing is called that, or several fields are.
        """
        if (key in SHORT_FORMS and not self.labels.matches(key)) or self.context.numbered(key):
            return [key]
        try:
            target = self.labels.find(key)
        except AmbiguousField as error:
            slots = self.context.same_but_numbered([found.path for found in error.candidates])
            if not slots:
                raise
            return [slots[0].partition(".")[0].rpartition("_")[0]]
        self._note(key, target)
        return [target.path]

    def written(self, line: Line, path: str, value: object) -> Iterator[Written]:
        """Yield the values that a line writes at a path and below it; None for what it takes away."""
        if value is None:
            yield Written(line, path, None)
            return
        if path in SHORT_FORMS or self.context.numbered(path):
            yield Written(line, path, value)
            return
        target = self.fields.target(path)
        if isinstance(value, dict) and value:
            yield from self._members(line, target, value)
        elif (
            isinstance(value, list) and any(isinstance(one, dict) for one in value)
        ) or target.field is None:
            yield Written(line, path, value)
        else:
            yield Written(line, target.field.path, self._coded(target.field, value))

    def _coded(self, leaf: Field, value: object) -> object:
        """Return a constant that is an option's name in the locale of the part, as the option's code."""
        if isinstance(value, list):
            return [self._coded(leaf, one) for one in value]
        spoken = self.labels.target(leaf.path).field if self.labels is not self.fields else None
        if not isinstance(value, str) or spoken is None or not leaf.options:
            return value
        name = normal(value)
        own = {str(option.value) for option in leaf.options} | {
            normal(option.name) for option in leaf.options
        }
        found = {option.value for option in spoken.options if normal(option.name) == name}
        return found.pop() if len(found) == 1 and own.isdisjoint({value, name}) else value

    def _members(self, line: Line, target: Target, value: dict[str, Any]) -> Iterator[Written]:
        treatment = {name: value[name] for name in _TREATMENTS if name in value}
        base = target.path
        if target.kind == "leaf":
            base, _, own = target.path.rpartition(".")
            if "value" in value and f"{base}.value" not in self.paths:
                value = {own if name == "value" else name: below for name, below in value.items()}
        for name, below in value.items():
            if name in treatment:
                continue
            found = self._member(base, name)
            for one in self.written(line, found, below):
                yield self._treated(one, treatment)

    def _member(self, base: str, name: str) -> str:
        if f"{base}.{name}" in self.paths:
            return f"{base}.{name}"
        target = self.labels.member(base, name)
        self._note(name, target)
        return target.path

    def _treated(self, one: Written, treatment: Mapping[str, Any]) -> Written:
        if not treatment or one.value is None:
            return one
        if isinstance(one.value, dict):
            return one._replace(value={**treatment, **one.value})
        return one._replace(value={one.path.rpartition(".")[2]: one.value, **treatment})

    def _note(self, key: str, target: Target) -> None:
        if target.renamed_to is not None:
            self.renamed.append(message("mapping.renamed", key=key, now=target.renamed_to, field=target.path))
