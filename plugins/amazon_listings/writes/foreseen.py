"""What a run would cost before it starts: calls, which way they go, and how long they take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.due import Payloads, count_payloads, payload_sizes
from amazon_listings.ledger.runs.overview import seller_of
from amazon_listings.messages import Joined, message
from amazon_listings.planning.volume import MEASURED, Volume, feeds_left
from amazon_listings.runs.listings.bulk_reading import AT_ONCE
from amazon_listings.selling_partner.forecast import Forecast, forecast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue

#: Bytes of a payload where none is known yet.
USUAL_SIZE = 2_700


@dataclass(frozen=True)
class RunForecast:
    """What a run costs.

    Args:
        items: How many items it is about.
        searches: Searches of twenty listings each before anything is tested.
        previews: Previews; where they are made as they are needed, at most.
        sending: What a live run sends then.
    """

    items: int
    searches: Forecast
    previews: Forecast
    sending: Volume

    @property
    def seconds(self) -> float:
        """How long it takes when Amazon's quota is all that counts."""
        return self.searches.seconds + self.previews.seconds + self.sending.seconds

    def worded(self, messages: Catalogue) -> str:
        """Return it as a run says it before its first call."""
        asked = tuple(cost for cost in (self.searches, self.previews) if cost.calls)
        if not asked:
            return self.sending.worded(messages)
        costs = Joined(asked)
        if self.sending.creations or self.sending.updates or self.sending.leaving:
            return messages.value(message("log.cost_then", costs=costs, sending=self.sending))
        return messages.value(message("log.cost", costs=costs))

    def as_json(self) -> dict[str, Any]:
        """Return its numbers."""
        calls = {"searchListingsItems": self.searches.calls, "preview": self.previews.calls}
        for name, count in self.sending.calls.items():
            calls[name] = calls.get(name, 0) + count
        return {
            "items": self.items,
            "creations": self.sending.creations,
            "updates": self.sending.updates,
            "removals": self.sending.leaving,
            "way": "feeds" if self.sending.by_feeds else "single",
            "bytes": round(self.sending.size * (self.sending.creations + self.sending.updates)),
            "calls": {name: count for name, count in calls.items() if count},
            "minutes": round(self.seconds / 60, 1),
        }


def forecast_of_due(connector: Connector, ledger: Engine) -> RunForecast:
    """Return what a live run costs that sends what the ledger knows to be due.

    Args:
        connector: The connector, with its key.
        ledger: The open ledger.
    """
    return _of(connector, ledger, count_payloads(ledger, connector.key, due=True))


def forecast_of_changes(connector: Connector, ledger: Engine | None, items: int | None = None) -> RunForecast:
    """Return what a live run costs if items change.

    Args:
        connector: The connector, with its key.
        ledger: The open ledger; None if there is none yet.
        items: How many items change, as many of them listed as of all that are known; None: all that are
            known.
    """
    known = count_payloads(ledger, connector.key, due=False) if ledger is not None else Payloads(0, 0, 0, 0)
    wanted = known.items if items is None else items
    listed, absent = (
        round(wanted * number / known.items) if known.items else 0 for number in (known.listed, known.absent)
    )
    return _of(connector, ledger, Payloads(wanted, listed, 0, absent))


def forecast_of_approval(
    connector: Connector, ledger: Engine, key: str, counts: Mapping[str, int]
) -> RunForecast:
    """Return what it costs to send what is asked about.

    Args:
        connector: The connector.
        ledger: The open ledger.
        key: The connector's key.
        counts: Items by kind: `create`, `change`, `remove`.
    """
    created, changed = counts.get("create", 0), counts.get("change", 0)
    sending = Volume(
        connector.sync.feed_from,
        connector.sync.when_removed,
        readings=created,
        creations=created,
        updates=changed,
        leaving=counts.get("remove", 0),
        sizes=_sizes(ledger, key, created + changed),
        left=_left(connector, ledger, key),
    )
    items = created + changed + sending.leaving
    return RunForecast(items, _searches(0), _previews(connector, 0), sending)


def _of(connector: Connector, ledger: Engine | None, payloads: Payloads) -> RunForecast:
    sync = connector.sync
    created = payloads.items if sync.full_replace else payloads.items - payloads.listed
    sending = Volume(
        sync.feed_from,
        sync.when_removed,
        readings=payloads.items - payloads.listed,
        creations=created,
        updates=payloads.items - created,
        sizes=_sizes(ledger, connector.key, payloads.items),
        left=_left(connector, ledger, connector.key),
    )
    untested = payloads.items - payloads.tested
    return RunForecast(
        payloads.items,
        _searches(payloads.items - payloads.absent),
        _previews(connector, untested),
        sending,
    )


def _searches(listings: int) -> Forecast:
    return forecast(math.ceil(listings / AT_ONCE), "searchListingsItems")


def _previews(connector: Connector, items: int) -> Forecast:
    sync = connector.sync
    most = {"none": 0, "needed": sync.preview_most, "sample": sync.preview_sample or 0}.get(
        sync.preview, items
    )
    return forecast(
        min(items, most),
        "putListingsItem",
        kinds={"preview"},
        preview_rate=sync.preview_rate,
        at_most=sync.preview == "needed",
    )


def _left(connector: Connector, ledger: Engine | None, key: str) -> dict[str, float]:
    """Return what is left of the limits of feeds; full where it is not known whose feeds they are."""
    marketplace = connector.marketplace.id
    seller = seller_of(ledger, key, marketplace) if ledger is not None else None
    if ledger is None or seller is None:
        return {}
    return feeds_left(ledger, ListingScope(key, seller, marketplace, connector.amazon.product_type))


def _sizes(ledger: Engine | None, key: str, items: int) -> list[int]:
    found = payload_sizes(ledger, key, items, MEASURED) if ledger is not None and items else []
    return found or [USUAL_SIZE]
