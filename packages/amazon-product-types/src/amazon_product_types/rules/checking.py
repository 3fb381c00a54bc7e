"""Check a payload against the rules that hold, and word what they find."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from amazon_product_types.messages import catalogue
from amazon_product_types.messages.facts import all_of, quoted
from amazon_product_types.rules.catalogue import NAMES, in_force
from amazon_product_types.rules.offers import PRICED, offer_findings
from amazon_product_types.rules.sales import without_past_sales
from amazon_product_types.rules.texts import HIGHLIGHTS, TITLES, Contacts, title_findings
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from amazon_product_types.messages import Catalogue
    from amazon_product_types.rules.finding import Finding

    #: Finds what is wrong with a payload.
    Finder = Callable[[Mapping[str, Any]], Iterator[Finding]]


class RuleCheck:
    """The rules that hold for the payloads of one definition.

    Args:
        document: The definition.
        label: Gives what people call a place (`item_weight/0/unit`).
        without: Names of rules that are turned off; names of other things are not looked at.
        now: The moment by which sales are over and rules are in force; None: the present.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        label: Callable[[str], str],
        *,
        without: AbstractSet[str] = frozenset(),
        now: datetime | None = None,
    ) -> None:
        self._label = label
        self._now = now or datetime.now(UTC)
        self._off = frozenset(without)
        held = in_force(self._now.date(), without=NAMES & self._off)
        self._rules = {rule.name: rule for rule in held}
        self._finders: list[Finder] = [offer_findings]
        if HIGHLIGHTS in document.get("properties", {}):
            self._finders.append(title_findings)
        contacts = Contacts(document)
        #: What is said of contacts is never an error.
        self._contacts: list[Finder] = [contacts.findings] if contacts.are_asked_for else []

    @property
    def reads(self) -> frozenset[str]:
        """The attributes that `is_right` and `prepared` look at."""
        return PRICED | {*TITLES}

    def prepared(
        self, attributes: Mapping[str, Any], language: str = "en"
    ) -> tuple[dict[str, Any], list[Issue]]:
        """Return the attributes without the sales that are over, and a notice of each."""
        if "sale_over" not in self._rules:
            return dict(attributes), []
        kept, past = without_past_sales(attributes, self._now)
        texts = catalogue(language)
        return kept, [
            Issue(
                code="sale_over",
                severity="INFO",
                source="mapping",
                attribute="purchasable_offer",
                path=sale.path,
                label=self._label(sale.path),
                found=sale.end,
                **texts.issue_texts("sale_over", end=sale.end),
            )
            for sale in past
        ]

    def is_right(self, attributes: Mapping[str, Any]) -> bool:
        """Return whether a payload breaks no rule that is an error; cheaper than its issues."""
        return not any(
            self._rules[one.rule].severity == "ERROR" and not one.warns
            for one in self._found(attributes, self._finders)
        )

    def issues(self, attributes: Mapping[str, Any], language: str = "en") -> list[Issue]:
        """Return the issues of a payload by the rules."""
        found = self._found(attributes, (*self._finders, *self._contacts))
        if not found:
            return []
        texts = catalogue(language)
        return [self._issue(one, texts) for one in found]

    def _found(self, attributes: Mapping[str, Any], finders: Iterable[Finder]) -> list[Finding]:
        return [one for finder in finders for one in finder(attributes) if one.rule in self._rules]

    def _issue(self, finding: Finding, texts: Catalogue) -> Issue:
        path = "/".join(map(str, finding.path))
        label = self._label(path)
        facts = {name: _fact(fact, self._label) for name, fact in finding.facts.items()}
        return Issue(
            code=finding.rule,
            severity="WARNING" if finding.warns else self._rules[finding.rule].severity,
            source="schema",
            attribute=str(finding.path[0]),
            path=path,
            label=label,
            found=finding.found,
            **texts.issue_texts(finding.rule, finding.variant, label=quoted(label), **facts),
        )


def _fact(fact: object, label: Callable[[str], str]) -> object:
    """Return a fact as a sentence takes it: amounts as numbers, attributes by their labels."""
    if isinstance(fact, Decimal):
        return int(fact) if fact == fact.to_integral_value() else float(fact)
    if isinstance(fact, list):
        return all_of(quoted(label(name)) for name in fact)
    return fact
