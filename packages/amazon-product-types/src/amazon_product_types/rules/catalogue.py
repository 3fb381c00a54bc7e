"""The rules beyond definitions, as dated and sourced data.

A rule is added here with the day since when it is in force and where that is written, so that a reader
can look it up and turn it off by its name. ERROR is what Amazon refuses, or what costs money.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from amazon_product_types.validation.issue import Severity

#: Rules of offers are older than the listings API.
_ALWAYS = date(2020, 9, 1)
_OFFERS = "SP-API, Manage purchasable offer; Seller Central, Price your products"
_TITLES = "SP-API, Submit modular titles"


class Rule(NamedTuple):
    """A rule.

    Args:
        name: Its stable name, by which it is turned off.
        severity: What breaking it is.
        since: The first day on which it holds.
        source: Where it is written.
        characters: The limit, for a rule about the length of a text.
    """

    name: str
    severity: Severity
    since: date
    source: str
    characters: int = 0


MODULAR_NAME = Rule("modular_title_name", "ERROR", date(2026, 7, 27), _TITLES, 75)
MODULAR_HIGHLIGHTS = Rule("modular_title_highlights", "ERROR", date(2026, 7, 27), _TITLES, 125)
RULES = (
    Rule("price_positive", "ERROR", _ALWAYS, _OFFERS),
    Rule("price_decimals", "ERROR", _ALWAYS, "ISO 4217, minor units of currencies"),
    Rule("sale_below_price", "ERROR", _ALWAYS, _OFFERS),
    Rule("sale_dates", "ERROR", _ALWAYS, _OFFERS),
    Rule("sale_over", "INFO", _ALWAYS, _OFFERS),
    Rule("offer_dates", "ERROR", _ALWAYS, _OFFERS),
    Rule("quantity_tiers", "ERROR", _ALWAYS, "Seller Central, Quantity discounts for Amazon Business"),
    Rule("price_limits", "ERROR", _ALWAYS, "Seller Central, Minimum and maximum price validation"),
    Rule("business_price", "WARNING", _ALWAYS, "Seller Central, Set business prices"),
    MODULAR_NAME,
    MODULAR_HIGHLIGHTS,
    Rule("listing_type", "ERROR", _ALWAYS, "SP-API, Product Type Definitions: PRODUCT is for offers alone"),
    Rule("gpsr_contacts", "WARNING", date(2024, 12, 13), "Regulation (EU) 2023/988, articles 9 and 16"),
)
NAMES = frozenset(rule.name for rule in RULES)


def in_force(on: date, *, without: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
    """Return the rules that hold on a day, but for those turned off by name.

    Raises:
        ValueError: A name is no rule's.
    """
    if unknown := without - NAMES:
        raise ValueError(f"no rule is called {', '.join(sorted(unknown))}")
    return tuple(rule for rule in RULES if rule.since <= on and rule.name not in without)
