"""Formulas in words: "required when “Parentage Level” is Child"."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from amazon_product_types.conditions.formulas import (
    ALL,
    ALWAYS,
    NEVER,
    UNREADABLE,
    Fact,
    Formula,
    Literal,
    Term,
)
from amazon_product_types.messages import Message, message
from amazon_product_types.messages.facts import Listed, Quoted, all_of, any_of
from amazon_product_types.messages.printable import one_line, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_product_types.conditions.naming import Naming
    from amazon_product_types.definition import Names
    from amazon_product_types.messages import Catalogue

#: More than this many values, or cases, are counted instead of listed.
_VALUES = 4
_CASES = 4
#: Up to this many values read well with "or".
_FEW = 2


def sentence(verb: str, formula: Formula, naming: Naming, catalogue: Catalogue) -> str:
    """Return `verb` and when it applies: "required when … and …, unless … or …".

    Args:
        verb: What applies, a key of `messages/`: `required`, `not_allowed`.
        formula: When it applies.
        naming: What nodes and values are called.
        catalogue: The language.

    Returns:
        Nothing when it never applies, and just the verb when it always does.
    """
    if formula == NEVER:
        return ""
    worded = message(f"condition.{verb}")
    if formula == ALWAYS:
        return catalogue.word(worded)
    cases = _Wording(naming, catalogue).cases_of(formula)
    return catalogue.phrase("condition.applies", verb=worded, cases=cases)


def clause(kind: str, term: Term, naming: Naming, catalogue: Catalogue) -> Message | None:
    """Return why something applies: "required because … and …, unless … or …"; None without conditions.

    Args:
        kind: `required`, `forbidden` or `rule`: how the clause starts.
        term: The conditions that hold.
        naming: What nodes and values are called.
        catalogue: The language by whose sentences cases are sorted.
    """
    wording = _Wording(naming, catalogue)
    because = [wording.literal(item) for item in _ordered(term) if item.holds]
    unless = [wording.affirmed(item) for item in _ordered(term) if not item.holds]
    if not (because or unless):
        return None
    form = "both" if because and unless else "because" if because else "unless"
    facts = {"because": all_of(because)} if because else {}
    return Message(f"why.{kind}_{form}", facts | ({"unless": any_of(unless)} if unless else {}))


@dataclass(frozen=True)
class _Wording:
    """Makes messages of formulas. `inside` are the names that the formula's own begin below.

    Cases are sorted by their sentences in `catalogue`; what is made can be worded in any language.
    """

    naming: Naming
    catalogue: Catalogue
    inside: Names = ()

    def cases_of(self, formula: Formula) -> object:
        """Return when a formula holds."""
        # What the rest of the same attribute brings about is said last: it is the least surprising.
        parts = frozenset(term for term in formula if len(term) == 1 and next(iter(term)).fact.test == "part")
        rules = formula - parts
        clauses = [self._clause(rules)] if rules else []
        last = self._sorted(self.literal(item) for term in parts for item in term)
        clauses += (message("condition.when", case=one) for one in last)
        return reduce(lambda first, then: message("condition.further", first=first, then=then), clauses)

    def _clause(self, formula: Formula) -> object:
        common = frozenset.intersection(*formula)
        cases = [term - common for term in formula if term != common]
        when = [self.literal(item) for item in _ordered(common) if item.holds]
        unless: list[Any] = [self.affirmed(item) for item in _ordered(common) if not item.holds]
        if cases and not when and all(len(case) == 1 and not next(iter(case)).holds for case in cases):
            # "when a is not given or b is not given" reads better as "unless both are".
            denied = [self.affirmed(item) for case in cases for item in case]
            unless.append(all_of(self._sorted(denied)))
        elif cases:
            when.append(self._cases(cases, alone=not when))
        found = [message("condition.when", case=all_of(when))] if when else []
        found += [message("condition.unless", case=any_of(unless))] if unless else []
        return found[0] if len(found) == 1 else Listed("commas", tuple(found))

    def _cases(self, cases: Iterable[Term], *, alone: bool) -> Any:
        found = [(all_of(self.literal(item) for item in _ordered(case)), len(case) > 1) for case in cases]
        found.sort(key=lambda one: (len(text := self.catalogue.value(one[0])), text))
        more = len(found) - _CASES
        several = any(both for _, both in found[:_CASES])
        listed: list[Any] = [
            message("phrase.aside", text=case) if several and both else case for case, both in found[:_CASES]
        ]
        listed += [message("condition.more_cases", count=more)] if more > 0 else []
        return any_of(listed) if alone else message("phrase.aside", text=any_of(listed))

    def _sorted(self, messages: Iterable[Message]) -> list[Message]:
        return sorted(messages, key=self.catalogue.word)

    def affirmed(self, item: Literal) -> Message:
        """Return what a literal would say if it were not denied."""
        return self.literal(item._replace(holds=True))

    def literal(self, item: Literal) -> Message:
        """Return what a literal says."""
        fact, denied = item.fact, "" if item.holds else "_not"
        if fact == UNREADABLE.fact:
            return message("condition.other_item")
        name = self._name(fact.names)
        if fact.test == "part":
            if len(fact.values) > 1:
                return message(f"condition.part{denied}", name=name)
            name = self._name((*fact.names, *fact.values))
        elif fact.test == "in":
            return message(f"condition.is{denied}", name=name, value=self._values(fact))
        elif fact.test == "check":
            return self._check(fact, name, denied)
        elif fact.test == "sub" and fact.formula is not None:
            inner = _Wording(self.naming, self.catalogue, (*self.inside, *fact.names))
            which = "every" if fact.path[-1].elements == ALL else "some"
            cases = inner.cases_of(fact.formula)
            return message(f"condition.{which}{denied}", name=name, case=cases)
        return message(f"condition.given{denied}", name=name)

    def _name(self, names: Names) -> Message | Quoted:
        names = (*self.inside, *names)
        if not names:
            return message("phrase.item")
        return Quoted(one_line(self.naming.node(names)))

    def _check(self, fact: Fact, name: Message | Quoted, denied: str) -> Message:
        """Return which limit a value keeps."""
        keyword, operand = json.loads(next(iter(fact.values)))
        if not self.catalogue.knows(f"condition.{keyword}"):
            return message(f"condition.other{denied}", name=name)
        limit = message(f"condition.{keyword}", limit=operand)
        return message(f"condition.is{denied}", name=name, value=limit)

    def _values(self, fact: Fact) -> object:
        """Return the values that a fact is about, or some of them."""
        names = (*self.inside, *fact.names)
        texts = sorted({plain(self.naming.value(names, value)) for value in fact.values})
        if len(texts) <= _FEW:
            found: Any = any_of(texts)
        else:
            found = message("condition.one_of", values=", ".join(texts[:_VALUES]))
            more = len(texts) - _VALUES
            if more > 0:
                found = message("condition.more_values", values=found, count=more)
        only = any(hop.elements == ALL for hop in fact.path)
        return message("condition.only", value=found) if only else found


def _ordered(term: Term) -> list[Literal]:
    return sorted(term, key=lambda item: (not item.holds, len(item.fact.path), item.fact.names, repr(item)))
