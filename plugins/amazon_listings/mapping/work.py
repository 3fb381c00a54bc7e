"""Running the plan on one item: the complete way, which explains itself and finds every issue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.conversion import Inconvertible, Noted, parse_quantity
from amazon_listings.mapping.expressions import ExpressionError
from amazon_listings.mapping.plan import Branch, Cell, Element, Leaf
from amazon_listings.mapping.rows import Row, is_empty
from amazon_listings.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.mapping.conversion import Reading


@dataclass(frozen=True)
class Setting:
    """What the engine knows beyond the lines.

    `tags` gives the Amazon tag of each PIM language, the fallback's too; `wanted` are the value
    languages, the first is the one of fields without language.
    """

    marketplace_id: str
    wanted: tuple[str, ...]
    tags: Mapping[str, str]
    reading: Reading
    required: frozenset[str] = frozenset()
    fallback: str | None = None
    report_missing: bool = False
    connector: str = ""


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
        self.issues: list[Issue] = []
        self._failed = False
        self._borrowed: set[str] = set()
        self._bound: dict[Leaf, tuple[Any, Cell | None]] = {}

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
                self._missing_language(plan, one, path)
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
        return element if _says_something(template, element) else None

    def _leaf(self, leaf: Leaf, place: Place) -> Any:
        path = f"{place.path}/{leaf.name}"
        if leaf.is_list:
            pairs = [pair for pair in self._values(leaf, place.row, path) if not is_empty(pair[0])]
            limit = leaf.field.max_values
            if limit is not None and len(pairs) > limit:
                self._left_out(leaf.field.label, limit, len(pairs), path, pairs[0][1])
            values = [self._converted(leaf, value, cell, place) for value, cell in pairs[:limit]]
            return [value for value in values if value is not None] or None
        value, cell = self._bound.get(leaf, (None, None))
        return None if is_empty(value) or cell is None else self._converted(leaf, value, cell, place)

    def _converted(self, leaf: Leaf, source: Any, cell: Cell | None, place: Place) -> Any:
        assert cell is not None  # noqa: S101 - only values without a cell are empty
        row, path = place.row, f"{place.path}/{leaf.name}"
        rule = cell.expression.rule or ("constant" if cell.expression.constant else leaf.converter.rule)
        value = source
        try:
            if isinstance(value, Noted):
                self._note(value, leaf, cell, row, path)
                value = value.value
            if leaf.converter.unit is not None:
                value, unit = parse_quantity(value, self.setting.reading)
                if unit:
                    self._unit(leaf, unit, place)
                    rule += " and unit"
            value = leaf.converter.convert(value)
        except Inconvertible as error:
            self._refused(error, leaf, source, cell, row, path)
            return None
        if isinstance(value, Noted):
            self._note(value, leaf, cell, row, path)
            value = value.value
        self._borrowed |= row.borrowed.intersection(cell.expression.fields)
        if value == "":
            return None
        if self.made is not None:
            self.made.append(Made(path, value, source, self._origin(cell, row), cell.expression.text, rule))
        return value

    def _unit(self, leaf: Leaf, unit: str, place: Place) -> None:
        """The unit written beside a number: it fills the unit, and must not contradict the line's."""
        assert leaf.converter.unit is not None  # noqa: S101 - the caller asked
        code = leaf.converter.unit(unit)
        beside = place.template.members.get("unit")
        if isinstance(beside, Leaf):
            mapped = self._bound.get(beside, (None, None))[0]
            if not is_empty(mapped) and beside.converter.convert(mapped) != code:
                raise Inconvertible(f"the value is in {unit}, the mapping says {mapped}")
        place.element["unit"] = code
        if self.made is not None:
            cell = leaf.cells[0]
            origin = self._origin(cell, place.row)
            self.made.append(
                Made(f"{place.path}/unit", code, unit, origin, cell.expression.text, "unit in the value")
            )

    def _values(self, leaf: Leaf, row: Row, path: str) -> list[tuple[Any, Cell | None]]:
        found: list[tuple[Any, Cell | None]] = []
        for cell in leaf.cells:
            try:
                value = cell.expression.evaluate(row)
            except (ExpressionError, Inconvertible) as error:
                self._refused(error, leaf, cell.expression.text, cell, row, f"{path}/0/{leaf.name}")
                continue
            several = isinstance(value, list | tuple) and not isinstance(value, Noted)
            found += [(one, cell) for one in value] if several else [(value, cell)]
        return found

    def _tag(self, plan: Branch, row: Row, path: str) -> str | None:
        """The language tag of the element just made; None if the element must not stand.

        A text in the fallback language keeps its own tag, and does not satisfy what is required.
        """
        fallback = self.setting.fallback
        if not self._borrowed or fallback is None:
            return self.setting.tags.get(row.language, "")
        fields = ", ".join(sorted(self._borrowed))
        needed = plan.name in self.setting.required
        self._issue(
            "fallback_language",
            "ERROR" if needed else "WARNING",
            f"{fields} has no text in {row.language}; the text in {fallback} "
            + ("does not count as one." if needed else "stands in, under its own language."),
            attribute=plan.name,
            path=path,
            origin=self._first_origin(plan, fallback),
        )
        if plan.level.language and fallback in self.setting.wanted:
            return None
        return self.setting.tags.get(fallback, "")

    def _missing_language(self, plan: Branch, row: Row, path: str) -> None:
        leaves = [leaf for template in plan.templates for leaf in template.leaves() if not leaf.constant]
        if self.setting.report_missing and leaves:
            self._issue(
                "missing_language",
                "WARNING",
                f"No text in {row.language} for “{leaves[0].field.label}”: that language is left out.",
                attribute=plan.name,
                path=path,
                origin=self._first_origin(plan, row.language),
            )

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
            leaf = plan.templates[0].leaves()[0]
            self._left_out(leaf.field.label, limit, max(counted.values()), path, leaf.cells[0])
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

    def _left_out(self, label: str, limit: int, given: int, path: str, cell: Cell | None) -> None:
        self._issue(
            "left_out",
            "WARNING",
            f"“{label}” takes {limit} value{'s' if limit > 1 else ''}; {given} were given, the last"
            f" {given - limit} {'are' if given - limit > 1 else 'is'} left out.",
            attribute=path.partition("/")[0],
            path=path,
            label=label,
            origin=self._origin(cell, self.rows[0]) if cell else None,
        )

    def _note(self, noted: Noted, leaf: Leaf, cell: Cell, row: Row, path: str) -> None:
        self._issue(
            noted.code, "WARNING", noted.note, attribute=leaf.field.attribute, path=path, label=leaf.field.label,
            found=noted.value, origin=self._origin(cell, row),
        )  # fmt: skip

    def _refused(self, error: Exception, leaf: Leaf, source: Any, cell: Cell, row: Row, path: str) -> None:
        self._failed = True
        failed = isinstance(error, ExpressionError)
        origin = self._origin(cell, row)
        place = f" (connector {self.setting.connector}, product {self.rows[0].item['sku'] or self.rows[0].item['id']})"
        message = (
            f"The expression of {cell.line} failed: {error}{place if self.setting.connector else ''}."
            if failed
            else f"“{leaf.field.label}”: {error}."
        )
        self._issue(
            "expression_failed" if failed else "not_convertible",
            "ERROR",
            message,
            attribute=leaf.field.attribute,
            path=path,
            label=leaf.field.label,
            allowed=getattr(error, "allowed", None),
            found=_short(source),
            origin=origin,
        )

    def _origin(self, cell: Cell, row: Row) -> Origin:
        fields = cell.expression.fields
        borrowed = row.borrowed.intersection(fields) if row.borrowed else ()
        language = (self.setting.fallback or "") if borrowed else row.language
        texts = any(_is_text(row, name) for name in fields)
        return Origin(cell.line.number, cell.line.key, ", ".join(fields), language if texts else "")

    def _first_origin(self, plan: Branch, language: str) -> Origin:
        leaves = [leaf for template in plan.templates for leaf in template.leaves()]
        leaf = next((leaf for leaf in leaves if not leaf.constant), leaves[0])
        cell = leaf.cells[0]
        return Origin(cell.line.number, cell.line.key, ", ".join(cell.expression.fields), language)

    def _issue(self, code: str, severity: Any, message: str, **facts: Any) -> None:
        self.issues.append(Issue(code=code, severity=severity, source="mapping", message=message, **facts))


