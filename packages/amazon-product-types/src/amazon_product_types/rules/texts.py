"""Rules about titles, and about the contacts that a market asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_product_types.rules.catalogue import MODULAR_HIGHLIGHTS, MODULAR_NAME
from amazon_product_types.rules.finding import Finding, elements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME, HIGHLIGHTS = TITLES = ("item_name", "title_differentiation")
#: Marketplaces of the European Union.
UNION = frozenset((
    "A28R8C7NBKEWEA", "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "APJ6JRA9NG5V4", "A1RKKUPIHCS9HS", "A1805IZSGTT6HS",
    "AMEN7PMS3EDWL", "A2NODRKZP88ZB9", "A1C3SOZRARQ6R3",
))  # fmt: skip
#: Who answers for a product, and what says that it is safe.
_CONTACTS = ("gpsr_manufacturer_reference", "dsa_responsible_party_address")


def title_findings(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with a title of two parts."""
    highlights = elements(attributes.get(HIGHLIGHTS))
    for position, element in elements(attributes.get(NAME)):
        text = element.get("value")
        if isinstance(text, str) and len(text) > MODULAR_NAME.characters:
            # Without highlights a longer name is still taken, and Amazon divides it as it sees fit.
            alone = element.get("language_tag") not in [one.get("language_tag") for _, one in highlights]
            yield _length(MODULAR_NAME.name, NAME, position, text, MODULAR_NAME.characters, alone=alone)
    for position, element in highlights:
        text = element.get("value")
        if isinstance(text, str) and len(text) > MODULAR_HIGHLIGHTS.characters:
            yield _length(MODULAR_HIGHLIGHTS.name, HIGHLIGHTS, position, text, MODULAR_HIGHLIGHTS.characters)


def _length(rule: str, name: str, position: int, text: str, limit: int, *, alone: bool = False) -> Finding:
    facts = {"limit": limit, "characters": len(text)}
    return Finding(rule, (name, position, "value"), facts, "alone" if alone else "", text[:200], warns=alone)


class Contacts:
    """Finds products for the European Union that name no person or company responsible for them.

    Args:
        document: The definition.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        defined = document.get("properties", {})
        self._names = [name for name in _CONTACTS if name in defined]
        markets = _markets(document)
        # The definition of a marketplace elsewhere says so; otherwise the payloads tell.
        self.are_asked_for = bool(self._names) and (not markets or not UNION.isdisjoint(markets))

    def findings(self, attributes: Mapping[str, Any]) -> Iterator[Finding]:
        """Yield that a payload lacks them."""
        # An offer on a product that Amazon has says nothing of the product.
        if NAME not in attributes:
            return
        missing = [name for name in self._names if not attributes.get(name)]
        if missing and _is_sold_in_union(attributes):
            yield Finding("gpsr_contacts", (missing[0],), {"names": missing})


def _markets(document: Mapping[str, Any]) -> list[str]:
    """Return the marketplaces that a definition names for its values, by Amazon's ids."""
    named = document.get("$defs", {}).get("marketplace_id", {})
    return [market for part in (named, *named.get("anyOf", ())) for market in part.get("enum", ())]


def _is_sold_in_union(attributes: Mapping[str, Any]) -> bool:
    """Return whether an element of a payload is for a marketplace of the European Union."""
    for value in attributes.values():
        for element in value if isinstance(value, list) else ():
            market = element.get("marketplace_id") if isinstance(element, dict) else None
            if isinstance(market, str) and market in UNION:
                return True
    return False
