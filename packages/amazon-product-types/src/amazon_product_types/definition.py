"""A product type definition, read once into a tree.

    definition = Definition(document)
    weight = definition.attributes["item_weight"]
    weight.selectors                        # ("marketplace_id",)
    weight.members["unit"].options          # (Option("grams", "Grams"), …)
    [leaf.path for leaf in definition.leaves]

In Amazon's definitions every attribute is an array of objects; objects and arrays nest below. `$ref`
is resolved. Source: "Product Type Definition Meta-Schema (v1)" in the SP-API documentation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

from amazon_product_types import json_pointer
from amazon_product_types.options import Option, listed, options

Schema: TypeAlias = Mapping[str, Any]
#: JSON Schema allows true and false where a schema may stand.
AnySchema: TypeAlias = Schema | bool
#: The way to a node: the names from the attribute down.
Names: TypeAlias = tuple[str, ...]
#: The way to a value of a payload: names, and indexes of elements.
Path: TypeAlias = tuple[str | int, ...]

#: Members that are written without a mapping.
ENGINE_MEMBERS = frozenset({"marketplace_id", "language_tag"})
#: Names under which a leaf carries its attribute's own value, the best first.
MAIN_NAMES = ("value", "value_with_tax")
#: Names of leaves that only qualify the value beside them.
QUALIFIERS = frozenset({"unit", "currency"})
_DATES = frozenset({"date", "date-time"})
_ADDRESSES = frozenset({"uri", "uri-reference", "iri"})
_REMEMBERED = 4096


class Group(NamedTuple):
    """A property group of Amazon's answer: its id and its title."""

    id: str = ""
    title: str = ""


class Limits(NamedTuple):
    """The limits of a value: numbers for numbers, characters for text, and UTF-8 bytes."""

    least: float | None = None
    most: float | None = None
    least_bytes: int | None = None
    most_bytes: int | None = None
    multiple_of: float | None = None
    pattern: str | None = None