def deciding_members(template: Element) -> frozenset[str]:
    """The members of which one must have a value for the element to be worth sending.

    Empty PIM fields must not leave a lonely unit behind: the value beside it decides. Without a
    value among the members, those that do not only qualify decide; empty means all are constants.
    """
    members = template.members.items()
    mains = frozenset(name for name, member in members if isinstance(member, Leaf) and member.is_main)
    if mains:
        return mains
    driven = frozenset(name for name, member in members if not _constant(member))
    speaking = frozenset(name for name in driven if not _qualifies(template.members[name]))
    return speaking or driven


def _says_something(template: Element, element: dict[str, Any]) -> bool:
    deciding = deciding_members(template)
    return not deciding.isdisjoint(element) if deciding else bool(element)


def _qualifies(member: Leaf | Branch) -> bool:
    return isinstance(member, Leaf) and member.qualifies


def _constant(member: Leaf | Branch) -> bool:
    if isinstance(member, Leaf):
        return member.constant
    return all(leaf.constant for template in member.templates for leaf in template.leaves())


def _is_text(row: Row, name: str) -> bool:
    item = row.item
    variant = item["variant"]
    return name in item["product"]["texts"] or bool(variant and name in variant["texts"])


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else None
    return (
        text[:200]
        if text is not None
        else value
        if isinstance(value, int | float | bool)
        else repr(value)[:200]
    )
