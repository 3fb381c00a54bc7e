"""Filters and tests over lists, as Jinja has them, for values alone."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.expressions.members import dotted, plain
from amazon_listings.mapping.expressions.missing import NOTHING
from amazon_listings.mapping.expressions.operators import compared, computed, kind
from amazon_listings.mapping.expressions.rows import RecordView
from amazon_listings.mapping.formulas.limits import shown
from amazon_listings.mapping.values.invalid import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.mapping.values.value import Value


def elements(value: object) -> list[Any]:
    """Return what a loop runs over: elements of a list, names of a row, letters of a text, nothing of empty.

    Raises:
        InvalidValue: there is nothing to run over.
    """
    if value is None:
        return []
    if isinstance(value, list | tuple | str | dict):
        return list(value)
    raise InvalidValue("expression.no_list", kind=kind(value))


def first(value: object) -> Any:
    """Return the first element."""
    return next(iter(elements(value)), NOTHING)


def last(value: object) -> Any:
    """Return the last element."""
    return next(reversed(elements(value)), NOTHING)


def length(value: object) -> int:
    """Return how many elements or characters."""
    return len(elements(value))


def backwards(value: object) -> Any:
    """Return the text or list from its end."""
    return value[::-1] if isinstance(value, str) else elements(value)[::-1]


def ordered(
    value: object,
    reverse: bool = False,  # noqa: FBT001, FBT002 - as Jinja's
    case_sensitive: bool = False,  # noqa: FBT001, FBT002 - as Jinja's
    attribute: object = None,
) -> list[Any]:
    """Return the elements in order."""
    return _in_order(elements(value), case_sensitive=case_sensitive, attribute=attribute, reverse=reverse)


def largest(value: object, case_sensitive: bool = False, attribute: object = None) -> Any:  # noqa: FBT001, FBT002 - as Jinja's
    """Return the largest element."""
    return first(ordered(value, True, case_sensitive, attribute))  # noqa: FBT003 - as Jinja's


def smallest(value: object, case_sensitive: bool = False, attribute: object = None) -> Any:  # noqa: FBT001, FBT002 - as Jinja's
    """Return the smallest element."""
    return first(ordered(value, False, case_sensitive, attribute))  # noqa: FBT003 - as Jinja's


def unique(value: object, case_sensitive: bool = False, attribute: object = None) -> list[Any]:  # noqa: FBT001, FBT002 - as Jinja's
    """Return the different elements, each at its first place."""
    found: dict[str, Any] = {}
    for one in elements(value):
        key = _of(one, attribute)
        found.setdefault(f"{kind(key)} {shown(_folded(key, case_sensitive=case_sensitive))}", one)
    return list(found.values())


def total(value: object, attribute: object = None, start: Any = 0) -> Value:
    """Return the sum of the elements, exact in decimals."""
    found: Value = reduce(
        lambda have, one: computed("+", have, one), (_of(one, attribute) for one in elements(value)), start
    )
    return found


def text(value: object) -> str:
    """Return the value as text."""
    return shown(value)


def attribute_of(value: object, attribute: object, default: object = NOTHING) -> list[Any]:
    """Return a field of every element: `map(attribute="name")`."""
    found = []
    for one in elements(value):
        content = dotted(one, attribute)
        found.append(default if content is NOTHING and default is not NOTHING else plain(content))
    return found


def chosen(
    value: object, passes: Callable[[Any], bool], *, attribute: object = None, wanted: bool = True
) -> list[Any]:
    """Return the elements that pass a test (or fail it): `select`, `reject`, `selectattr`, `rejectattr`."""
    return [
        one
        for one in elements(value)
        if passes(one if attribute is None else dotted(one, attribute)) is wanted
    ]


def _of(one: object, attribute: object) -> Any:
    return one if attribute is None else plain(dotted(one, attribute))


def _folded(value: object, *, case_sensitive: bool) -> Any:
    return value.lower() if isinstance(value, str) and not case_sensitive else value


def _in_order(
    found: Sequence[object], *, case_sensitive: bool, attribute: object, reverse: bool
) -> list[Any]:
    try:
        return sorted(
            found,
            key=lambda one: _folded(_of(one, attribute), case_sensitive=case_sensitive),
            reverse=reverse,
        )
    except TypeError:
        raise InvalidValue("expression.no_order") from None


FILTERS: dict[str, Callable[..., Any]] = {
    "count": length,
    "first": first,
    "last": last,
    "length": length,
    "list": elements,
    "max": largest,
    "min": smallest,
    "reverse": backwards,
    "sort": ordered,
    "string": text,
    "sum": total,
    "unique": unique,
}

TESTS: dict[str, Callable[..., bool]] = {
    "none": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "mapping": lambda value: isinstance(value, dict | RecordView),
    "sequence": lambda value: isinstance(value, list | tuple | str | dict),
    "odd": lambda value: value % 2 == 1,
    "even": lambda value: value % 2 == 0,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    **{
        name: lambda value, other, operator=operator: compared(operator, value, other)
        for operator, names in {
            "eq": "eq ==", "ne": "ne !=", "lt": "lt <", "lteq": "le <=", "gt": "gt >", "gteq": "ge >=",
            "in": "in",
        }.items()
        for name in names.split()
    },
}  # fmt: skip
