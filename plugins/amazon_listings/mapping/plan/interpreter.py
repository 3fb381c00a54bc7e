"""Running the plan on one item: the complete way, which explains itself and finds every issue."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.expressions.rows import is_empty
from amazon_listings.mapping.findings import Findings, Setting, Site, deciding_cell
from amazon_listings.mapping.plan.direct import ExpressionError
from amazon_listings.mapping.plan.tree import Branch, Cell, Element, Leaf, says_something
from amazon_listings.mapping.values.conversion import parse_quantity
from amazon_listings.mapping.values.options import Inconvertible, LeftOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.mapping.expressions.rows import Row
    from amazon_product_types.validation.issue import Issue, Origin


class Made(NamedTuple):
    """How one value of a payload came about.

    `value` is what is sent, `source` what the expression gave, `rule` what was done to it.
    """

    path: str
    value: Any
    source: Any
    origin: Origin
    expression: str
    rule: str


class Place(NamedTuple):
    """Where a value goes: the object being made by `template` at `path`, for `row`."""

    template: Element
    element: dict[str, Any]
    row: Row
    path: str


class Work:
    """One item being mapped.

    Args:
        setting: The engine's setting.
        rows: The item in each wanted language, in order.
        made: Filled with how each value came about, if given.
    """

    def __init__(self, setting: Setting, rows: Sequence[Row], made: list[Made] | None = None) -> None:
        self.setting = setting
        self.rows = rows
        self.made = made
        self._findings = Findings(setting, rows)
        self._failed = False
        self._borrowed: set[str] = set()
        self._bound: dict[Leaf, tuple[Any, Cell | None]] = {}

    @property
    def issues(self) -> list[Issue]:
        """What a person should know so far."""
        return self._findings.issues

    def attribute(self, plan: Branch) -> list[dict[str, Any]] | None:
        """The elements of an attribute; None where nothing is to be sent or a value cannot be."""
        self._failed = False
        start = len(self.made) if self.made is not None else 0
        elements = self._array(plan, self.rows[0], plan.name, languages=True)
        if self._failed or not elements:
            if self.made is not None:
                del self.made[start:]
            return None
        return elements

    def _array(self, plan: Branch, row: Row, path: str, *, languages: bool) -> list[dict[str, Any]]:
        by_language = plan.level.language and languages
        found: list[dict[str, Any]] = []
        for one in self.rows if by_language else (row,):
            before = len(found)
            for template in plan.templates:
                self._elements(plan, template, one, path, found, languages=languages and not by_language)
            if by_language and len(found) == before:
                speaking = deciding_cell(plan)
                if speaking:
                    self._findings.missing_language(Site(*speaking, one, path))
        return self._cut(plan, found, path)

    def _elements(
        self,
        plan: Branch,
        template: Element,
        row: Row,
        path: str,
        found: list[dict[str, Any]],
        *,
        languages: bool,
    ) -> None:
        columns = {leaf: self._values(leaf, row, path) for leaf in template.columns}
        driven = [leaf for leaf in columns if not leaf.constant]
        if len(driven) == 1:
            columns[driven[0]] = [pair for pair in columns[driven[0]] if not is_empty(pair[0])]
        count = max([len(columns[leaf]) for leaf in driven or columns], default=1)
        for position in range(max(count, 1)):
            for leaf, pairs in columns.items():
                one = len(pairs) == 1
                self._bound[leaf] = (
                    pairs[0 if one else position] if one or position < len(pairs) else (None, None)
                )
            self._borrowed = set()
            start = len(self.made) if self.made is not None else 0
            element = self._object(template, row, f"{path}/{len(found)}", languages=languages)
            tag = self._tag(plan, row, path) if element is not None else ""
            if element is None or tag is None:
                if self.made is not None:
                    del self.made[start:]
                continue
            if plan.level.language:
                element["language_tag"] = tag
            if plan.level.marketplace:
                element["marketplace_id"] = self.setting.marketplace_id
            found.append(element)

    def _object(self, template: Element, row: Row, path: str, *, languages: bool) -> dict[str, Any] | None:
        element: dict[str, Any] = {}
        for name, member in template.members.items():
            value: Any
            if isinstance(member, Leaf):
                value = self._leaf(member, Place(template, element, row, path))
            elif member.level.is_array:
                value = self._array(member, row, f"{path}/{name}", languages=languages) or None
            else:
                value = self._object(member.templates[0], row, f"{path}/{name}", languages=languages)
                if value is not None and member.level.language:
                    value["language_tag"] = self.setting.tags.get(row.language, "")
            if value is not None and name not in element:
                element[name] = value
        return element if says_something(template, element) else None

    def _leaf(self, leaf: Leaf, place: Place) -> Any:
        path = f"{place.path}/{leaf.name}"
        if not leaf.is_list:
            value, cell = self._bound.get(leaf, (None, None))
            if is_empty(value) or cell is None:
                return None
            return self._converted(value, Site(leaf, cell, place.row, path), place)
        pairs = [pair for pair in self._values(leaf, place.row, path) if not is_empty(pair[0])]
        limit = leaf.field.max_values
        if limit is not None and len(pairs) > limit:
            self._findings.left_out(Site(leaf, pairs[0][1], place.row, path), limit, len(pairs))
        values = [
            self._converted(value, Site(leaf, cell, place.row, path), place) for value, cell in pairs[:limit]
        ]
        return [value for value in values if value is not None] or None

    def _converted(self, source: Any, site: Site, place: Place) -> Any:
        leaf, cell = site.leaf, site.cell
        rule = cell.expression.rule or ("constant" if cell.expression.constant else leaf.converter.rule)
        value = source
        try:
            value = self._without_rest(value, site)
            if leaf.converter.unit is not None:
                value, unit = parse_quantity(value, self.setting.reading)
                if unit:
                    self._unit(site, unit, place)
                    rule += " and unit"
            value = self._without_rest(leaf.converter.convert(value), site)
        except Inconvertible as error:
            self._refuse(error, site, source)
            return None
        self._borrowed |= site.row.borrowed.intersection(cell.expression.fields)
        if value == "":
            return None
        self._explain(site, value, source, rule)
        return value

    def _without_rest(self, value: Any, site: Site) -> Any:
        if not isinstance(value, LeftOut):
            return value
        self._findings.cut(value, site)
        return value.value

    def _unit(self, site: Site, unit: str, place: Place) -> None:
        """The unit written beside a number: it fills the unit, and must not contradict the line's."""
        find = site.leaf.converter.unit
        code = self._without_rest(find(unit) if find else unit, site)
        beside = place.template.members.get("unit")
        if isinstance(beside, Leaf):
            mapped = self._bound.get(beside, (None, None))[0]
            if not is_empty(mapped) and beside.converter.convert(mapped) != code:
                raise Inconvertible("units_differ", unit=unit, mapped=mapped)
        place.element["unit"] = code
        self._explain(site._replace(path=f"{place.path}/unit"), code, unit, "unit in the value")

    def _explain(self, site: Site, value: Any, source: Any, rule: str) -> None:
        if self.made is not None:
            origin = self._findings.origin(site.cell, site.row)
            self.made.append(Made(site.path, value, source, origin, site.cell.expression.text, rule))

    def _refuse(self, error: ExpressionError | Inconvertible, site: Site, source: Any) -> None:
        self._failed = True
        self._findings.refused(error, site, source)

    def _values(self, leaf: Leaf, row: Row, path: str) -> list[tuple[Any, Cell]]:
        found: list[tuple[Any, Cell]] = []
        for cell in leaf.cells:
            try:
                value = cell.expression.evaluate(row)
            except (ExpressionError, Inconvertible) as error:
                self._refuse(error, Site(leaf, cell, row, f"{path}/0/{leaf.name}"), cell.expression.text)
                continue
            found += [(one, cell) for one in value] if isinstance(value, list | tuple) else [(value, cell)]
        return found

    def _tag(self, plan: Branch, row: Row, path: str) -> str | None:
        """The language tag of the element just made; None if the element must not stand.

        A text in the fallback language keeps its own tag, and does not satisfy what is required.
        """
        fallback, speaking = self.setting.fallback, deciding_cell(plan)
        if not self._borrowed or fallback is None or speaking is None:
            return self.setting.tags.get(row.language, "")
        self._findings.borrowed(plan, Site(*speaking, row, path), self._borrowed)
        if plan.level.language and fallback in self.setting.wanted:
            return None
        return self.setting.tags.get(fallback, "")

    def _cut(self, plan: Branch, found: list[dict[str, Any]], path: str) -> list[dict[str, Any]]:
        """No more elements than the array takes, for each combination of its selectors."""
        limit, level = plan.limit, plan.level
        if limit is None or len(found) <= limit:
            return found
        kept: list[dict[str, Any]] = []
        counted: Counter[Any] = Counter()
        selectors = level.selectors if level.max_items is None else ()
        for element in found:
            key = tuple(str(element.get(name)) for name in selectors)
            counted[key] += 1
            if counted[key] <= limit:
                kept.append(element)
        if len(kept) < len(found):
            leaf = next(leaf for template in plan.templates for leaf in template.leaves())
            self._findings.left_out(
                Site(leaf, leaf.cells[0], self.rows[0], path), limit, max(counted.values())
            )
            if self.made is not None:
                self._forget(path, found, kept)
        return kept

    def _forget(self, path: str, found: list[dict[str, Any]], kept: list[dict[str, Any]]) -> None:
        """Take what was cut out of the explanation, and number the rest anew."""
        assert self.made is not None  # noqa: S101 - the caller asked
        places = {id(element): position for position, element in enumerate(kept)}
        renamed = []
        for made in self.made:
            if not made.path.startswith(f"{path}/"):
                renamed.append(made)
                continue
            number, _, rest = made.path[len(path) + 1 :].partition("/")
            position = places.get(id(found[int(number)]))
            if position is not None:
                renamed.append(made._replace(path=f"{path}/{position}/{rest}"))
        self.made[:] = renamed
