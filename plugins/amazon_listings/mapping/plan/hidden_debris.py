"""Debris that an expression would put among other words: `{{ item.brand }} {{ item.name }}` with `NULL`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amazon_listings.mapping.values.debris import begins_as_word, whole_word
from amazon_listings.mapping.values.html_text import html_to_text
from amazon_listings.mapping.values.options import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from amazon_listings.mapping.expressions.compiled import Expression
    from amazon_listings.mapping.expressions.reads import Reads
    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.values.value import Value

#: One field and nothing else: its value is looked at as it is.
_LONE_FIELD = re.compile(r"\s*\{\{\s*\w+\.\w+\s*\}\}\s*")
_LISTS = frozenset((list, tuple))


def without_hidden_debris(expression: Expression, allowed: AbstractSet[str] = frozenset()) -> Expression:
    """Return an expression that refuses a null or an error of a field which shows in its text."""
    if expression.constant or not expression.fields or _LONE_FIELD.fullmatch(expression.text):
        return expression
    evaluate, values_of = expression.evaluate, _reader(expression.reads)

    def checked(row: ItemRow) -> Value:
        made = evaluate(row)
        if made.__class__ is not str:
            return made
        for value in values_of(row):
            if value.__class__ is not str or not begins_as_word(value):
                continue
            found = html_to_text(value, lines=False)
            if (code := whole_word(found, allowed)) and _shows(found, made):
                raise ConversionError(code, found=found[:200])
        return made

    return expression.derived(checked, expression.rule)


def _reader(reads: Reads) -> Callable[[ItemRow], Iterable[Value]]:
    """Return what gives the values that an expression reads of an item, those of lists one by one."""
    names = tuple(reads.item)

    def of_item(row: ItemRow) -> Iterable[Value]:
        values = row.values
        found = [values.get(name) for name in names]
        return found if _LISTS.isdisjoint(map(type, found)) else _flat(found)

    def of_records(row: ItemRow) -> Iterator[Value]:
        yield from of_item(row)
        for fields, records in (
            (reads.product, (row.product,) if reads.product else ()),
            (reads.variant, (row.variant,) if reads.variant else ()),
            (reads.variants, row.variants if reads.variants else ()),
        ):
            yield from _flat(record.values.get(name) for name in fields for record in records)

    return of_records if reads.product or reads.variant or reads.variants else of_item


def _flat(values: Iterable[Value]) -> Iterator[Value]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from value
        else:
            yield value


def _shows(debris: str, made: str) -> bool:
    """Return whether debris stands in a text as words of its own, in whatever case an expression wrote it."""
    words = r"\s+".join(map(re.escape, debris.casefold().split()))
    return re.search(rf"(?<!\w){words}(?!\w)", made.casefold()) is not None