class Node:
    """An attribute of a definition, a part of one, or (without names) the item as a whole.

    Args:
        definition: The definition it belongs to.
        names: The names from the attribute to it.
        schema: The property as it stands in the definition, `$ref` resolved.
        parent: The node above; None for an attribute and the root.
    """

    def __init__(self, definition: Definition, names: Names, schema: Schema, parent: Node | None) -> None:
        self.definition = definition
        self.names = names
        self.schema = schema
        self.parent = parent
        element = schema
        while element.get("type") == "array":
            element = definition.resolved(element.get("items", {}))
        #: What one value must match: the items of an array, else the property itself.
        self.element: Schema = element

    def __repr__(self) -> str:
        return f"<Node {self.path}>"

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @cached_property
    def path(self) -> str:
        """The names with dots between them: `item_weight.unit`."""
        return ".".join(self.names)

    @cached_property
    def steps(self) -> tuple[Node, ...]:
        """The nodes from the attribute down to this one."""
        return (*self.parent.steps, self) if self.parent else (self,)

    @property
    def is_array(self) -> bool:
        """Whether the node holds a list of elements."""
        return self.schema.get("type") == "array"

    @property
    def max_items(self) -> int | None:
        """How many elements the list takes; None is no limit."""
        return self.schema.get("maxItems")

    @property
    def max_unique(self) -> int | None:
        """How many elements with the same values of `selectors` the list takes; None is no limit."""
        return self.schema.get("maxUniqueItems")

    @cached_property
    def selectors(self) -> tuple[str, ...]:
        """The members that tell the elements of the list apart."""
        return tuple(self.schema.get("selectors", ()))

    @cached_property
    def members(self) -> Mapping[str, Node]:
        """The parts of one element, by name."""
        if self._repeats_itself:
            return {}
        return {
            name: Node(
                self.definition,
                (*self.names, name),
                self.definition.resolved(schema),
                self if self.names else None,
            )
            for name, schema in self.element.get("properties", {}).items()
        }

    @cached_property
    def is_leaf(self) -> bool:
        """Whether the node takes a value instead of having members."""
        return "properties" not in self.element or self._repeats_itself

    @cached_property
    def _repeats_itself(self) -> bool:
        """Whether a schema contains itself, which would make the tree endless."""
        parts = self.element.get("properties")
        return parts is not None and any(
            above.element.get("properties") is parts for above in self.steps[:-1]
        )

    @property
    def main(self) -> Node | None:
        """The member that carries the node's own value: `value`, if there is one."""
        name = main_name(self.members)
        return self.members[name] if name else None

    @cached_property
    def spoken(self) -> Node:
        """The same node in the locale people read; itself where that lacks it."""
        labels = self.definition.labels
        return (labels.find(self.names) if labels else None) or self

    @cached_property
    def label(self) -> str:
        """What people call the node; a leaf without a title goes by its parent's or by its name."""
        spoken = self.spoken
        title = spoken.element.get("title") or spoken.schema.get("title")
        if not title and self.parent and self.name in MAIN_NAMES:
            return self.parent.label
        return str(title or self.name).strip()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels from the attribute to the node."""
        return tuple(step.label for step in self.steps)

    @property
    def help(self) -> str:
        """What Amazon says about the node, in the locale people read."""
        spoken = self.spoken
        return str(spoken.element.get("description") or spoken.schema.get("description") or "")

    @property
    def examples(self) -> tuple[str, ...]:
        """Values that Amazon gives as examples, in the locale people read."""
        spoken = self.spoken
        return tuple(map(str, spoken.element.get("examples") or spoken.schema.get("examples") or ()))

    @property
    def group(self) -> Group:
        """The property group of the attribute."""
        return self.definition.groups.get(self.names[0], Group())

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The allowed or suggested values, named in the locale people read."""
        spoken = self.spoken
        return options(self.element, None if spoken is self else spoken.element)

    @cached_property
    def own_options(self) -> tuple[Option, ...]:
        """The allowed or suggested values, named in the definition's own locale."""
        return options(self.element)

    @cached_property
    def option_names(self) -> Mapping[str, str]:
        """The names of the options by their codes as JSON text."""
        return {json.dumps(option.value): option.name for option in self.options}

    @property
    def is_open(self) -> bool:
        """Whether the options are only suggestions: other text passes."""
        return listed(self.element)[1]

    @property
    def _branches(self) -> list[Schema]:
        """The schemas of which the value has to match one."""
        branches = [branch for key in ("anyOf", "oneOf") for branch in self.element.get(key, ())]
        return [branch for branch in branches if isinstance(branch, Mapping)]

    @cached_property
    def json_type(self) -> str:
        """The JSON type that Amazon takes."""
        known = self.element.get("type")
        if known is None:
            known = next((branch["type"] for branch in self._branches if "type" in branch), "string")
        return str(known if isinstance(known, str) else known[0])

    @cached_property
    def kind(self) -> str:
        """The kind of value: `string`, `number`, `integer`, `boolean`, `date` or `url`."""
        formats = {branch.get("format") for branch in (self.element, *self._branches)}
        return "date" if formats & _DATES else "url" if formats & _ADDRESSES else self.json_type

    @cached_property
    def limits(self) -> Limits:
        """The limits of one value."""
        schema = self.element
        numeric = schema.get("type") in {"number", "integer"}
        least = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
        most = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
        return Limits(
            least=max(least, default=None) if numeric else schema.get("minLength"),
            most=min(most, default=None) if numeric else schema.get("maxLength"),
            least_bytes=schema.get("minUtf8ByteLength"),
            most_bytes=schema.get("maxUtf8ByteLength"),
            multiple_of=schema.get("multipleOf"),
            pattern=schema.get("pattern"),
        )

    @property
    def editable(self) -> bool:
        """Whether an existing listing can change the value."""
        return bool(self.element.get("editable", self.schema.get("editable", True)))

    @property
    def hidden(self) -> bool:
        """Whether Amazon hides the node from people."""
        return bool(self.element.get("hidden", self.schema.get("hidden", False)))

    @property
    def replaced_by(self) -> tuple[str, ...]:
        """What the definition names in place of the node (relative JSON pointers)."""
        return tuple(self._lifecycle("replacedBy"))

    @property
    def replaces(self) -> tuple[str, ...]:
        """What the node takes the place of (relative JSON pointers)."""
        return tuple(self._lifecycle("replaces"))

    def _lifecycle(self, key: str) -> Iterable[str]:
        parts = (part.get("$lifecycle", {}).get(key) for part in (self.element, self.schema))
        return next((part for part in parts if part), ())


