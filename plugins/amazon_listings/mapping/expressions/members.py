"""What expressions reach with `a.b` and `a[b]`: PIM fields, columns, elements, few methods of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.expressions.missing import NOTHING, Missing
from amazon_listings.mapping.expressions.operators import kind
from amazon_listings.mapping.expressions.rows import MISSING, ItemRow, RecordView
from amazon_listings.mapping.values.invalid import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.mapping.values.value import Value

#: Methods of text that an expression may call.
TEXT_METHODS = frozenset((
    "capitalize", "count", "endswith", "find", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix",
    "rstrip", "split", "splitlines", "startswith", "strip", "upper",
))  # fmt: skip


class NoSuchMemberError(InvalidValue):
    """A member that a value does not have."""


def plain(value: object) -> Any:
    """Return a value as it is used; a missing one is reported and None."""
    if type(value) is Missing:
        value.report()
        return None
    return value


def item_field(row: ItemRow, name: str) -> Any:
    """Return a field of `item`; `Missing` where no record has it."""
    value = row.get(name)
    return Missing(name, row) if value is MISSING else value


def field_of(view: RecordView, name: str) -> object:
    """Return a field of a record; empty where only another record has it."""
    value = view.values.get(name, MISSING)
    if value is not MISSING:
        return value
    return Missing(name, view.row) if view.row.get(name) is MISSING else None


def member(owner: object, name: object) -> object:
    """Return `owner[name]`: a field of a record, a column of a table's row, an element of a list or text.

    Raises:
        NoSuchMemberError: values of its kind have no such member.
    """
    if type(owner) is RecordView:
        return field_of(owner, str(name))
    if type(owner) is Missing:
        owner.report()
        return NOTHING
    if owner is None:
        return NOTHING
    if isinstance(owner, dict):
        return owner.get(name, NOTHING) if isinstance(name, str | int | float) else NOTHING
    if isinstance(owner, str | list | tuple) and isinstance(name, int):
        return owner[name] if -len(owner) <= name < len(owner) else NOTHING
    raise NoSuchMemberError("expression.no_member", kind=kind(owner), name=str(name))


def part(owner: object, start: int | None, stop: int | None, step: int | None) -> Any:
    """Return `owner[start:stop:step]`.

    Raises:
        NoSuchMemberError: it has no parts.
    """
    if owner is None:
        return NOTHING
    if not isinstance(owner, str | list | tuple):
        raise NoSuchMemberError("expression.no_parts", kind=kind(owner))
    return owner[start:stop:step]


def call_method(owner: object, name: str, args: Sequence[object]) -> Value:
    """Return what a method of a text gives.

    Raises:
        NoSuchMemberError: the owner is no text.
    """
    if not isinstance(owner, str):
        raise NoSuchMemberError("expression.no_member", kind=kind(owner), name=str(name))
    result: Value = getattr(owner, name)(*args)
    return result


def table_named(row: ItemRow, name: object) -> object:
    """Return a related table of the connector.

    Raises:
        NoSuchMemberError: the connector does not name it.
    """
    tables = row.related()
    if name not in tables:  # a mistake of the mapping, never empty
        if not tables:
            raise NoSuchMemberError("expression.no_tables", name=str(name))
        raise NoSuchMemberError("expression.no_such_table", name=str(name), tables=tuple(tables))
    return tables[name]


def dotted(owner: object, path: object) -> object:
    """Return the member at a path of names, as filters take it: `attribute="price.value"`."""
    for name in path.split(".") if isinstance(path, str) else [path]:
        owner = member(owner, int(name) if isinstance(name, str) and name.isdigit() else name)
    return owner
