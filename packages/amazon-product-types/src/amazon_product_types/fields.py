"""The fields of a product type: what a person can map, one for each leaf of its definition."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.options import Option, listed, options
from amazon_product_types.requirement import Requirement, requirements
from amazon_product_types.restrictions import restrictions
from amazon_product_types.tree import MAIN_NAMES, Leaf, Step, leaves, main_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


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
    attribute to the leaf, `label` the last. `requirement` is `required`, `conditional`,
    `recommended` or `optional`; `condition` says in words when a conditional field is required.
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
    requirement: str
    condition: str
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
    forbidden: str = ""
    needed_alone: bool = False
    recommended_by: str = ""
    min_bytes: int | None = None
    multiple_of: float | None = None
    replaced_by: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    restriction: str = field(default="", repr=False)
    levels: tuple[Level, ...] = field(default=(), repr=False)

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

    def to_dict(self) -> dict[str, Any]:
        """The field as JSON, with the keys that docs/fields.md explains."""
        known = asdict(self)
        del known["levels"], known["restriction"]
        known["options"] = [
            {"value": option.value, "name": option.name}
            | ({"deprecated": True, "replacements": option.replacements} if option.deprecated else {})
            for option in self.options
        ]
        return known | {"attribute": self.attribute, "selectors": self.selectors, "pointer": self.pointer}


def fields(
    document: Mapping[str, Any],
    *,
    property_groups: Mapping[str, Any] | None = None,
    labels_document: Mapping[str, Any] | None = None,
    relevant: Iterable[str] = (),
    language: str = "en",
) -> list[Field]:
    """The fields of a definition, in its order.

    Args:
        document: The definition in the marketplace's own locale: codes, limits and rules are its.
        property_groups: `propertyGroups` of Amazon's answer; without it fields have no group.
        labels_document: The same definition in the locale people read; it gives titles, help and
            the names of options, never a code.
        relevant: Attributes that Amazon called relevant for this product type (issue 18448).
        language: Of the sentences that say when a field is required or not allowed: en, es, fr or de.

    Returns:
        One field per leaf; `marketplace_id` and `language_tag` are the engine's and left out.
    """
    groups = {
        name: (group_id, group.get("title") or group_id)
        for group_id, group in (property_groups or {}).items()
        for name in group.get("propertyNames", ())
    }
    spoken = {leaf.names: leaf for leaf in leaves(labels_document)} if labels_document else {}
    known = list(leaves(document))
    needs = requirements(document, [leaf.names for leaf in known], frozenset(relevant), language)
    paths = {leaf.names for leaf in known}
    narrowed = restrictions(document)
    found = [
        _field(
            leaf, spoken.get(leaf.names, leaf), groups.get(leaf.names[0], ("", "")), needs[leaf.names], paths
        )
        for leaf in known
    ]
    return [
        replace(item, depends_on=tuple(".".join(place) for place in rule.depends_on), restriction=rule.digest)
        if (rule := narrowed.get(tuple(item.path.split("."))))
        else item
        for item in found
    ]


def relabelled(known: Iterable[Field], labels_document: Mapping[str, Any]) -> list[Field]:
    """The same fields by the labels of another document; those that it lacks keep theirs."""
    spoken = {leaf.names: leaf.steps for leaf in leaves(labels_document)}
    found = []
    for item in known:
        steps = spoken.get(tuple(item.path.split(".")))
        labels = tuple(_label(steps, index) for index in range(len(steps))) if steps else item.labels
        found.append(replace(item, labels=labels, label=labels[-1]))
    return found


def _field(
    leaf: Leaf,
    spoken: Leaf,
    group: tuple[str, str],
    need: Requirement,
    paths: set[tuple[str, ...]],
) -> Field:
    schema, names = leaf.steps[-1].element, leaf.names
    values, is_open = listed(schema)
    unit = (*names[:-1], "unit")
    lifecycle = schema.get("$lifecycle", {})
    outer = leaf.steps[-1].schema
    said = spoken.steps[-1]
    labels = tuple(_label(spoken.steps, index) for index in range(len(spoken.steps)))
    numeric = schema.get("type") in {"number", "integer"}
    levels = tuple(_level(item) for item in leaf.steps)
    return Field(
        path=".".join(names),
        label=labels[-1],
        labels=labels,
        group=group[1],
        group_id=group[0],
        type=_kind(schema),
        json_type=_json_type(schema),
        requirement=need.level,
        condition=need.condition,
        forbidden=need.forbidden,
        needed_alone=need.needed_alone,
        recommended_by=need.recommended_by,
        options=options(schema, values, said.element),
        open=is_open,
        min=_lower(schema) if numeric else schema.get("minLength"),
        max=_upper(schema) if numeric else schema.get("maxLength"),
        max_bytes=schema.get("maxUtf8ByteLength"),
        min_bytes=schema.get("minUtf8ByteLength"),
        max_values=_max_values(levels),
        multiple_of=schema.get("multipleOf"),
        pattern=schema.get("pattern"),
        editable=schema.get("editable", outer.get("editable", True)),
        hidden=schema.get("hidden", outer.get("hidden", False)),
        help=said.element.get("description") or said.schema.get("description") or "",
        examples=tuple(
            str(text) for text in said.element.get("examples") or said.schema.get("examples") or ()
        ),
        default=schema.get("default"),
        language=any(level.language for level in levels),
        unit=".".join(unit) if names[-1] != "unit" and len(names) > 1 and unit in paths else None,
        replaced_by=tuple(lifecycle.get("replacedBy") or outer.get("$lifecycle", {}).get("replacedBy") or ()),
        levels=levels,
    )


def _level(item: Step) -> Level:
    members = item.element.get("properties", {})
    return Level(
        item.name,
        item.is_array,
        item.schema.get("maxItems"),
        item.schema.get("maxUniqueItems"),
        tuple(item.schema.get("selectors", ())),
        "language_tag" in members,
        "marketplace_id" in members,
    )


def _max_values(levels: Sequence[Level]) -> int | None:
    """How many values fit into the innermost list."""
    for level in reversed(levels):
        if level.is_array:
            limits = [limit for limit in (level.max_items, level.max_unique) if limit is not None]
            return min(limits, default=None)
    return 1


def _label(steps: Sequence[Step], index: int) -> str:
    """The title of a step; a leaf without one goes by its parent's title or by its name."""
    item = steps[index]
    title = item.element.get("title") or item.schema.get("title")
    if not title and index and item.name in MAIN_NAMES:
        return _label(steps, index - 1)
    return str(title or item.name).strip()


