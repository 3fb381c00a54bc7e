"""Debris that an expression would put among other words: `{{ item.brand }} {{ item.name }}` with `NULL`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amazon_listings.mapping.values.debris import whole_word
from amazon_listings.mapping.values.options import ConversionError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from amazon_listings.mapping.expressions.compiled import Expression
    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.values.value import Value

#: One field and nothing else: its value is looked at as it is.
_LONE_FIELD = re.compile(r"\s*\{\{\s*\w+\.\w+\s*\}\}\s*")
#: No null and no error is longer.
_LONGEST = 24


def without_hidden_debris(expression: Expression, allowed: AbstractSet[str] = frozenset()) -> Expression:
    """Return an expression that refuses a null or an error of a field which shows in its text."""
    if expression.constant or not expression.fields or _LONE_FIELD.fullmatch(expression.text):
        return expression
    evaluate, fields = expression.evaluate, expression.fields

    def checked(row: ItemRow) -> Value:
        made = evaluate(row)
        if made.__class__ is not str:
            return made
        for name in fields:
            value = row.values.get(name)
            if value.__class__ is not str or len(value) > _LONGEST or value not in made:
                continue
            if code := whole_word(value, allowed):
                raise ConversionError(code, found=value)
        return made

    return expression.derived(checked, expression.rule)
