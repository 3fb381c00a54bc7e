"""From the tree of a plan to closures that make the payload of one item.

Every attribute, array, object and leaf is compiled once to a function of the evaluation and the row. The
functions are complete: issues and the fallback language are theirs, and a trace is filled where one is asked
for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.mapping.findings import Site
from amazon_listings.mapping.plan.evaluation import Evaluation, Way
from amazon_listings.mapping.plan.leaves import (
    compile_leaf,
    constant_of,
    folded,
    observed,
)
from amazon_listings.mapping.plan.plain import NotPlain, PlainMaker, plain_element
from amazon_listings.mapping.plan.tree import Branch, Cell, Element, PlanLeaf, deciding_cell, deciding_members
from amazon_listings.mapping.values.options import ConversionError, Remarked
from amazon_listings.mapping.values.value import is_empty

if TYPE_CHECKING:
    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.findings import Setting

#: One object of the payload.
Json: TypeAlias = dict[str, Any]
#: Makes a member of the object given last; None where it has no value.
MemberMaker: TypeAlias = Callable[[Evaluation, "ItemRow", Json], Any]
#: Converts what a line gave to what its leaf takes.
Convert: TypeAlias = Callable[[Any], Any]
ArrayMaker: TypeAlias = Callable[[Evaluation, "ItemRow", Json], list[Json] | None]
ObjectMaker: TypeAlias = Callable[[Evaluation, "ItemRow", Json], Json | None]
#: Adds the elements of one template to a list.
ElementsMaker: TypeAlias = Callable[[Evaluation, "ItemRow", list[Json]], None]


#: What stands beside an element.
_NOTHING: Json = {}
#: What stops a line for one item.
_FAILURES = (ExpressionError, ConversionError)
_NOT_PLAIN = (*_FAILURES, NotPlain)


class LeafPlaces(NamedTuple):
    """Where the leaves of a plan keep their values: a number for each."""

    places: dict[PlanLeaf, int]
    depth: int


class Place(NamedTuple):
    """The place being compiled: the way to it, and whether a language may still be chosen there."""

    way: Way
    arrays: int
    languages: bool = True

    def below(self, name: str) -> Place:
        """Return the place of a member."""
        return self._replace(way=(*self.way, name))

    def element(self, *, languages: bool) -> Place:
        """Return the place of an element of the array here."""
        return Place((*self.way, self.arrays), self.arrays + 1, languages)


def layout(branches: Sequence[Branch]) -> LeafPlaces:
    """Number the leaves of a plan."""
    leaves = [leaf for branch in branches for template in branch.templates for leaf in template.leaves()]
    depth = max((len(leaf.field.levels) for leaf in leaves), default=1)
    return LeafPlaces({leaf: place for place, leaf in enumerate(leaves)}, depth)


def compile_attribute(branch: Branch, setting: Setting, places: LeafPlaces) -> ArrayMaker:
    """Compile an attribute; given an evaluation, its first row and nothing, the maker gives the elements."""
    array = _array(branch, setting, places, Place((branch.name,), 0))
    leaves = [leaf for template in branch.templates for leaf in template.leaves()]
    return _constant_array(array) if all(leaf.constant for leaf in leaves) else array


def _constant_array(array: ArrayMaker) -> ArrayMaker:
    """Compile an attribute in which no PIM field has a say: `array` makes it once, the others are copies.

    It makes each one where anything is to be noted about it, or where objects stand in its elements.
    """
    known: list[Json] = []

    def constant(run: Evaluation, row: ItemRow, above: Json) -> list[Json] | None:
        if known and not run.observed:
            return [element.copy() for element in known]
        before = len(run.issues)
        found = array(run, row, above)
        if found and _is_flat(found) and not (run.observed or run.failed or len(run.issues) > before):
            known[:] = map(dict, found)
        return found

    return constant


def _is_flat(elements: list[Json]) -> bool:
    """Return whether a copy of each element shares nothing that may be changed."""
    return not any(isinstance(value, dict | list) for element in elements for value in element.values())


def _array(branch: Branch, setting: Setting, places: LeafPlaces, spot: Place) -> ArrayMaker:
    by_language = branch.level.language and spot.languages
    inside = spot.element(languages=spot.languages and not by_language)
    makers = [_elements(branch, template, setting, places, inside) for template in branch.templates]
    limit, way = branch.limit, spot.way
    report_missing = deciding_cell(branch) if setting.report_missing and by_language else None

    first, several = makers[0], len(makers) > 1

    def array(run: Evaluation, row: ItemRow, _beside: Json) -> list[Json] | None:
        found: list[Json] = []
        for one in run.rows if by_language else (row,):
            before = len(found)
            first(run, one, found)
            if several:
                for make in makers[1:]:
                    make(run, one, found)
            if report_missing is not None and len(found) == before:
                run.findings.missing_language(run.site(*report_missing, one, way))
        if limit is not None and len(found) > limit:
            found = _cut(branch, run, found, way)
        return found or None

    leaf, reports = _only_leaf(branch, setting), report_missing is not None
    if leaf is not None:
        return _quick_array(branch, leaf, setting, array, reports=reports)
    element = plain_element(branch, setting)
    return array if element is None else _plain_array(element, array, reports=reports)


def _plain_array(element: PlainMaker, array: ArrayMaker, *, reports: bool) -> ArrayMaker:
    """Compile an array of one object; `array` makes it where anything is to be noted, or of a list."""

    def plain(run: Evaluation, row: ItemRow, above: Json) -> list[Json] | None:
        if run.observed:
            return array(run, row, above)
        try:
            made = element(row)
        except _NOT_PLAIN:
            return array(run, row, above)
        if made is None:
            return array(run, row, above) if reports else None
        return [made]

    return plain


def _only_leaf(branch: Branch, setting: Setting) -> PlanLeaf | None:
    """Return the leaf of an array of one value in one language, as most of a payload is; else None."""
    template, *others = branch.templates
    leaf, *beside = template.members.values() or (None,)
    if others or beside or not isinstance(leaf, PlanLeaf) or leaf.is_list or len(leaf.cells) > 1:
        return None
    if leaf.converter.unit is not None:  # the unit may stand in the value: that makes two
        return None
    if branch.limit == 0 or (branch.level.language and len(setting.wanted) > 1):
        return None
    return leaf if leaf in template.columns or folded(leaf) is not None else None


def _quick_array(
    branch: Branch, leaf: PlanLeaf, setting: Setting, array: ArrayMaker, *, reports: bool
) -> ArrayMaker:
    """Compile an array of one value; `array` makes it where anything is to be noted, or in case of a list."""
    level = branch.level
    name, evaluate = leaf.name, leaf.cells[0].expression.evaluate
    convert, of_text = leaf.converter.convert, leaf.converter.of_text
    constant = folded(leaf)
    whole: Json = {name: constant}
    if level.language:
        whole["language_tag"] = setting.tags.get(setting.wanted[0], "")
    if level.marketplace:
        whole["marketplace_id"] = setting.marketplace_id

    def fixed(run: Evaluation, row: ItemRow, above: Json) -> list[Json] | None:
        return array(run, row, above) if run.observed else [whole.copy()]

    def quick(run: Evaluation, row: ItemRow, above: Json) -> list[Json] | None:
        if run.observed:
            return array(run, row, above)
        try:
            source = evaluate(row)
            if source is None or source == "":
                return array(run, row, above) if reports else None
            if source.__class__ is not list:
                value = of_text(source) if source.__class__ is str else convert(source)
                if value.__class__ is not Remarked and value != "":
                    made = whole.copy()
                    made[name] = value
                    return [made]
        except _FAILURES:
            pass
        return array(run, row, above)

    return quick if constant is None else fixed


def _elements(  # noqa: C901 - two closures over the same columns
    branch: Branch, template: Element, setting: Setting, places: LeafPlaces, spot: Place
) -> ElementsMaker:
    """Compile the elements that a template gets: one, or one for each value of a list."""
    columns = [leaf for leaf in template.columns if folded(leaf) is None]
    singles = [
        (places.places[leaf], leaf.cells[0].expression.evaluate, leaf)
        for leaf in columns
        if len(leaf.cells) == 1
    ]
    lists = len(singles) < len(columns)
    make = _object(template, setting, places, spot, branch)
    position = spot.arrays - 1

    def elements(run: Evaluation, row: ItemRow, found: list[Json]) -> None:
        several, values = lists, run.values
        for place, evaluate, leaf in singles:
            try:
                value = evaluate(row)
            except _FAILURES as error:
                run.refuse(error, _start(run, leaf, leaf.cells[0], row, spot), leaf.cells[0].expression.text)
                value = None
            values[place] = value
            if value.__class__ is list:
                several = True
        if several:
            spread(run, row, found)
            return
        run.positions[position] = len(found)
        element = make(run, row, _NOTHING)
        if element is not None:
            found.append(element)

    def spread(run: Evaluation, row: ItemRow, found: list[Json]) -> None:
        """An element for each position of the columns; a column of one value is the same in all."""
        pairs = {
            leaf: _pairs_of(run.values[places.places[leaf]], leaf.cells[0])
            if len(leaf.cells) == 1
            else _evaluated(run, leaf, row, spot)
            for leaf in columns
        }
        driven = [leaf for leaf in columns if not leaf.constant]
        if len(driven) == 1:
            pairs[driven[0]] = [pair for pair in pairs[driven[0]] if not is_empty(pair[0])]
        for number in range(max((len(pairs[leaf]) for leaf in driven or columns), default=1) or 1):
            for leaf, values in pairs.items():
                place = places.places[leaf]
                run.values[place], run.cells[place] = _at(values, number)
            run.positions[position] = len(found)
            element = make(run, row, _NOTHING)
            if element is not None:
                found.append(element)

    alone = len(columns) == 1 and list(template.members.values()) == columns
    if alone and not columns[0].is_list and columns[0].converter.unit is None:
        return _lone(branch, columns[0], setting, elements)
    return elements


def _lone(  # noqa: C901 - the hot path of a mapping
    branch: Branch, leaf: PlanLeaf, setting: Setting, elements: ElementsMaker
) -> ElementsMaker:
    """Compile elements of one value each: most of a payload, so they get by with fewer calls.

    Where anything is to be noted about a value, or it is not taken, `elements` makes them all.
    """
    name, convert, level = leaf.name, leaf.converter.convert, branch.level
    evaluators = [cell.expression.evaluate for cell in leaf.cells]
    first, alone = evaluators[0], len(evaluators) == 1
    tags, market = setting.tags, setting.marketplace_id
    by_language, by_marketplace = level.language, level.marketplace

    def element(value: object, row: ItemRow) -> Json:
        made = {name: value}
        if by_language:
            made["language_tag"] = tags.get(row.language, "")
        if by_marketplace:
            made["marketplace_id"] = market
        return made

    def lone(run: Evaluation, row: ItemRow, found: list[Json]) -> None:
        if run.observed:
            elements(run, row, found)
            return
        try:
            source = first(row) if alone else [evaluate(row) for evaluate in evaluators]
            if source is None or source == "":
                return
            if source.__class__ is not list:
                value = convert(source)
                if value.__class__ is not Remarked:
                    if value != "":
                        found.append(element(value, row))
                    return
            else:
                values = [convert(one) for one in source if one is not None and one != ""]
                if Remarked not in map(type, values):
                    found += [element(value, row) for value in values if value != ""]
                    return
        except _FAILURES:
            pass
        elements(run, row, found)

    return lone


def _pairs_of(value: object, cell: Cell) -> list[tuple[Any, Cell]]:
    return [(one, cell) for one in value] if isinstance(value, list | tuple) else [(value, cell)]


def _at(pairs: Sequence[tuple[Any, Cell]], number: int) -> tuple[Any, Cell | None]:
    if len(pairs) == 1:
        return pairs[0]
    return pairs[number] if number < len(pairs) else (None, None)


def _evaluated(run: Evaluation, leaf: PlanLeaf, row: ItemRow, spot: Place) -> list[tuple[Any, Cell]]:
    """Return the values of a leaf that several lines or a list of expressions fill."""
    found: list[tuple[Any, Cell]] = []
    for cell in leaf.cells:
        try:
            value = cell.expression.evaluate(row)
        except _FAILURES as error:
            run.refuse(error, _start(run, leaf, cell, row, spot), cell.expression.text)
            continue
        found += _pairs_of(value, cell)
    return found


def _start(run: Evaluation, leaf: PlanLeaf, cell: Cell, row: ItemRow, spot: Place) -> Site:
    """Return where the values of a leaf would begin."""
    array = spot.way[:-1]
    below = leaf.field.path.split(".")[sum(isinstance(name, str) for name in array) :]
    return Site(leaf, cell, row, "/".join([run.path(array), "0", *below]))


def _object(
    template: Element, setting: Setting, places: LeafPlaces, spot: Place, branch: Branch
) -> ObjectMaker:
    """Compile an object, with its language tag and its marketplace."""
    make = _members(template, setting, places, spot, branch)
    if setting.fallback is None:
        return make
    if branch.level.is_array:
        return _element_with_fallback(branch, make, setting, spot)
    return _object_with_fallback(make, setting) if branch.level.language else make


def _members(  # noqa: C901 - the hot path of a mapping
    template: Element, setting: Setting, places: LeafPlaces, spot: Place, branch: Branch
) -> ObjectMaker:
    constants = {
        name: member
        for name, member in template.members.items()
        if isinstance(member, PlanLeaf) and folded(member) is not None
    }
    fixed: Json = {name: folded(leaf) for name, leaf in constants.items()}
    makers = [
        _maker(name, member, template, setting, places, spot.below(name))
        for name, member in template.members.items()
        if name not in fixed
    ]
    deciding, way, level = deciding_members(template), spot.way, branch.level
    tags = setting.tags if level.language else None
    market = setting.marketplace_id if level.marketplace and level.is_array else None

    def build(run: Evaluation, row: ItemRow, _beside: Json) -> Json | None:  # noqa: C901, PLR0912 - the hot path of a mapping
        made, values, observing, trace = fixed.copy(), run.values, run.observed, run.trace
        start = 0 if trace is None else len(trace)
        for name, place, convert, otherwise in makers:
            if convert is None:
                value = otherwise(run, row, made)
            else:
                source = values[place]
                if source is None or source == "":
                    continue
                try:
                    value = convert(source)
                except ConversionError:
                    value = otherwise(run, row, made)
                else:
                    if observing or value.__class__ is Remarked:
                        value = otherwise(run, row, made)
                    elif value == "":
                        continue
            if value is not None:
                made[name] = value
        if deciding.isdisjoint(made) if deciding else not made:
            run.forget(start)
            return None
        if trace is not None:
            for name, leaf in constants.items():
                observed(
                    run, fixed[name], constant_of(leaf), run.site(leaf, leaf.cells[0], row, (*way, name))
                )
        if tags is not None:
            made["language_tag"] = tags.get(row.language, "")
        if market is not None:
            made["marketplace_id"] = market
        return made

    return build


def _element_with_fallback(branch: Branch, make: ObjectMaker, setting: Setting, spot: Place) -> ObjectMaker:
    """Build an element whose text in the fallback language keeps its tag, and meets no requirement."""
    speaking = deciding_cell(branch)
    reported = branch.level.language or spot.arrays == 1
    left_out = branch.level.language and setting.fallback in setting.wanted
    tag = setting.tags.get(setting.fallback or "", "")
    array = spot.way[:-1]

    def element(run: Evaluation, row: ItemRow, beside: Json) -> Json | None:
        outer, run.borrowed = run.borrowed, set()
        start = len(run.trace) if run.trace is not None else 0
        made = make(run, row, beside)
        if made is not None and run.borrowed and reported and speaking is not None:
            run.report_borrowed(branch, speaking, row, array)
            if left_out:
                run.forget(start)
                made = None
            elif branch.level.language:
                made["language_tag"] = tag
        run.borrowed = outer if reported else outer | run.borrowed
        return made

    return element


def _object_with_fallback(make: ObjectMaker, setting: Setting) -> ObjectMaker:
    """Return the same for an object inside an element, which the element reports."""
    tag = setting.tags.get(setting.fallback or "", "")

    def tagged(run: Evaluation, row: ItemRow, beside: Json) -> Json | None:
        outer, run.borrowed = run.borrowed, set()
        made = make(run, row, beside)
        if made is not None and run.borrowed:
            made["language_tag"] = tag
        run.borrowed |= outer
        return made

    return tagged


def _maker(  # noqa: PLR0917 - what every part of the plan is compiled from
    name: str,
    member: PlanLeaf | Branch,
    template: Element,
    setting: Setting,
    places: LeafPlaces,
    spot: Place,
) -> tuple[str, int, Convert | None, MemberMaker]:
    """Return a member: where its value is bound, what converts it, and what makes it if that is not all."""
    if isinstance(member, PlanLeaf):
        # A unit that stands in the value is no mistake, and reading it is not to begin with one.
        unit_inside = member.converter.unit is not None and "unit" not in template.members
        several = member.is_list or unit_inside
        convert = None if several else member.converter.convert
        make = compile_leaf(member, template, places.places, spot.way)
        return name, places.places[member], convert, make
    if member.level.is_array:
        return name, 0, None, _array(member, setting, places, spot)
    return name, 0, None, _object(member.templates[0], setting, places, spot, member)


def _cut(branch: Branch, run: Evaluation, found: list[Json], way: Way) -> list[Json]:
    """No more elements than the array takes, for each combination of its selectors."""
    level, limit = branch.level, branch.limit or 0
    kept: list[Json] = []
    counted: Counter[tuple[str, ...]] = Counter()
    selectors = level.selectors if level.max_items is None else ()
    for element in found:
        key = tuple(str(element.get(name)) for name in selectors)
        counted[key] += 1
        if counted[key] <= limit:
            kept.append(element)
    if len(kept) < len(found):
        leaf = next(leaf for template in branch.templates for leaf in template.leaves())
        site = run.site(leaf, leaf.cells[0], run.rows[0], way)
        run.findings.left_out(site, limit, max(counted.values()))
        run.renumber(site.path, found, kept)
    return kept
