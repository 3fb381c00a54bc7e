"""Reading a source: the one way in to every PIM."""

from __future__ import annotations

import logging
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

from amazon_listings.errors import AmazonListingsError
from amazon_listings.messages import log_line
from amazon_listings.sources.admission import admitted
from amazon_listings.sources.errors import UnexpectedAnswer
from amazon_listings.sources.joining import items, join, orphan_problems
from amazon_listings.sources.reading import Reading
from amazon_listings.sources.registry import source_named
from amazon_listings.sources.staging import StagingStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.item import Item, Record
    from amazon_listings.sources.port import Access, OpenedSource
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.settings import SourceSettings


log = logging.getLogger(__name__)


def open_source(settings: SourceSettings, access: Access) -> OpenedSource:
    """Open the source that a connector names.

    Args:
        settings: The connector's source.
        access: Where its credentials and files come from.

    Raises:
        ActionRequiredError: the connection is missing or incomplete.
    """
    return source_named(settings.source).open(settings, access)


def read_items(source: OpenedSource, selection: Selection) -> Reading:
    """Return the items of a source; see `Reading`. Nothing is read before it is iterated.

    Args:
        source: The opened source.
        selection: What is wanted; with a fallback language among its languages.

    Raises:
        RetryableError: while iterating: `PimUnavailable` or `PimBusy`.
        ActionRequiredError: while iterating: `CredentialsRefused`, `IncompleteConnection`, `ClockRefused`,
            `UnexpectedAnswer`, `UnsafeLink` or `UnusableSource`.
    """

    def produce(reading: Reading) -> Iterator[Item]:
        with closing(StagingStore()) as store:
            alone = (join(product, None) for product in _filled(source, store, selection, reading))
            yield from admitted(chain(alone, items(store)))
            reading.problems.extend(orphan_problems(store))
            reading.removed.extend(store.removed())

    return Reading(produce)


def _filled(
    source: OpenedSource, store: StagingStore, selection: Selection, reading: Reading
) -> Iterator[Record]:
    """Let a source fill the store; yield the products that do not go through it."""
    try:
        yield from source.fill(store, selection, reading) or ()
    except (AmazonListingsError, MemoryError):
        raise
    except Exception as error:  # what a source sends is foreign, and so may a source be
        log.exception("%s", log_line("log.source_unreadable"))
        raise UnexpectedAnswer(
            "sources.not_understood", source=type(source).__name__, kind=type(error).__name__
        ) from None
