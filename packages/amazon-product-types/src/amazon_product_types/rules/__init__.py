"""What Amazon enforces beyond a definition, and what costs money: offers, titles, contacts."""

from amazon_product_types.rules.catalogue import (
    MODULAR_HIGHLIGHTS,
    MODULAR_NAME,
    RULES,
    Rule,
    in_force,
)
from amazon_product_types.rules.checking import RuleCheck
from amazon_product_types.rules.product_types import takes_no_listing
from amazon_product_types.rules.sales import PastSale, next_change, without_past_sales
from amazon_product_types.rules.texts import TITLES

__all__ = [
    "MODULAR_HIGHLIGHTS",
    "MODULAR_NAME",
    "RULES",
    "TITLES",
    "PastSale",
    "Rule",
    "RuleCheck",
    "in_force",
    "next_change",
    "takes_no_listing",
    "without_past_sales",
]
