"""From the mapping as written to the plan: every value at its place in the definition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.expressions.compiled import BadExpression, as_expression, constant
from amazon_listings.mapping.faults import InvalidLine, Line, MappingFault, problem_of
from amazon_listings.mapping.plan.hidden_debris import without_hidden_debris
from amazon_listings.mapping.plan.tree import Branch, Cell, Element, PlanLeaf, spread_depth
from amazon_listings.mapping.short_forms.context import MarketplaceContext
from amazon_listings.mapping.short_forms.forms import SHORT_FORMS, spread
from amazon_listings.mapping.values.conversion import (
    Converter,
    Treatment,
    converter,
    parse_quantity,
)
from amazon_listings.mapping.values.notation import Reading
from amazon_listings.mapping.values.options import ConversionError, own_option_names
from amazon_listings.mapping.values.value import is_empty
from amazon_listings.messages import message
from amazon_product_types.definition import ENGINE_MEMBERS
from amazon_product_types.labels import AmbiguousField, FieldIndex, Target, UnknownField

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from amazon_listings.mapping.values.invalid import InvalidValue
    from amazon_listings.mapping.values.notation import SourceNotation
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.messages import Message
    from amazon_product_types.fields import Field

#: Keys of an object value that say how, not what.
_TREATMENTS = {"truncate": ("words",), "html": ("keep", "text")}


class Anchor(NamedTuple):
    """Where to place from: the members of the node at `depth` names."""

    element: Element
    depth: int


class LineOrigin(NamedTuple):
    """What placed values come from: their line, and how it wants them treated."""

    line: Line
    treatment: Treatment = Treatment()


class PlanCompiler:
    """Collects the plan of a mapping, and what is wrong with it.

    Args:
        index: The fields that may be mapped.
        notation: How the PIM writes numbers and dates.
        marketplace: Where to sell.
        definition: The definition in the marketplace's own locale.
    """

    def __init__(
        self,
        index: FieldIndex,
        notation: SourceNotation,
        *,
        marketplace: Marketplace,
        definition: Mapping[str, Any],
    ) -> None:
        self.index = index
        self.notation = notation
        self.faults: list[MappingFault] = []
        self.renamed: dict[Line, list[Message]] = {}
        self.root = Element()
        self.fields: dict[str, Field] = {item.path: item for item in index.fields}
        self.paths = {
            ".".join(names[:depth])
            for names in (path.split(".") for path in self.fields)
            for depth in range(1, len(names) + 1)
        }
        self.context = MarketplaceContext(marketplace, self.fields, notation)
        self.own_names = own_option_names(definition)
        self._common: dict[int, Element] = {}

    def add(self, line: Line, key: str, value: object) -> None:
        """Put `value` where `key` says; a mistake becomes a fault."""
        root, source = Anchor(self.root, 0), LineOrigin(line)
        try:
            if key in SHORT_FORMS and key not in self.paths:
                for path, content in SHORT_FORMS[key](value, self.context):
                    self._place(root, self._target(path), content, source)
            else:
                self._place_found(root, key, value, source)
        except (UnknownField, AmbiguousField) as error:
            self.fault(line, problem_of(error), *map(str, error.candidates))
        except BadExpression as error:
            self.fault(line, problem_of(error))
        except InvalidLine as refused:
            self.fault(line, refused.problem, *refused.candidates)

    def _place_found(self, root: Anchor, key: str, value: object, source: LineOrigin) -> None:
        slots = self.context.numbered(key)
        try:
            target = None if slots else self._noted(self.index.find(key), key, source.line)
        except AmbiguousField as error:
            # One label for other_product_image_locator_1 to _8: the places of one list.
            slots = self.context.same_but_numbered([found.path for found in error.candidates])
            if not slots:
                raise
        if slots:
            for path, content in spread(value, slots):
                self._place(root, self._target(path), content, source)
        elif target is not None:
            self._place(root, target, value, source)

    def path_of(self, line: Line, key: str) -> str | None:
        """Return the path that a label or path names; a mistake becomes a fault."""
        try:
            return self._noted(self.index.find(key), key, line).path
        except (UnknownField, AmbiguousField) as error:
            self.fault(line, problem_of(error), *map(str, error.candidates))
            return None

    def _noted(self, target: Target, key: str, line: Line) -> Target:
        """Return the target; that its label is an old one is noted for a warning."""
        if target.renamed_to is not None:
            self.renamed.setdefault(line, []).append(
                message("mapping.renamed", key=key, now=target.renamed_to, field=target.path)
            )
        return target

    def fault(self, line: Line, problem: Message | InvalidValue, *candidates: str) -> None:
        """Note a mistake."""
        self.faults.append(MappingFault(line, problem, candidates))

    def check_tables(self, plan: Mapping[str, Branch], tables: Collection[str]) -> None:
        """Report a line that looks into a related table which the connector does not name."""
        for branch in plan.values():
            for template in branch.templates:
                for cell in (cell for leaf in template.leaves() for cell in leaf.cells):
                    for name in sorted(cell.expression.reads.tables):
                        if name not in tables:
                            self.fault(cell.line, message("mapping.no_such_table", name=name), *tables)

    def _place(self, spot: Anchor, target: Target, value: object, source: LineOrigin) -> None:
        if value in ([], {}):
            raise InvalidLine(message("mapping.no_value", field=target.path))
        if isinstance(value, dict):
            self._place_object(spot, target, value, source)
        elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
            self._place_elements(spot, target, value, source)
        elif target.field is None:
            names = [f"{item.path.removeprefix(target.path + '.')} ({item.label})" for item in target.fields]
            raise InvalidLine(message("mapping.several_fields", field=target.path), *names)
        else:
            self._fill(spot, target.field, value if isinstance(value, list) else [value], source)

    def _place_object(self, spot: Anchor, target: Target, value: dict[str, Any], source: LineOrigin) -> None:
        value = dict(value)
        source = source._replace(treatment=_treatment(value, source.treatment))
        base = target.path
        if target.kind == "leaf":
            base, _, own = target.path.rpartition(".")
            if "value" in value and f"{base}.value" not in self.fields:
                value[own] = value.pop("value")
        for name, content in value.items():
            self._place(spot, self._member(base, str(name), source.line), content, source)

    def _place_elements(self, spot: Anchor, target: Target, values: list[Any], source: LineOrigin) -> None:
        base = target.path.rpartition(".")[0] if target.kind == "leaf" else target.path
        depth = base.count(".") + 1
        if not target.fields[0].levels[depth - 1].is_array:
            raise InvalidLine(message("mapping.one_object", field=base))
        if depth <= spot.depth:
            raise InvalidLine(message("mapping.list_in_list", field=base))
        branch = self._branch(spot, target.fields[0], depth)
        for value in values:
            element = Element()
            branch.templates.append(element)
            content = value if isinstance(value, dict) else {"value": value}
            self._place_object(Anchor(element, depth), self._target(base), content, source)

    def _member(self, base: str, name: str, line: Line) -> Target:
        if name.rpartition(".")[2] in ENGINE_MEMBERS:
            raise InvalidLine(message("mapping.written_by_us", name=name))
        if (path := f"{base}.{name}") in self.paths:
            return self._target(path)
        below = self.index.inside(base)
        try:
            return self._noted(below.find(name), name, line)
        except (UnknownField, AmbiguousField) as error:
            names = [f"{item.path.removeprefix(base + '.')} ({item.label})" for item in below.fields]
            found = [str(candidate) for candidate in error.candidates] or names
            raise InvalidLine(message("mapping.nothing_called", field=base, name=name), *found) from None

    def _target(self, path: str) -> Target:
        """Return the place at exactly `path`, though a single leaf may be all there is below."""
        found = self.index.target(path)
        return found if path in self.fields else found._replace(path=path, kind="composite")

    def _branch(self, spot: Anchor, leaf: Field, end: int) -> Branch:
        """Return the branch at `end` names on the way to `leaf`."""
        element = spot.element
        for level in leaf.levels[spot.depth : end]:
            found = element.members.get(level.name)
            if not isinstance(found, Branch):
                found = element.members[level.name] = Branch(level, [])
                self._common[id(found)] = Element()
            branch, element = found, self._common[id(found)]
        return branch

    def _fill(self, spot: Anchor, leaf: Field, values: list[Any], source: LineOrigin) -> None:
        if any(level.max_items == 0 for level in leaf.levels):
            raise InvalidLine(message("mapping.takes_no_value", field=leaf.path))
        if len(leaf.levels) == 1:  # the plan is of objects
            raise InvalidLine(message("mapping.plain_attribute", field=leaf.path))
        element, above = spot.element, len(leaf.levels) - 1
        if above > spot.depth:
            element = self._common[id(self._branch(spot, leaf, above))]
        name = leaf.levels[-1].name
        if isinstance(known := element.members.get(name), PlanLeaf):
            raise InvalidLine(message("mapping.mapped_by", field=leaf.path, line=known.cells[0].line))
        unit = self.fields.get(leaf.unit) if leaf.unit else None
        notation = replace(self.notation, exact=self._is_exact(leaf))
        cells = [Cell(as_expression(value, notation), source.line, source.treatment) for value in values]
        reading = notation.reading(name for cell in cells for name in cell.expression.fields)
        convert = converter(
            leaf,
            source.treatment,
            reading,
            unit_of=unit,
            own_names=self.own_names,
            constant=all(cell.expression.constant for cell in cells),
        )
        if convert.is_text:
            cells = [
                replace(cell, expression=without_hidden_debris(cell.expression, notation.allowed))
                for cell in cells
            ]
        for cell in cells:
            _check_constant(cell, convert)
        element.members[name] = PlanLeaf(leaf, cells, convert)

    def _is_exact(self, leaf: Field) -> bool:
        """Return whether a leaf is a count or money, where a factor of 1,000 is a loss."""
        if leaf.json_type == "integer":
            return True
        names = leaf.path.split(".")
        return leaf.json_type == "number" and any(
            ".".join([*names[:depth], "currency"]) in self.fields for depth in range(1, len(names))
        )

    def plan(self) -> dict[str, Branch]:
        """Return the plan, once all lines are in."""
        return {
            name: self._finished(branch, 1)
            for name, branch in self.root.members.items()
            if isinstance(branch, Branch)
        }

    def _finished(self, branch: Branch, depth: int) -> Branch:
        common = self._common.get(id(branch), Element())
        templates = []
        for own in branch.templates or [Element()]:
            for name in common.members.keys() & own.members.keys():
                line = next(iter(Element({name: own.members[name]}).leaves())).cells[0].line
                self.fault(line, message("mapping.mapped_already", field=name))
            members = {**common.members, **own.members}
            for name, member in members.items():
                if isinstance(member, Branch):
                    members[name] = self._finished(member, depth + 1)
            element = Element(members)
            self._add_currency(element, depth)
            if branch.level.is_array:
                element.columns = tuple(_columns(element, depth))
            templates.append(element)
        return Branch(branch.level, templates)

    def _add_currency(self, element: Element, depth: int) -> None:
        """`currency` beside a price, which a person should not have to repeat on every line."""
        leaves = element.leaves()
        if not leaves or "currency" in element.members:
            return
        names = leaves[0].field.path.split(".")[:depth]
        beside = self.fields.get(".".join([*names, "currency"]))
        if beside is None:
            return
        currency = self.context.marketplace.currency
        convert = converter(beside, Treatment(), Reading())
        try:
            convert.convert(currency)
        except ConversionError:
            return
        cell = Cell(constant(currency), leaves[0].cells[0].line, Treatment())
        element.members["currency"] = PlanLeaf(beside, [cell], convert)


def _columns(element: Element, depth: int) -> list[PlanLeaf]:
    """Return the leaves whose lists repeat an element; one that is a list itself takes all its values."""
    return [leaf for leaf in element.leaves() if not leaf.is_list and spread_depth(leaf) == depth]


def _treatment(value: dict[str, Any], outer: Treatment) -> Treatment:
    """Takes the treatment keys out of an object value."""
    asked = {name: value.pop(name) for name in _TREATMENTS if name in value}
    for name, choice in asked.items():
        if choice not in _TREATMENTS[name]:
            raise InvalidLine(
                message("mapping.can_be", key=name, choices=_TREATMENTS[name], choice=str(choice))
            )
    return Treatment(
        truncate=asked.get("truncate") == "words" or outer.truncate,
        keep_html=asked.get("html") == "keep" or outer.keep_html,
    )


def _check_constant(cell: Cell, convert: Converter) -> None:
    """Report a constant that the leaf does not take: a mistake of the mapping, not of each item."""
    if not cell.expression.constant:
        return
    try:
        value = cell.expression.evaluate(None)  # type: ignore[arg-type]  # a constant reads no row
        if is_empty(value):
            return
        if convert.unit is None:
            convert.convert(value)
        elif unit := parse_quantity(value, convert.decimal)[1]:
            convert.unit(unit)
    except ConversionError as error:
        options = (error.allowed or {}).get("options", ())
        raise InvalidLine(error, *(f"{o['name']} ({o['value']})" for o in options)) from None
