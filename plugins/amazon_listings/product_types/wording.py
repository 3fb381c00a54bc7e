"""Formulas in words: "required when `parentage_level` is child"."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from amazon_listings.product_types.propositions import ALL, ALWAYS, NEVER, Fact, Formula, Literal, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How a place is called in a sentence, from its names.
Shown = Callable[[tuple[str, ...]], str]

#: More than this many values, or cases, are counted instead of listed.
_VALUES = 4
_CASES = 4

_CHECKS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "pattern": "of the form {}",
    "format": "a {}",
    "minLength": "at least {} characters long",
    "maxLength": "at most {} characters long",
    "minUtf8ByteLength": "at least {} bytes long",
    "maxUtf8ByteLength": "at most {} bytes long",
    "minItems": "given at least {} times",
    "maxItems": "given at most {} times",
}


def sentence(verb: str, formula: Formula, shown: Shown) -> str:
    """`verb` and when it applies: "required when … and …, unless … or …".

    Args:
        verb: What applies: `required`, `not allowed`.
        formula: When it applies.
        shown: How a place is called, from its names.

    Returns:
        Nothing when it never applies, and just the verb when it always does.
    """
    if formula == NEVER:
        return ""
    if formula == ALWAYS:
        return verb
    # What the rest of the same attribute brings about is said last: it is the least surprising.
    parts = frozenset(term for term in formula if len(term) == 1 and next(iter(term)).fact.test == "part")
    rules = formula - parts
    clauses = [_clause(rules, shown)] if rules else []
    clauses += ["when " + text for text in sorted(_literal(item, shown) for term in parts for item in term)]
    return " ".join([verb, "; also ".join(clauses)]).strip()


def _clause(formula: Formula, shown: Shown) -> str:
    common = frozenset.intersection(*formula)
    cases = [term - common for term in formula if term != common]
    when = [_literal(item, shown) for item in _ordered(common) if item.holds]
    unless = [_literal(Literal(item.fact, holds=True), shown) for item in _ordered(common) if not item.holds]
    if cases and not when and all(len(case) == 1 and not next(iter(case)).holds for case in cases):
        # "when a is not given or b is not given" reads better as "unless both are".
        denied = [_literal(Literal(item.fact, holds=True), shown) for case in cases for item in case]
        unless.append(" and ".join(sorted(denied)))
    elif cases:
        when.append(_cases(cases, shown, alone=not when))
    text = "when " + " and ".join(when) if when else ""
    if unless:
        text += (", unless " if when else "unless ") + " or ".join(unless)
    return text


def _cases(cases: Iterable[Term], shown: Shown, *, alone: bool) -> str:
    texts = sorted(
        (" and ".join(_literal(item, shown) for item in _ordered(case)) for case in cases),
        key=lambda t: (len(t), t),
    )
    more = len(texts) - _CASES
    if more > 0:
        texts = [*texts[:_CASES], f"in {more} other cases"]
    if any(" and " in text for text in texts):
        texts = [f"({text})" if " and " in text else text for text in texts]
    joined = " or ".join(texts)
    return joined if alone else f"({joined})"


def _ordered(term: Term) -> list[Literal]:
    return sorted(term, key=lambda item: (not item.holds, len(item.fact.path), item.fact.names, repr(item)))


def _literal(item: Literal, shown: Shown) -> str:
    name = f"`{shown(item.fact.names)}`"
    return _fact(item.fact, name, shown, "is" if item.holds else "is not")


def _fact(item: Fact, name: str, shown: Shown, verb: str) -> str:
    if item.test == "part":
        if len(item.values) == 1:
            return f"`{shown((*item.names, *item.values))}` {verb} given"
        return f"another part of {name} {verb} given"
    if item.test == "in":
        only = "only " if any(hop.elements == ALL for hop in item.path) else ""
        return f"{name} {verb} {only}{_values(item.values)}"
    if item.test == "check":
        keyword, operand = json.loads(next(iter(item.values)))
        return f"{name} {verb} {_CHECKS[keyword].format(operand)}"
    if item.test == "sub" and item.formula is not None:
        every = "every element" if item.path[-1].elements == ALL else "an element"
        inner = sentence("", item.formula, lambda names: shown((*item.names, *names)))
        return f"{every} of {name} {verb} one{inner}"
    return f"{name} {verb} given"


def _values(values: Iterable[str]) -> str:
    texts = sorted(_value(json.loads(value)) for value in values)
    if len(texts) <= 2:  # noqa: PLR2004 - two read well with "or"
        return " or ".join(texts)
    more = len(texts) - _VALUES
    return "one of " + ", ".join(texts[:_VALUES]) + (f" (and {more} more)" if more > 0 else "")


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
