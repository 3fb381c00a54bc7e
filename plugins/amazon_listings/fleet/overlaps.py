"""Find connectors that write the same attributes of the same listings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from amazon_listings.fleet.findings import named, warning_of
from amazon_listings.ledger.connectors.keys import find_keys
from amazon_listings.ledger.items.states import known_skus

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
        listed, shared_skus = _skus([one for one, _ in together], ledger)
        for number, (first, of_first) in enumerate(together):
            for second, of_second in together[number + 1 :]:
                shared = of_first & of_second
                if not shared:
                    continue
                both = shared_skus[first.id] & shared_skus[second.id]
                if both or (_same_items(first, second) and not {first.id, second.id} & listed):
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


def _skus(
    connectors: Sequence[Connector], ledger: Engine | None
) -> tuple[frozenset[str], dict[str, set[str]]]:
    """Return which of some connectors have SKUs, and those of each that another of them has too.

    Few are shared, and each two of many connectors are compared.
    """
    keys = find_keys(ledger, {one.id: one.was for one in connectors}) if ledger is not None else {}
    skus = {
        one.id: known_skus(ledger, keys[one.id]) if ledger is not None and one.id in keys else set()
        for one in connectors
    }
    seen: set[str] = set()
    shared: set[str] = set()
    for some in skus.values():
        shared |= some & seen
        seen |= some
    listed = frozenset(name for name, some in skus.items() if some)
    return listed, {name: some & shared for name, some in skus.items()}
