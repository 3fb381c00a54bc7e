"""Whether a field is required, conditional, recommended or optional, and when.

- *required*: every item must have it.
- *conditional*: some items must; the condition says which, from the definition's own rules.
- *recommended*: no rule asks for it, but Amazon does (see `recommended`).
- *optional*: the rest.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.conditions.evaluation import term_holds, true_of
from amazon_product_types.conditions.formulas import (
    ALWAYS,
    HERE,
    NEVER,
    ONE,
    Formula,
    Hop,
    both,
    either,
    fact,
    shortest,
)
from amazon_product_types.conditions.naming import Naming
from amazon_product_types.conditions.wording import clause, sentence
from amazon_product_types.definition import QUALIFIERS, main_name
from amazon_product_types.messages import catalogue
from amazon_product_types.recommended import recommended
from amazon_product_types.requirement_rules import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_product_types.definition import Definition, Names
    from amazon_product_types.messages import Catalogue


#: Levels of a requirement, the strictest first.
LEVELS = ("required", "conditional", "recommended", "optional")


class Requirement(NamedTuple):
    """How much a field is wanted: one of the levels, and in words when it is required or not allowed.

    `needed_alone`: it is required of an item of which nothing else is known. `recommended_by`: who does.
    """

    level: str
    condition: str = ""
    forbidden: str = ""
    needed_alone: bool = False
    recommended_by: str = ""


class Requirements:
    """When each leaf of a definition is required, as formulas and in words.

    Args:
        definition: The definition.
    """

    def __init__(self, definition: Definition) -> None:
        self.naming = Naming(definition)
        self._rules = Rules(definition)
        self._members: dict[Names, dict[str, None]] = {}
        self._leaves: dict[Names, list[Names]] = {}
        for names in (leaf.names for leaf in definition.leaves):
            for depth in range(len(names)):
                self._members.setdefault(names[:depth], {})[names[depth]] = None
                self._leaves.setdefault(names[: depth + 1], []).append(names)

    def formula(self, names: Names) -> Formula:
        """When an item without the leaf `names` lacks something.

        A leaf counts with what it belongs to: the only leaf of a required attribute is required,
        and the unit of an optional weight is required where the weight is given.
        """
        must = self._rules.needed.get(names[:1], NEVER)
        for depth in range(2, len(names) + 1):
            above, name = names[: depth - 1], names[depth - 1]
            others = [other for other in self._members[above] if other != name]
            if not others or (name == main_name(self._members[above]) and _only_qualified(others)):
                continue
            inside = self._rules.needed.get(names[:depth], NEVER)
            rest = fact(tuple(Hop(part, HERE) for part in above), "part", others)
            must = both(either(must, rest), inside)
        return absent(must, names)

    def forbidden(self, names: Names) -> Formula:
        """When an item with the leaf `names` is refused."""
        cases = [self._rules.forbidden.get(names[:depth], NEVER) for depth in range(1, len(names) + 1)]
        return either(*cases)

    def of(self, names: Names, sources: Mapping[str, str], messages: Catalogue) -> Requirement:
        """Return the requirement of the leaf `names`; `sources` are recommended attributes, and who does."""
        formula = self.formula(names)
        said = NEVER if formula == ALWAYS else self._said(names, formula)
        level = "required" if formula == ALWAYS else "conditional" if formula != NEVER else "optional"
        source = sources.get(names[0], "") if level == "optional" and self._is_main(names) else ""
        return Requirement(
            "recommended" if source else level,
            sentence("required", said, self.naming, messages),
            sentence("not_allowed", self.forbidden(names), self.naming, messages),
            true_of(formula, {}, {}),
            source,
        )

    def _said(self, names: Names, formula: Formula) -> Formula:
        """Name the value in a condition of its unit: what makes the value needed is said there."""
        main = main_name(self._members[names[:-1]])
        if names[-1] not in QUALIFIERS or main is None:
            return formula
        inside = self._rules.needed.get(names, NEVER)
        if self._rules.needed.get((*names[:-1], main)) != ALWAYS or inside == NEVER:
            return formula
        value = (*(Hop(part, HERE) for part in names[:-1]), Hop(main, ONE))
        return both(fact(value), inside)

    def _is_main(self, names: Names) -> bool:
        """Return whether a leaf is what its attribute is about."""
        return len(self._leaves[names[:1]]) == 1 or names[1:] == (main_name(self._members[names[:1]]),)


class Needs:
    """The requirements of a definition's leaves, each made out when it is first asked for.

    The rules of a large definition take half a second, which a run that only looks for fields does without.

    Args:
        definition: The definition.
        relevant: Attributes that Amazon called relevant for the product type.
        language: Of the sentences (`messages/` has them).
    """

    def __init__(self, definition: Definition, relevant: frozenset[str], language: str) -> None:
        self._definition = definition
        self._relevant = relevant
        self._language = language

    def of(self, names: Names) -> Requirement:
        """Return the requirement of the leaf `names`."""
        return self._requirements.of(names, self._sources, catalogue(self._language))

    @cached_property
    def _requirements(self) -> Requirements:
        return Requirements(self._definition)

    @cached_property
    def _sources(self) -> Mapping[str, str]:
        return recommended(self._definition, self._relevant)


def required_of(definition: Definition, payload: Mapping[str, Any], language: str) -> dict[Names, str]:
    """Return the leaves that what a payload holds makes required, each with why: "required because …".

    Those that every item needs are left out.
    """
    known, messages = Requirements(definition), catalogue(language)
    found = {}
    for leaf in definition.leaves:
        formula, here = known.formula(leaf.names), _first_elements(payload, leaf.names)
        terms = [] if true_of(formula, {}, {}) else [one for one in formula if term_holds(one, payload, here)]
        reasons = [clause("required", one, known.naming, messages) for one in terms]
        sentences = sorted(
            (messages.word(one) for one in reasons if one is not None), key=lambda one: (len(one), one)
        )
        if sentences:
            found[leaf.names] = sentences[0]
    return found


def _first_elements(payload: Any, names: Names) -> dict[Names, Any]:
    """Return the elements on the way to a leaf, by the names that lead there."""
    found: dict[Names, Any] = {}
    for depth, name in enumerate(names, 1):
        payload = payload.get(name) if isinstance(payload, dict) else None
        payload = payload[0] if isinstance(payload, list) and payload else payload
        if payload is None:
            break
        found[names[:depth]] = payload
    return found


def absent(formula: Formula, names: Names) -> Formula:
    """Return the formula for an item that has nothing at `names`."""
    kept = []
    for term in formula:
        own = {item for item in term if item.fact.names[: len(names)] == names}
        if not any(item.holds for item in own):
            kept.append(term - own)
    return shortest(frozenset(kept))


def _only_qualified(others: Iterable[str]) -> bool:
    return all(name in QUALIFIERS for name in others)
