"""Debris that an expression would put among other words: `{{ item.brand }} {{ item.name }}` with `NULL`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amazon_listings.mapping.values.debris import begins_as_word, whole_word
from amazon_listings.mapping.values.html_text import html_to_text
from amazon_listings.mapping.values.options import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from amazon_listings.mapping.expressions.compiled import Expression
    from amazon_listings.mapping.expressions.reads import Reads
    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.values.value import Value

#: One field and nothing else: its value is looked at as it is.
_LONE_FIELD = re.compile(r"\s*\{\{\s*\w+\.\w+\s*\}\}\s*")


def without_hidden_debris(expression: Expression, allowed: AbstractSet[str] = frozenset()) -> Expression:
    """Return an expression that refuses a null or an error of a field which shows in its text."""
    if expression.constant or not expression.fields or _LONE_FIELD.fullmatch(expression.text):
        return expression
    evaluate, reads = expression.evaluate, expression.reads

    def checked(row: ItemRow) -> Value:
        made = evaluate(row)
        if made.__class__ is not str:
            return made
        for value in _values(reads, row):
            if not begins_as_word(value):
                continue
            found = html_to_text(value, lines=False)
            if (code := whole_word(found, allowed)) and _shows(found, made):
                raise ConversionError(code, found=found[:200])
        return made

    return expression.derived(checked, expression.rule)


def _values(reads: Reads, row: ItemRow) -> Iterator[str]:
    """Yield the texts that an expression reads of an item, those of lists one by one."""
    for names, records in (
        (reads.item, (row.values,)),
        (reads.product, (row.product.values,) if reads.product else ()),
        (reads.variant, (row.variant.values,) if reads.variant else ()),
        (reads.variants, [one.values for one in row.variants] if reads.variants else ()),
    ):
        for name in names:
            for record in records:
                value = record.get(name)
                if value.__class__ is str:
                    yield value
                elif isinstance(value, list | tuple):
                    yield from (one for one in value if one.__class__ is str)


def _shows(debris: str, made: str) -> bool:
    """Return whether debris stands in a text as words of its own, in whatever case an expression wrote it."""
    words = r"\s+".join(map(re.escape, debris.casefold().split()))
    return re.search(rf"(?<!\w){words}(?!\w)", made.casefold()) is not None