def _kind(schema: Mapping[str, Any]) -> str:
    formats = {schema.get("format")} | {
        branch.get("format") for key in ("oneOf", "anyOf") for branch in schema.get(key, ())
    }
    if formats & {"date", "date-time"}:
        return "date"
    if formats & {"uri", "uri-reference", "iri"}:
        return "url"
    return _json_type(schema)


def _json_type(schema: Mapping[str, Any]) -> str:
    known = schema.get("type")
    if known is None:
        known = next(
            (b["type"] for k in ("anyOf", "oneOf") for b in schema.get(k, ()) if "type" in b), "string"
        )
    return str(known if isinstance(known, str) else known[0])


def _lower(schema: Mapping[str, Any]) -> float | None:
    return max((schema[k] for k in ("minimum", "exclusiveMinimum") if k in schema), default=None)


def _upper(schema: Mapping[str, Any]) -> float | None:
    return min((schema[k] for k in ("maximum", "exclusiveMaximum") if k in schema), default=None)


def main_field(below: Sequence[Field], depth: int) -> Field | None:
    """The field that a plain value for a node goes to: the only leaf, else `value` beside its unit.

    Args:
        below: The fields under the node.
        depth: How many names the node's own path has.
    """
    if len(below) == 1:
        return below[0]
    direct = {item.levels[-1].name: item for item in below if len(item.levels) == depth + 1}
    name = main_name(direct)
    return direct[name] if name else None
