"""Connectors that no document makes any more, and still own listings that others would write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.fleet.findings import warning_of
from amazon_listings.ledger.connectors.keys import find_key, known_connectors
from amazon_listings.ledger.items.claims import owned_skus
from amazon_listings.ledger.items.states import known_skus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.fleet.findings import Finding
    from amazon_listings.messages import Catalogue


def gone_findings(
    connectors: Sequence[Connector], declared: Collection[str], ledger: Engine | None, messages: Catalogue
) -> Iterator[Finding]:
    """Yield the connectors that are gone, each with one that meets its listings.

    Args:
        connectors: Those that are checked.
        declared: The ids of all that there are, with those that they had before.
        ledger: Knows who owns which listing; None yields nothing.
        messages: The language of the sentences.
    """
    if ledger is None:
        return
    gone = [one for one in known_connectors(ledger) if not {one.current_id, *one.former_ids} & {*declared}]
    owned = [(one.current_id, owned_skus(ledger, one.key)) for one in gone]
    skus = {one.id: _skus(ledger, one) for one in connectors} if any(of for _, of in owned) else {}
    for other, of in owned:
        for marketplace_id, theirs in sorted(of.items()):
            here = [one for one in connectors if one.marketplace.id == marketplace_id]
            meeting = [one for one in here if skus[one.id] & theirs]
            for connector in meeting or here[:1]:
                yield warning_of(
                    "gone",
                    connector,
                    messages.phrase(
                        "check.gone",
                        other=other,
                        count=len(theirs),
                        sku=min(theirs),
                        marketplace=connector.marketplace.shop,
                        connector=connector.id,
                    ),
                )


def _skus(ledger: Engine, connector: Connector) -> set[str]:
    key = find_key(ledger, connector.id, connector.was)
    return known_skus(ledger, key) if key is not None else set()
