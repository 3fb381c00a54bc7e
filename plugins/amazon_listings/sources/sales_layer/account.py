"""A Sales Layer account, opened: what the port asks of it, by either of its APIs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from amazon_listings.sources.port import OpenedSource
from amazon_listings.sources.sales_layer import connector_api, rest
from amazon_listings.sources.sales_layer.check import check_connection
from amazon_listings.sources.sales_layer.field_titles import field_descriptions
from amazon_listings.sources.sales_layer.related_tables import read_tables
from amazon_listings.sources.sales_layer.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.messages import Message
    from amazon_listings.sources.port import FieldDescription, Rows
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.staging import StagingStore


@dataclass(frozen=True)
class SalesLayerAccount(OpenedSource):
    """An account.

    Args:
        pim: How to reach it.
        tags: Only products that carry one of these tags; empty: all.
        clock: Where time comes from, for tests.
    """

    pim: PimConnection
    tags: tuple[str, ...] = ()
    clock: Clock | None = None

    def fill(self, store: StagingStore, selection: Selection, reading: Reading) -> None:
        """Read what is selected, by the connection's API."""
        with closing(Transport(self.pim, self.clock)) as transport:
            api = rest if self.pim.api == "rest" else connector_api
            api.fill(store, transport, replace(selection, tags=self.tags or selection.tags), reading)

    def check(self) -> Message:
        """Ask for one page of products."""
        return check_connection(self.pim, clock=self.clock)

    def fields(self) -> Iterable[FieldDescription]:
        """Return the titles and types that the account gives its fields."""
        return field_descriptions(self.pim, clock=self.clock)

    def tables(self, wanted: Mapping[str, str], languages: Sequence[str]) -> dict[str, Rows]:
        """Return the rows of resources, custom entities or the export connector's tables."""
        with closing(Transport(self.pim, self.clock)) as transport:
            return read_tables(transport, wanted, languages)
