"""Formulas in words: "required when `parentage_level` is child"."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_product_types.conditions.formulas import ALL, ALWAYS, NEVER, Fact, Formula, Literal, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_product_types.messages import Catalogue

#: How a place is called in a sentence, from its names.
Shown = Callable[[tuple[str, ...]], str]

#: More than this many values, or cases, are counted instead of listed.
_VALUES = 4
_CASES = 4
#: Up to this many values read well with "or".
_FEW = 2


def sentence(verb: str, formula: Formula, shown: Shown, catalogue: Catalogue) -> str:
    """`verb` and when it applies: "required when … and …, unless … or …".

    Args:
        verb: What applies, a key of `messages/`: `required`, `not_allowed`.
        formula: When it applies.
        shown: How a place is called, from its names.
        catalogue: The language.

    Returns:
        Nothing when it never applies, and just the verb when it always does.
    """
    if formula == NEVER:
        return ""
    said = catalogue.phrase(f"condition.{verb}")
    return (
        said
        if formula == ALWAYS
        else catalogue.phrase(
            "condition.applies", verb=said, cases=_Wording(shown, catalogue).cases_of(formula)
        )
    )


@dataclass(frozen=True)
class _Wording:
    """Says when formulas hold, in one language and with one way to call places."""

    shown: Shown
    catalogue: Catalogue

    def cases_of(self, formula: Formula) -> str:
        """When a formula holds."""
        # What the rest of the same attribute brings about is said last: it is the least surprising.
        parts = frozenset(term for term in formula if len(term) == 1 and next(iter(term)).fact.test == "part")
        rules = formula - parts
        clauses = [self._clause(rules)] if rules else []
        last = sorted(self._literal(item) for term in parts for item in term)
        said, *further = [*clauses, *(self.catalogue.phrase("condition.when", case=text) for text in last)]
        for text in further:
            said = self.catalogue.phrase("condition.further", first=said, then=text)
        return said

    def _clause(self, formula: Formula) -> str:
        common = frozenset.intersection(*formula)
        cases = [term - common for term in formula if term != common]
        when = [self._literal(item) for item in _ordered(common) if item.holds]
        unless = [
            self._literal(Literal(item.fact, holds=True)) for item in _ordered(common) if not item.holds
        ]
        if cases and not when and all(len(case) == 1 and not next(iter(case)).holds for case in cases):
            # "when a is not given or b is not given" reads better as "unless both are".
            denied = [self._literal(Literal(item.fact, holds=True)) for case in cases for item in case]
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
            (self.catalogue.all_of(self._literal(item) for item in _ordered(case)), len(case) > 1)
            for case in cases
        )
        texts.sort(key=lambda text: len(text[0]))
        more = len(texts) - _CASES
        several = any(both for _, both in texts[:_CASES])
        said = [f"({text})" if several and both else text for text, both in texts[:_CASES]]
        said += [self.catalogue.phrase("condition.more_cases", count=more)] if more > 0 else []
        joined = self.catalogue.any_of(said)
        return joined if alone else f"({joined})"

    def _literal(self, item: Literal) -> str:
        fact, denied = item.fact, "" if item.holds else "_not"
        name = f"`{self.shown(fact.names)}`"
        if fact.test == "part":
            if len(fact.values) > 1:
                return self.catalogue.phrase(f"condition.part{denied}", name=name)
            name = f"`{self.shown((*fact.names, *fact.values))}`"
        elif fact.test in {"in", "check"}:
            return self.catalogue.phrase(f"condition.is{denied}", name=name, value=self._what(fact))
        elif fact.test == "sub" and fact.formula is not None:
            inner = _Wording(lambda names: self.shown((*fact.names, *names)), self.catalogue)
            which = "every" if fact.path[-1].elements == ALL else "some"
            return self.catalogue.phrase(
                f"condition.{which}{denied}", name=name, case=inner.cases_of(fact.formula)
            )
        return self.catalogue.phrase(f"condition.given{denied}", name=name)

    def _what(self, fact: Fact) -> str:
        """What a value is to be: some of its values, or within a limit."""
        if fact.test == "check":
            keyword, operand = json.loads(next(iter(fact.values)))
            return self.catalogue.phrase(f"condition.{keyword}", limit=operand)
        only = any(hop.elements == ALL for hop in fact.path)
        values = self._values(fact.values)
        return self.catalogue.phrase("condition.only", value=values) if only else values

    def _values(self, values: Iterable[str]) -> str:
        texts = sorted(_value(json.loads(value)) for value in values)
        if len(texts) <= _FEW:
            return self.catalogue.any_of(texts)
        said = self.catalogue.phrase("condition.one_of", values=", ".join(texts[:_VALUES]))
        more = len(texts) - _VALUES
        return self.catalogue.phrase("condition.more_values", values=said, count=more) if more > 0 else said


def _ordered(term: Term) -> list[Literal]:
    return sorted(term, key=lambda item: (not item.holds, len(item.fact.path), item.fact.names, repr(item)))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
