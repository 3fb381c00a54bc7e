"""Statements about a payload, joined by and, or, not, and brought into their shortest form.

A `Fact` is one statement ("`parentage_level` is child"). A `Formula` is an OR of ANDs of facts
and denied facts, kept short by absorption, so that it can be put into words.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How the elements below a name are meant: the element under consideration, any, all, the one, or the
#: list as a whole.
HERE, ANY, ALL, ONE, WHOLE = "here", "any", "all", "one", "whole"


class Hop(NamedTuple):
    """One name of a fact's path, and which of its elements are meant."""

    name: str
    elements: str


class Fact(NamedTuple):
    """One statement about what is at `path`; false where the path does not exist.

    `test` is `given`; `in` (`values` are the values, as JSON); `part` (at least one of the
    members `values` is given); `check` (`values` is a keyword and its operand, as JSON); `sub`
    (`formula` holds of the element); or `unreadable`.
    """

    path: tuple[Hop, ...]
    test: str = "given"
    values: frozenset[str] = frozenset()
    formula: Formula | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The path without its elements."""
        return tuple(hop.name for hop in self.path)


class Literal(NamedTuple):
    """A fact, or its denial."""

    fact: Fact
    holds: bool = True


Term = frozenset[Literal]
Formula = frozenset[Term]

#: Stands for a condition that cannot be told as facts.
UNREADABLE = Literal(Fact((), "unreadable"))

NEVER: Formula = frozenset()
ALWAYS: Formula = frozenset([frozenset()])


def fact(path: tuple[Hop, ...], test: str = "given", values: Iterable[str] = ()) -> Formula:
    """Return the formula that is just this fact."""
    return frozenset([frozenset([Literal(Fact(path, test, frozenset(values)), holds=True)])])


def either(*formulas: Formula) -> Formula:
    """True where one of them is."""
    return shortest(frozenset().union(*formulas))


def both(*formulas: Formula) -> Formula:
    """True where all of them are."""
    result = ALWAYS
    for formula in formulas:
        result = shortest(frozenset(a | b for a, b in product(result, formula)))
    return result


def negated(formula: Formula) -> Formula:
    """True where it is not."""
    result = ALWAYS
    for term in formula:
        denied = frozenset(frozenset([Literal(item.fact, not item.holds)]) for item in term)
        result = both(result, denied)
    return result


def implies(first: Literal, second: Literal) -> bool:
    """Return whether the first cannot be true without the second."""
    if first.holds and second.holds:
        return _follows(first.fact, second.fact)
    if not first.holds and not second.holds:
        return _follows(second.fact, first.fact)
    return False


def _follows(first: Fact, second: Fact) -> bool:
    if first == second:
        return True
    if second.test == "part":
        depth = len(second.path)
        return (
            first.path[:depth] == second.path
            and len(first.path) > depth
            and first.path[depth].name in second.values
        )
    if second.test == "given":
        # A fact holds only where its whole path exists.
        above = second.names == first.names[: len(second.path)]
        return above and first.path[: len(second.path) - 1] == second.path[:-1] and first.test != "part"
    return first.path == second.path and first.test == second.test == "in" and first.values <= second.values


def _excluded(first: Literal, second: Literal) -> bool:
    """Return whether the two cannot both be true."""
    if first.holds and second.holds:
        one, two = first.fact, second.fact
        return _single(one, two) and not one.values & two.values
    return implies(first, Literal(second.fact, not second.holds))


def _single(one: Fact, two: Fact) -> bool:
    """Return whether both speak of the value at one place that holds a single value."""
    return (
        one.test == two.test == "in"
        and one.path == two.path
        and all(hop.elements in {HERE, ONE} for hop in one.path)
    )


def shortest(formula: Formula) -> Formula:
    """Return the same formula with fewer and shorter terms."""
    terms = {term for term in map(_reduced, formula) if term is not None}
    while len(terms) > 1:
        terms = _absorbed(terms)
        changed = _merged(terms) or _not_true(terms) or _resolved(terms)
        if changed is None:
            break
        terms = changed
    return frozenset(terms)


@lru_cache(maxsize=8192)  # rules repeat the same few conditions hundreds of times
def _reduced(term: Term) -> Term | None:
    """Return a term without what follows from the rest of it; None if it contradicts itself."""
    if len(term) <= 1:
        return term
    literals = set(term)
    for one, two in product(term, term):
        if one != two and _excluded(one, two):
            return None
        if one in literals and two in literals and one != two and _single(one.fact, two.fact) and one.holds:
            left, right = one.fact.values, two.fact.values
            kept = left & right if two.holds else left - right
            if not kept:
                return None
            literals -= {one, two}
            literals.add(Literal(one.fact._replace(values=kept), holds=True))
            return _reduced(frozenset(literals))
    for item in sorted(literals, key=repr):
        if any(other != item and implies(other, item) for other in literals):
            literals.discard(item)
    return frozenset(literals)


def _covers(weak: Iterable[Literal], strong: Iterable[Literal]) -> bool:
    """Return whether `strong` is a special case of `weak`."""
    known = tuple(strong)
    return all(any(implies(item, wanted) for item in known) for wanted in weak)


def _absorbed(terms: set[Term]) -> set[Term]:
    kept: list[Term] = []
    for term in sorted(terms, key=lambda item: (len(item), repr(sorted(item, key=repr)))):
        if not any(_covers(other, term) for other in kept):
            kept = [other for other in kept if not _covers(term, other)]
            kept.append(term)
    return set(kept)


def _merged(terms: set[Term]) -> set[Term] | None:
    """Two terms that differ in the values of one fact only become one."""
    by_rest: dict[Any, tuple[Term, Literal]] = {}
    for term in sorted(terms, key=repr):
        for item in term:
            if item.holds and item.fact.test == "in" and all(h.elements != ALL for h in item.fact.path):
                key = (term - {item}, item.fact.path)
                if key in by_rest:
                    other, twin = by_rest[key]
                    union = Literal(
                        item.fact._replace(values=item.fact.values | twin.fact.values), holds=True
                    )
                    return (terms - {term, other}) | {(term - {item}) | {union}}
                by_rest[key] = (term, item)
    return None


def _not_true(terms: set[Term]) -> set[Term] | None:
    """`x is false or x is not given` becomes `x is not true`: yes/no values have no third."""
    for term in terms:
        for item in term:
            if not item.holds or item.fact.values != {"false"} or item.fact.test != "in":
                continue
            missing = Literal(item.fact, holds=False)
            for other in terms - {term}:
                gone = next(iter(other - term), None)
                if (
                    gone
                    and other - {gone} == term - {item}
                    and not gone.holds
                    and gone.fact.test == "given"
                    and implies(gone, missing)
                    and all(hop.elements in {HERE, ONE} for hop in item.fact.path)
                ):
                    denied = Literal(item.fact._replace(values=frozenset({"true"})), holds=False)
                    return (terms - {term, other}) | {(term - {item}) | {denied}}
    return None


def _resolved(terms: set[Term]) -> set[Term] | None:
    """Drop a literal where another term holds without it: `a or (not a and b)` is `a or b`."""
    for term in terms:
        for item in term:
            opposite = Literal(item.fact, not item.holds)
            rest = term - {item}
            if any(other != term and _covers(other, rest | {opposite}) for other in terms):
                return (terms - {term}) | {rest}
    return None


def prefixed(formula: Formula, hop: Hop) -> Formula:
    """Return the same said of what is below `hop`."""
    return frozenset(
        frozenset(Literal(item.fact._replace(path=(hop, *item.fact.path)), item.holds) for item in term)
        for term in formula
    )
