"""The fields of a product type: what a person can map, one for each leaf of its definition."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.definition import main_name
from amazon_product_types.requirement import Needs
from amazon_product_types.restrictions import Restriction, restrictions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from amazon_product_types.definition import Definition, Node
    from amazon_product_types.options import Option
    from amazon_product_types.requirement import Requirement


#: What a field's requirement says, by name.
_NEEDED = ("requirement", "condition", "forbidden", "needed_alone", "recommended_by")


class Level(NamedTuple):
    """One name on the way to a field.

    `is_array`: a list of elements. `max_items` limits the list, `max_unique` the elements with
    the same values of `selectors` (none given: unlimited).
    """

    name: str
    is_array: bool
    max_items: int | None
    max_unique: int | None
    selectors: tuple[str, ...]
    language: bool
    marketplace: bool


@dataclass(frozen=True)
class Field:
    """One leaf of a definition.

    `path` is dotted without array marks (`item_weight.unit`); `labels` the titles from the
    attribute to the leaf, `label` the last. `find_need` makes out when the field is required or not allowed.
    `type` is `string`, `number`, `integer`, `boolean`, `date` or `url`; `json_type` the JSON type
    that Amazon takes. `min`/`max` are numbers for numbers, characters for text; `max_bytes` are
    UTF-8 bytes. `max_values` is how many values fit (per language, where `language`); None is no
    limit. `open` options are suggestions: other text passes. `unit` is the path of the field that
    holds this value's unit.
    """

    path: str
    label: str
    labels: tuple[str, ...]
    group: str
    type: str
    find_need: Callable[[], Requirement] = field(repr=False, compare=False)
    options: tuple[Option, ...] = field(repr=False)
    min: float | None
    max: float | None
    max_bytes: int | None
    max_values: int | None
    editable: bool
    hidden: bool
    help: str
    examples: tuple[str, ...]
    json_type: str = "string"
    group_id: str = ""
    open: bool = False
    language: bool = False
    unit: str | None = None
    default: Any = None
    pattern: str | None = None
    min_bytes: int | None = None
    multiple_of: float | None = None
    replaced_by: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    restriction: str = field(default="", repr=False)
    levels: tuple[Level, ...] = field(default=(), repr=False)

    @cached_property
    def _need(self) -> Requirement:
        return self.find_need()

    @property
    def requirement(self) -> str:
        """`required`, `conditional`, `recommended` or `optional`."""
        return self._need.level

    @property
    def condition(self) -> str:
        """When a conditional field is required, in words."""
        return self._need.condition

    @property
    def forbidden(self) -> str:
        """When the field is not allowed, in words."""
        return self._need.forbidden

    @property
    def needed_alone(self) -> bool:
        """Whether the field is required of an item of which nothing else is known."""
        return self._need.needed_alone

    @property
    def recommended_by(self) -> str:
        """Who recommends the field."""
        return self._need.recommended_by

    @property
    def attribute(self) -> str:
        """The top-level attribute: `item_weight`."""
        return self.levels[0].name

    @property
    def selectors(self) -> tuple[str, ...]:
        """The members that tell elements of the attribute apart."""
        return self.levels[0].selectors

    @property
    def is_unit(self) -> bool:
        """Whether this field only holds the unit of the value beside it."""
        return self.levels[-1].name == "unit" and len(self.levels) > 1

    @property
    def pointer(self) -> str:
        """The path with array marks: `item_weight[].unit`."""
        return ".".join(level.name + "[]" * level.is_array for level in self.levels)

    def with_condition(self, condition: str) -> Field:
        """Return the same field with another sentence that says when it is required."""
        need = self._need._replace(condition=condition)
        return replace(self, find_need=lambda: need)

    def to_dict(self) -> dict[str, Any]:
        """Return the field as JSON, with the keys that docs/fields.md explains."""
        inner = {"find_need", "restriction", "levels"}
        known = {one.name: getattr(self, one.name) for one in dataclass_fields(self) if one.name not in inner}
        known |= {name: getattr(self, name) for name in _NEEDED}
        known["options"] = [
            {"value": option.value, "name": option.name}
            | ({"deprecated": True, "replacements": option.replacements} if option.deprecated else {})
            for option in self.options
        ]
        return known | {"attribute": self.attribute, "selectors": self.selectors, "pointer": self.pointer}


def fields(definition: Definition, *, relevant: Iterable[str] = (), language: str = "en") -> list[Field]:
    """Return the fields of a definition, in its order.

    Args:
        definition: The definition, with the labels and groups that people see.
        relevant: Attributes that Amazon called relevant for this product type (issue 18448).
        language: Of the sentences that say when a field is required or not allowed: en, es, fr or de.

    Returns:
        One field per leaf; `marketplace_id` and `language_tag` are written without a mapping and left out.
    """
    needs = Needs(definition, frozenset(relevant), language)
    narrowed = restrictions(definition)
    return [_field(leaf, needs, narrowed.get(leaf.names)) for leaf in definition.leaves]


def relabelled(known: Iterable[Field], labels: Definition) -> list[Field]:
    """Return the same fields by the labels of another definition; those that it lacks keep theirs."""
    found = []
    for item in known:
        node = labels.find(tuple(item.path.split(".")))
        spoken = node.labels if node else item.labels
        found.append(replace(item, labels=spoken, label=spoken[-1]))
    return found


def _field(leaf: Node, needs: Needs, narrowed: Restriction | None) -> Field:
    limits, labels, group = leaf.limits, leaf.labels, leaf.group
    levels = tuple(_level(step) for step in leaf.steps)
    has_unit = leaf.name != "unit" and leaf.parent is not None and "unit" in leaf.parent.members
    return Field(
        path=leaf.path,
        label=labels[-1],
        labels=labels,
        group=group.title,
        group_id=group.id,
        type=leaf.kind,
        json_type=leaf.json_type,
        find_need=partial(needs.of, leaf.names),
        options=leaf.options,
        open=leaf.is_open,
        min=limits.least,
        max=limits.most,
        max_bytes=limits.most_bytes,
        min_bytes=limits.least_bytes,
        max_values=_max_values(levels),
        multiple_of=limits.multiple_of,
        pattern=limits.pattern,
        editable=leaf.editable,
        hidden=leaf.hidden,
        help=leaf.help,
        examples=leaf.examples,
        default=leaf.element.get("default"),
        language=any(level.language for level in levels),
        unit=".".join((*leaf.names[:-1], "unit")) if has_unit else None,
        replaced_by=leaf.replaced_by,
        depends_on=tuple(".".join(names) for names in narrowed.depends_on) if narrowed else (),
        restriction=narrowed.digest if narrowed else "",
        levels=levels,
    )


def _level(node: Node) -> Level:
    return Level(
        node.name,
        node.is_array,
        node.max_items,
        node.max_unique,
        node.selectors,
        "language_tag" in node.members,
        "marketplace_id" in node.members,
    )


def _max_values(levels: Sequence[Level]) -> int | None:
    """Return how many values fit into the innermost list."""
    for level in reversed(levels):
        if level.is_array:
            limits = [limit for limit in (level.max_items, level.max_unique) if limit is not None]
            return min(limits, default=None)
    return 1


def main_field(below: Sequence[Field], depth: int) -> Field | None:
    """Return the field that a plain value for a node goes to: the only leaf, else `value` beside its unit.

    Args:
        below: The fields under the node.
        depth: How many names the node's own path has.
    """
    if len(below) == 1:
        return below[0]
    direct = {item.levels[-1].name: item for item in below if len(item.levels) == depth + 1}
    name = main_name(direct)
    return direct[name] if name else None
