"""What Amazon enforces beyond the definition, as dated and sourced data.

A rule is added here with the day since when it is in force and where that is written, so that a reader
can look it up and turn it off by its name.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from amazon_product_types.validation.issue import Severity


class LengthRule(NamedTuple):
    """A limit for the text of an attribute.

    Args:
        name: Stable name of the rule.
        attribute: The attribute that it is about.
        characters: Most characters (code points).
        since: The first day on which Amazon enforces it.
        severity: What breaking it is.
        source: Where Amazon says so.
    """

    name: str
    attribute: str
    characters: int
    since: date
    severity: Severity
    source: str


MODULAR_NAME = LengthRule(
    name="modular_title_name",
    attribute="item_name",
    characters=75,
    since=date(2026, 7, 27),
    severity="ERROR",
    source="Seller Central, Submit modular titles",
)
MODULAR_HIGHLIGHTS = LengthRule(
    name="modular_title_highlights",
    attribute="title_differentiation",
    characters=125,
    since=date(2026, 7, 27),
    severity="ERROR",
    source="Seller Central, Submit modular titles",
)
RULES = (MODULAR_NAME, MODULAR_HIGHLIGHTS)


def in_force(on: date, *, without: frozenset[str] = frozenset()) -> tuple[LengthRule, ...]:
    """Return the rules that Amazon enforces on a day, but for those turned off by name.

    Raises:
        ValueError: A name is no rule's.
    """
    if unknown := without - {rule.name for rule in RULES}:
        raise ValueError(f"no rule is called {', '.join(sorted(unknown))}")
    return tuple(rule for rule in RULES if rule.since <= on and rule.name not in without)
