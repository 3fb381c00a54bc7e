"""The tree of a product type definition: its attributes, down to the leaves that take a value.

In Amazon's definitions every attribute is an array of objects; objects and arrays nest below.
Source: "Product Type Definition Meta-Schema (v1)" in the SP-API documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Schema: TypeAlias = Mapping[str, Any]
#: The way to a place: the names from the attribute down.
Names: TypeAlias = tuple[str, ...]

#: Members the engine writes by itself; nobody maps them.
ENGINE_MEMBERS = frozenset({"marketplace_id", "language_tag"})
#: Names under which a leaf carries its attribute's own value, the best first.
MAIN_NAMES = ("value", "value_with_tax")
#: Names of leaves that only qualify the value beside them.
QUALIFIERS = frozenset({"unit", "currency"})


class Step(NamedTuple):
    """One name on the way to a leaf.

    `schema` is the property as it stands in the definition, `element` what one value of it must
    match: the items of an array, else the property itself. `$ref` is resolved in both.
    """

    name: str
    schema: Schema
    element: Schema

    @property
    def is_array(self) -> bool:
        """Whether the name holds a list of elements."""
        return self.schema.get("type") == "array"


class Leaf(NamedTuple):
    """A place that takes a value, with every step from the attribute down to it."""

    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names from the attribute to the leaf: `("item_weight", "unit")`."""
        return tuple(step.name for step in self.steps)


def resolved(document: Schema, schema: Schema) -> Schema:
    """`schema`, or what its `$ref` (`#/$defs/…`) points at inside `document`."""
    while isinstance(reference := schema.get("$ref"), str):
        found: Any = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


def step(document: Schema, name: str, schema: Schema) -> Step:
    """The step into property `name`, whose schema is `schema`."""
    schema = resolved(document, schema)
    element = schema
    while element.get("type") == "array":
        element = resolved(document, element.get("items", {}))
    return Step(name, schema, element)


def main_name(members: Iterable[str]) -> str | None:
    """The member that carries an attribute's own value: `value`, if there is one."""
    known = tuple(members)
    return next((name for name in MAIN_NAMES if name in known), None)


def leaves(document: Schema) -> Iterator[Leaf]:
    """Every leaf of `document` once, in its order, without `marketplace_id` and `language_tag`."""
    for name, schema in document["properties"].items():
        yield from _leaves(document, (step(document, name, schema),))


def _leaves(document: Schema, steps: tuple[Step, ...]) -> Iterator[Leaf]:
    members = steps[-1].element.get("properties")
    if members is None:
        yield Leaf(steps)
        return
    for name, schema in members.items():
        if name not in ENGINE_MEMBERS:
            yield from _leaves(document, (*steps, step(document, name, schema)))
