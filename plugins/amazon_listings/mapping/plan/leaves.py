"""The leaves of a plan as closures: from what an expression gave to what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.mapping.plan.tree import Cell, Element, PlanLeaf
from amazon_listings.mapping.values.conversion import parse_quantity
from amazon_listings.mapping.values.options import ConversionError, Remarked
from amazon_listings.mapping.values.value import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.findings import Site
    from amazon_listings.mapping.plan.evaluation import Evaluation, Way
    from amazon_listings.mapping.values.value import Value

    #: Makes a leaf of the object given last.
    LeafMaker = Callable[[Evaluation, ItemRow, dict[str, Any]], Any]


def folded(leaf: PlanLeaf) -> Value:
    """Return what a constant leaf sends, converted once; None if it must be made for every item."""
    if not leaf.constant or leaf.is_list or len(leaf.cells) != 1 or leaf.converter.unit is not None:
        return None
    value = constant_of(leaf)
    if is_empty(value):
        return None
    try:
        made: Value = leaf.converter.convert(value)
    except ConversionError:
        return None
    return None if made == "" or isinstance(made, Remarked) else made


def constant_of(leaf: PlanLeaf) -> Value:
    """Return what the line of a constant leaf says."""
    return leaf.cells[0].expression.evaluate(_NO_ROW)


def compile_leaf(leaf: PlanLeaf, template: Element, places: Mapping[PlanLeaf, int], way: Way) -> LeafMaker:
    """Compile all of a leaf: issues, units beside a number, and what is observed.

    What most leaves need, to convert the value that is bound, their object does by itself.

    Args:
        leaf: The leaf.
        template: The element that it is a member of.
        places: Where the leaves of the plan keep their values.
        way: The way to the leaf.
    """
    if leaf.is_list:
        return _list(leaf, way)
    if leaf.converter.unit is not None:
        return _quantity(leaf, _Beside.of(template, places), places[leaf], way)
    place, convert, is_unit = places[leaf], leaf.converter.convert, leaf.name == "unit"

    def made(run: Evaluation, row: ItemRow, beside: dict[str, Any]) -> Any:
        source = run.values[place]
        if is_empty(source) or (is_unit and "unit" in beside):  # it stands in the value already
            return None
        site = _site(run, leaf, place, row, way)
        try:
            return observed(run, convert(_whole(source)), source, site)
        except ConversionError as error:
            return run.refuse(error, site, _whole(source))

    return made


class _Beside(NamedTuple):
    """The unit that the mapping gives beside a value: its leaf, and where its value is bound."""

    leaf: PlanLeaf
    place: int | None

    @classmethod
    def of(cls, template: Element, places: Mapping[PlanLeaf, int]) -> _Beside | None:
        """Return the unit of an element, if a line gives one."""
        unit = template.members.get("unit")
        if not isinstance(unit, PlanLeaf):
            return None
        return cls(unit, None if folded(unit) is not None else places[unit])

    def code(self, run: Evaluation) -> tuple[Value, Value]:
        """Return the unit as the mapping has it, and its code; None where it is empty."""
        if self.place is None:
            return constant_of(self.leaf), folded(self.leaf)
        mapped = run.values[self.place]
        return mapped, None if is_empty(mapped) else self.leaf.converter.convert(mapped)


def _quantity(leaf: PlanLeaf, unit_beside: _Beside | None, place: int, way: Way) -> LeafMaker:
    """Return a number that may have its unit written beside it: `1,5 kg` fills both."""
    decimal, convert = leaf.converter.decimal, leaf.converter.convert
    find_unit, unit_way = leaf.converter.unit or str, (*way[:-1], "unit")

    def made(run: Evaluation, row: ItemRow, element: dict[str, Any]) -> Any:
        source = run.values[place]
        if is_empty(source):
            return None
        try:
            number, unit = parse_quantity(_whole(source), decimal)
            code = _agreed(run, unit, find_unit(unit), unit_beside) if unit else None
            value = convert(number)
        except ConversionError as error:
            return run.refuse(error, _site(run, leaf, place, row, way), source)
        if run.observed:
            site = _site(run, leaf, place, row, way)
            if unit and "unit" not in element:
                run.observe(site._replace(path=run.path(unit_way)), code, unit, "unit in the value")
            run.observe(site, value, source, _rule(site) + (" and unit" if unit else ""))
        if unit:
            element["unit"] = code
        return value

    return made


def _agreed(run: Evaluation, written: str, code: Value, beside: _Beside | None) -> Value:
    """Return the unit written beside a number: it must not contradict the mapping's own."""
    if beside is not None:
        mapped, mapped_code = beside.code(run)
        if mapped_code is not None and mapped_code != code:
            raise ConversionError("units_differ", unit=written, mapped=mapped)
    return code


def _list(leaf: PlanLeaf, way: Way) -> LeafMaker:
    """Return a leaf that is itself a list of plain values."""
    limit, convert = leaf.field.max_values, leaf.converter.convert

    def made(run: Evaluation, row: ItemRow, _element: dict[str, Any]) -> Any:
        pairs = []
        for cell in leaf.cells:
            try:
                value = cell.expression.evaluate(row)
            except (ExpressionError, ConversionError) as error:
                run.refuse(error, run.site(leaf, cell, row, way), cell.expression.text)
                continue
            found = value if isinstance(value, list | tuple) else [value]
            pairs += [(one, cell) for one in found if not is_empty(one)]
        if limit is not None and len(pairs) > limit:
            run.findings.left_out(run.site(leaf, pairs[0][1], row, way), limit, len(pairs))
        values = []
        for source, cell in pairs[:limit]:
            site = run.site(leaf, cell, row, way)
            try:
                values.append(observed(run, convert(_whole(source)), source, site))
            except ConversionError as error:
                run.refuse(error, site, source)
        return [value for value in values if value is not None] or None

    return made


def _site(run: Evaluation, leaf: PlanLeaf, place: int, row: ItemRow, way: Way) -> Site:
    cell: Cell | None = leaf.cells[0] if len(leaf.cells) == 1 else run.cells[place]
    return run.site(leaf, cell or leaf.cells[0], row, way)


def observed(run: Evaluation, value: object, source: object, site: Site) -> Any:
    """Return what is sent, once everything about it is noted."""
    for part in (source, value):
        if isinstance(part, Remarked):
            run.findings.remark(part, site)
    sent = value.value if isinstance(value, Remarked) else value
    if sent == "":
        return None
    run.observe(site, sent, _whole(source), _rule(site))
    return sent


def _rule(site: Site) -> str:
    """Return what was done to a value."""
    expression = site.cell.expression
    return expression.rule or ("constant" if expression.constant else site.leaf.converter.rule)


def _whole(value: object) -> Any:
    return value.value if isinstance(value, Remarked) else value


#: What a constant reads.
_NO_ROW: Any = None
