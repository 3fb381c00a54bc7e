"""Find connectors that write the same attributes of the same listings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from amazon_listings.fleet.findings import named, warning_of
from amazon_listings.ledger.connectors import find_key
from amazon_listings.ledger.item_states import known_skus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.fleet.findings import Finding
    from amazon_listings.messages import Catalogue


def overlap_findings(
    mappings: Sequence[tuple[Connector, frozenset[str]]], ledger: Engine | None, messages: Catalogue
) -> Iterator[Finding]:
    """Yield where two connectors write the same attribute of the same SKU in one marketplace.

    Args:
        mappings: The connectors, each with the attributes that it writes.
        ledger: Knows the SKUs of each; without it only connectors with the same choice of items are told.
        messages: The language of the sentences.
    """
    by_market: dict[tuple[str, str], list[tuple[Connector, frozenset[str]]]] = defaultdict(list)
    for connector, attributes in mappings:
        if connector.enabled:
            by_market[connector.amazon.connection, connector.amazon.country].append((connector, attributes))
    for together in by_market.values():
        skus = {one.id: _skus(one, ledger) for one, _ in together}
        for number, (first, of_first) in enumerate(together):
            for second, of_second in together[number + 1 :]:
                shared = of_first & of_second
                if not shared:
                    continue
                both = skus[first.id] & skus[second.id]
                if both or (_same_items(first, second) and not (skus[first.id] or skus[second.id])):
                    yield _overlap(first, second, sorted(shared), sorted(both), messages)


def _overlap(
    first: Connector, second: Connector, shared: list[str], skus: list[str], messages: Catalogue
) -> Finding:
    about = (
        messages.phrase("check.overlap_skus", count=len(skus), sku=skus[0])
        if skus
        else messages.phrase("check.overlap_choice")
    )
    sentence = messages.phrase(
        "check.overlap",
        first=first.id,
        first_place=str(first.where),
        second=second.id,
        second_place=str(second.where),
        attributes=named(shared),
        about=about,
        country=first.amazon.country,
    )
    return warning_of("overlap", second, sentence)


def _same_items(first: Connector, second: Connector) -> bool:
    return first.source == second.source and first.amazon.product_type == second.amazon.product_type


def _skus(connector: Connector, ledger: Engine | None) -> set[str]:
    key = find_key(ledger, connector.id, connector.was) if ledger is not None else None
    if ledger is None or key is None:
        return set()
    return known_skus(ledger, key)
