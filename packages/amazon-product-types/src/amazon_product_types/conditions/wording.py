"""Formulas in words: "required when “Parentage Level” is Child"."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    worded = catalogue.phrase(f"condition.{verb}")
    if formula == ALWAYS:
        return worded
    cases = _Wording(naming, catalogue).cases_of(formula)
    return catalogue.phrase("condition.applies", verb=worded, cases=cases)


def clause(kind: str, term: Term, naming: Naming, catalogue: Catalogue) -> str:
    """Return why something applies: "required because … and …, unless … or …"; empty without conditions.

    Args:
        kind: `required`, `forbidden` or `rule`: how the clause starts.
        term: The conditions that hold.
        naming: What nodes and values are called.
        catalogue: The language.
    """
    wording = _Wording(naming, catalogue)
    because = catalogue.all_of(wording.literal(item) for item in _ordered(term) if item.holds)
    unless = catalogue.any_of(wording.affirmed(item) for item in _ordered(term) if not item.holds)
    if not (because or unless):
        return ""
    form = "both" if because and unless else "because" if because else "unless"
    return catalogue.phrase(f"why.{kind}_{form}", because=because, unless=unless)


@dataclass(frozen=True)
class _Wording:
    """Words formulas in one language. `inside` are the names that the formula's own begin below."""

    naming: Naming
    catalogue: Catalogue
    inside: Names = ()

    def cases_of(self, formula: Formula) -> str:
        """Return when a formula holds."""
        # What the rest of the same attribute brings about is said last: it is the least surprising.
        parts = frozenset(term for term in formula if len(term) == 1 and next(iter(term)).fact.test == "part")
        rules = formula - parts
        clauses = [self._clause(rules)] if rules else []
        last = sorted(self.literal(item) for term in parts for item in term)
        worded, *further = [*clauses, *(self.catalogue.phrase("condition.when", case=text) for text in last)]
        for text in further:
            worded = self.catalogue.phrase("condition.further", first=worded, then=text)
        return worded

    def _clause(self, formula: Formula) -> str:
        common = frozenset.intersection(*formula)
        cases = [term - common for term in formula if term != common]
        when = [self.literal(item) for item in _ordered(common) if item.holds]
        unless = [self.affirmed(item) for item in _ordered(common) if not item.holds]
        if cases and not when and all(len(case) == 1 and not next(iter(case)).holds for case in cases):
            # "when a is not given or b is not given" reads better as "unless both are".
            denied = [self.affirmed(item) for case in cases for item in case]
            unless.append(self.catalogue.all_of(sorted(denied)))
        elif cases:
            when.append(self._cases(cases, alone=not when))
        said = [self.catalogue.phrase("condition.when", case=self.catalogue.all_of(when))] if when else []
        said += (
            [self.catalogue.phrase("condition.unless", case=self.catalogue.any_of(unless))] if unless else []
        )
        return ", ".join(said)

    def _cases(self, cases: Iterable[Term], *, alone: bool) -> str:
        texts = sorted(
            (self.catalogue.all_of(self.literal(item) for item in _ordered(case)), len(case) > 1)
            for case in cases
        )
        texts.sort(key=lambda text: len(text[0]))
        more = len(texts) - _CASES
        several = any(both for _, both in texts[:_CASES])
        said = [f"({text})" if several and both else text for text, both in texts[:_CASES]]
        said += [self.catalogue.phrase("condition.more_cases", count=more)] if more > 0 else []
        joined = self.catalogue.any_of(said)
        return joined if alone else f"({joined})"

    def affirmed(self, item: Literal) -> str:
        """Return what a literal would say if it were not denied."""
        return self.literal(item._replace(holds=True))

    def literal(self, item: Literal) -> str:
        """Return what a literal says."""
        fact, denied = item.fact, "" if item.holds else "_not"
        if fact == UNREADABLE.fact:
            return self.catalogue.phrase("condition.other_item")
        name = self._name(fact.names)
        if fact.test == "part":
            if len(fact.values) > 1:
                return self.catalogue.phrase(f"condition.part{denied}", name=name)
            name = self._name((*fact.names, *fact.values))
        elif fact.test == "in":
            return self.catalogue.phrase(f"condition.is{denied}", name=name, value=self._values(fact))
        elif fact.test == "check":
            return self._check(fact, name, denied)
        elif fact.test == "sub" and fact.formula is not None:
            inner = _Wording(self.naming, self.catalogue, (*self.inside, *fact.names))
            which = "every" if fact.path[-1].elements == ALL else "some"
            cases = inner.cases_of(fact.formula)
            return self.catalogue.phrase(f"condition.{which}{denied}", name=name, case=cases)
        return self.catalogue.phrase(f"condition.given{denied}", name=name)

    def _name(self, names: Names) -> str:
        names = (*self.inside, *names)
        if not names:
            return self.catalogue.phrase("phrase.item")
        return self.catalogue.phrase("quote", text=one_line(self.naming.node(names)))

    def _check(self, fact: Fact, name: str, denied: str) -> str:
        """Return which limit a value keeps."""
        keyword, operand = json.loads(next(iter(fact.values)))
        if not self.catalogue.knows(f"condition.{keyword}"):
            return self.catalogue.phrase(f"condition.other{denied}", name=name)
        limit = self.catalogue.phrase(f"condition.{keyword}", limit=operand)
        return self.catalogue.phrase(f"condition.is{denied}", name=name, value=limit)

    def _values(self, fact: Fact) -> str:
        """Return the values that a fact is about, or some of them."""
        names = (*self.inside, *fact.names)
        texts = sorted({plain(self.naming.value(names, value)) for value in fact.values})
        if len(texts) <= _FEW:
            worded = self.catalogue.any_of(texts)
        else:
            worded = self.catalogue.phrase("condition.one_of", values=", ".join(texts[:_VALUES]))
            more = len(texts) - _VALUES
            if more > 0:
                worded = self.catalogue.phrase("condition.more_values", values=worded, count=more)
        only = any(hop.elements == ALL for hop in fact.path)
        return self.catalogue.phrase("condition.only", value=worded) if only else worded


def _ordered(term: Term) -> list[Literal]:
    return sorted(term, key=lambda item: (not item.holds, len(item.fact.path), item.fact.names, repr(item)))
