"""Reading a source: the one way in to every PIM."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.model import FileSource, SalesLayerSource
from amazon_listings.sources.errors import IncompleteConnection
from amazon_listings.sources.files import source as files
from amazon_listings.sources.joining import items, orphan_problems
from amazon_listings.sources.reading import Reading
from amazon_listings.sources.sales_layer import connector_api, rest
from amazon_listings.sources.sales_layer.transport import Transport
from amazon_listings.sources.staging import StagingStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.item import Item
    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection
    from amazon_listings.sources.selection import Selection

Source = SalesLayerSource | FileSource


def read_items(
    source: Source,
    connection: PimConnection | None,
    selection: Selection,
    *,
    root: Any = None,
    clock: Clock | None = None,
) -> Reading:
    """The items of a source; see `Reading`. Nothing is read before it is iterated.

    Args:
        source: The connector's source: Sales Layer, or files.
        connection: The Sales Layer account; files need none.
        selection: What is wanted; with a fallback language among its languages.
        root: For files: the path, opened by the caller with its storage's credentials (an
            `ObjectStoragePath`); None: `source.path` as it is.
        clock: Where time comes from, for tests.

    Raises:
        While iterating: `PimUnavailable` and `PimBusy` (try again); `CredentialsRefused`,
        `IncompleteConnection`, `ClockRefused`, `UnexpectedAnswer`, `UnsafeLink`,
        `UnusableSource` (a person must act).
    """

    def produce(reading: Reading) -> Iterator[Item]:
        with closing(StagingStore()) as shelf:
            if isinstance(source, FileSource):
                files.fill(shelf, source, root, selection, reading)
            else:
                _fill_from_sales_layer(shelf, connection, selection, reading, clock)
                reading.problems.extend(orphan_problems(shelf))
            reading.removed.extend(shelf.removed())
            yield from items(shelf)

    return Reading(produce)


def _fill_from_sales_layer(
    shelf: StagingStore,
    connection: PimConnection | None,
    selection: Selection,
    reading: Reading,
    clock: Clock | None,
) -> None:
    if connection is None:
        raise IncompleteConnection("Sales Layer cannot be read: there is no Airflow connection for it.")
    with closing(Transport(connection, clock)) as transport:
        api = rest if connection.api == "rest" else connector_api
        api.fill(shelf, transport, selection, reading)
