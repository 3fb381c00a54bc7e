"""How much of a product type a mapping fills: by level of requirement, and field by field."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.values.value import is_empty
from amazon_listings.runs.extract.siblings import variants_of
from amazon_product_types.matching import chain
from amazon_product_types.validation import merge_issues
from amazon_product_types.validation.explanation import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from amazon_listings.item import Item
    from amazon_listings.mapping.faults import Line
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_product_types.fields import Field
    from amazon_product_types.validation.issue import Issue

    #: Gives the issues of a payload.
    LocalCheck = Callable[[dict[str, Any]], list[Issue]]

#: What a constant reads.
_NO_ROW: Any = None

LEVELS = ("required", "conditional", "recommended", "optional")


class Covered(NamedTuple):
    """One field: whether a line fills it, which, and in how many items it has a value.

    `lacking` is how many items lack it although Amazon requires it of them.
    """

    path: str
    label: str
    requirement: str
    needed_alone: bool
    condition: str
    mapped: bool
    line: int | None
    key: str
    with_value: int
    lacking: int = 0

    @property
    def level(self) -> str:
        """The level of requirement that the items show: conditional, and lacking in some, is required."""
        return "required" if self.lacking and self.requirement == "conditional" else self.requirement


class Trouble(NamedTuple):
    """What keeps items from passing the local checks.

    Args:
        code: The issues' code.
        label: What people call the place.
        message: The sentence of the first of them.
        items: How many items have it.
        example: The SKU, or the PIM's identity, of one of them.
        of_mapping: A line has to be added or corrected; else the PIM's values have to be.
    """

    code: str
    label: str
    message: str
    items: int
    example: str
    of_mapping: bool


class Coverage(NamedTuple):
    """The coverage of a product type by a mapping; `items` were mapped and checked to find out.

    A parent of a family, which the mapping makes, is not counted. `passing` items have no error.
    """

    items: int
    fields: tuple[Covered, ...]
    passing: int = 0
    troubles: tuple[Trouble, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing but values of the PIM keeps items from passing."""
        return bool(self.items) and not any(trouble.of_mapping for trouble in self.troubles)

    def share(self, one: Covered) -> float | None:
        """Return the share of items with a value, from 0 to 1; None without items."""
        return one.with_value / self.items if self.items else None

    def levels(self) -> dict[str, tuple[int, int]]:
        """For each level of requirement, how many of its fields are mapped, and how many there are."""
        return {
            level: (
                sum(one.mapped for one in self.fields if one.level == level),
                sum(one.level == level for one in self.fields),
            )
            for level in LEVELS
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the coverage as JSON."""
        return {
            "items": self.items,
            "passing": self.passing,
            "complete": self.complete,
            "troubles": [one._asdict() for one in self.troubles],
            "levels": {
                level: {"mapped": mapped, "fields": count} for level, (mapped, count) in self.levels().items()
            },
            "fields": [one._asdict() | {"share": self.share(one)} for one in self.fields],
        }


def coverage(
    fields: Iterable[Field], mapping: FieldMapping, items: Iterable[Item], check: LocalCheck
) -> Coverage:
    """Map items, check what is made of them, and count; memory does not grow with their number.

    Args:
        fields: The fields of the product type.
        mapping: The compiled mapping.
        items: The items, families together.
        check: Checks payloads as a run does before it asks Amazon.
    """
    lines = lines_by_path(mapping)
    count = 0
    filled: Counter[str] = Counter()
    troubles = _Troubles(lines)
    for _, family in groupby(items, key=lambda item: item["group"]):
        members = list(family)
        siblings = variants_of(members)
        for item in mapping.expand_family(members):
            if item.get("role") == "parent":
                continue
            count += 1
            mapped = mapping.apply(item, siblings=siblings)
            filled.update(set(_paths(mapped.attributes)))
            issues = merge_issues([*mapped.issues, *check(mapped.attributes)])
            troubles.add(item["sku"] or item["pim_id"], issues)
    known = list(fields)
    main = _main_fields(known)
    found = [
        Covered(
            item.path,
            chain(item.labels),
            item.requirement,
            item.needed_alone,
            item.condition,
            item.path in lines,
            lines[item.path].number if item.path in lines else None,
            lines[item.path].key if item.path in lines else "",
            filled[item.path],
            troubles.lacking[item.path] + troubles.lacking[main.get(item.path, "")],
        )
        for item in known
    ]
    ordered = tuple(sorted(found, key=lambda one: LEVELS.index(one.level)))
    return Coverage(count, ordered, count - troubles.blocked, troubles.most_first())


def _main_fields(known: Iterable[Field]) -> dict[str, str]:
    """Return the attribute of each field that stands for it: the one with the value, else the first."""
    found: dict[str, str] = {}
    for item in known:
        if item.path.endswith(".value") or item.attribute not in found:
            found[item.attribute] = item.path
    return {path: attribute for attribute, path in found.items() if path != attribute}


class _Troubles:
    """Collects what keeps items from passing."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self.blocked = 0
        self.lacking: Counter[str] = Counter()
        self._mapped = {*lines, *(path.partition(".")[0] for path in lines)}
        self._found: dict[tuple[str, str], Trouble] = {}

    def add(self, name: str, issues: Iterable[Issue]) -> None:
        """Take the issues of one item into account."""
        errors = {_trouble_key(issue): issue for issue in issues if issue.severity == "ERROR"}
        self.blocked += bool(errors)
        for key, issue in errors.items():
            place = _dotted(issue.path or issue.attribute)
            if issue.code in REQUIRED:
                self.lacking[place] += 1
            known = self._found.get(key)
            self._found[key] = (
                known._replace(items=known.items + 1)
                if known
                else Trouble(issue.code, issue.label, issue.message, 1, name, place not in self._mapped)
            )

    def most_first(self) -> tuple[Trouble, ...]:
        """Return the troubles: those of the mapping, then of the PIM, what concerns most items first."""
        return tuple(sorted(self._found.values(), key=lambda one: (not one.of_mapping, -one.items)))


def _trouble_key(issue: Issue) -> tuple[str, str]:
    return issue.code, _dotted(issue.path or issue.attribute)


def _dotted(path: str) -> str:
    return ".".join(part for part in path.split("/") if not part.isdigit())


def lines_by_path(mapping: FieldMapping) -> dict[str, Line]:
    """Return the line that fills each field, by its path; a line that is left empty fills nothing."""
    found: dict[str, Line] = {}
    for branch in mapping.plan.values():
        for template in branch.templates:
            for leaf in template.leaves():
                if leaf.constant and all(is_empty(cell.expression.evaluate(_NO_ROW)) for cell in leaf.cells):
                    continue
                line = leaf.cells[0].line
                found[leaf.field.path] = line
                if leaf.field.unit:
                    found.setdefault(leaf.field.unit, line)  # read from the value, where no line says it
    return found


def _paths(value: object, above: str = "") -> Iterator[str]:
    """Yield the dotted path of every value in a payload, without array marks."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _paths(below, f"{above}.{name}" if above else name)
    elif isinstance(value, list):
        for below in value:
            yield from _paths(below, above)
    elif above:
        yield above