class Definition:
    """A product type definition as a tree.

    Args:
        document: The definition in the marketplace's own locale: codes, limits and rules are its.
        labels: The same definition in the locale people read; it gives titles, help and the names of
            options, never a code.
        property_groups: `propertyGroups` of Amazon's answer; without it attributes have no group.
    """

    def __init__(
        self,
        document: Schema,
        *,
        labels: Schema | None = None,
        property_groups: Mapping[str, Any] | None = None,
    ) -> None:
        self.document = document
        self.labels = Definition(labels) if labels is not None else None
        self.groups = {
            name: Group(group_id, group.get("title") or group_id)
            for group_id, group in (property_groups or {}).items()
            for name in group.get("propertyNames", ())
        }
        #: The item as a whole; its members are the attributes.
        self.root = Node(self, (), {"type": "object", **document}, None)
        self._schema_at = lru_cache(_REMEMBERED)(self._find_schema)

    @property
    def attributes(self) -> Mapping[str, Node]:
        """The attributes by name."""
        return self.root.members

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """Every leaf once, in the definition's order, without `marketplace_id` and `language_tag`."""
        return tuple(leaf for attribute in self.attributes.values() for leaf in _leaves(attribute))

    def find(self, names: Names) -> Node | None:
        """Return the node at these names (the root if there are none), None if the definition has none."""
        node: Node | None = self.root
        for name in names:
            node = node.members.get(name) if node else None
        return node

    def node_at(self, path: Path) -> Node | None:
        """Return the node of a place in a payload: `("item_weight", 0, "unit")`."""
        return self.find(tuple(step for step in path if isinstance(step, str)))

    def label_at(self, path: Path) -> str:
        """Return what people call a place in a payload; a name that the definition lacks is its own."""
        names = tuple(step for step in path if isinstance(step, str))
        node = self.find(names) if names else None
        return node.label if node else names[-1] if names else ""

    def names_at(self, path: Path) -> Mapping[str, str]:
        """Return the displayed names of a place's values, by the value's JSON text."""
        node = self.node_at(path)
        return node.option_names if node else {}

    def _find_schema(self, path: Path) -> Schema:
        schema: Schema = self.document
        for step in path:
            below = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
            if not isinstance(below, Mapping):
                return {}
            schema = self.resolved(below)
        return schema

    def resolved(self, schema: AnySchema) -> Schema:
        """Return a schema with its `$ref` (`#/$defs/…`) put in place; what stands beside it goes first.

        A list of schemas, which `items` may be by position, describes no single value: it becomes `{}`.
        """
        if not isinstance(schema, Mapping):
            return {"not": {}} if schema is False else {}
        seen = set()
        while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
            seen.add(reference)
            found = json_pointer.value_at(self.document, reference)
            target = found if isinstance(found, Mapping) else {}
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **beside} if beside else target
        return schema


def general(path: Path) -> Path:
    """Return a place with every element's index as 0: what holds of one element holds of each."""
    return tuple(0 if isinstance(step, int) else step for step in path)


def main_name(members: Iterable[str]) -> str | None:
    """Return the member that carries an attribute's own value: `value`, if there is one."""
    known = tuple(members)
    return next((name for name in MAIN_NAMES if name in known), None)


def _leaves(node: Node) -> Iterable[Node]:
    if node.is_leaf:
        yield node
        return
    for name, member in node.members.items():
        if name not in ENGINE_MEMBERS:
            yield from _leaves(member)
