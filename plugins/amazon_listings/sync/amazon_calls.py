"""Calls for many items: several under way, one item's trouble left to that item, none forgotten."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.errors import ItemError, TryAgain
from amazon_listings.selling_partner.pipeline import submit_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amazon_listings.selling_partner.listings import Submission

log = logging.getLogger(__name__)

#: So many items in a row without an answer: it is not the items, it is Amazon or the network.
OUTAGE = 20
#: Seconds between two lines of progress.
EVERY = 30.0


class Answered(NamedTuple):
    """An item with Amazon's answer, or with the sentence that says why there is none."""

    row: dict[str, Any]
    submission: Submission | None
    trouble: str


def call_for_all(
    rows: Iterable[dict[str, Any]],
    call: Callable[[dict[str, Any]], Submission],
    *,
    in_flight: Callable[[], int],
    total: int,
    what: str,
) -> Iterator[Answered]:
    """Call Amazon for every row, and log the progress.

    Args:
        rows: Mapped items.
        call: Calls Amazon for one.
        in_flight: How many calls may be under way.
        total: How many rows there are in all, for the log.
        what: What the calls are (`previews`), for the log.

    Yields:
        Each row with its answer, in the order of completion. One without an answer after all retries
        is given back too; the next run tries it again.

    Raises:
        TryAgain: so many in a row went without an answer that Amazon is taken for unreachable.
        PersonMustAct: Amazon refuses the account; no other item would fare better.
    """

    def one(row: dict[str, Any]) -> Answered:
        try:
            return Answered(row, call(row), "")
        except (TryAgain, ItemError) as error:
            return Answered(row, None, str(error))

    silent = done = 0
    told = time.monotonic()
    for finished in submit_all(rows, one, in_flight=in_flight):
        answered = finished.result
        if answered is None:
            continue
        done += 1
        silent = 0 if answered.submission else silent + 1
        yield answered
        if silent >= OUTAGE:
            raise TryAgain(f"{silent} items in a row got no answer from Amazon; the last: {answered.trouble}")
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            log.info("%s of %s %s done.", f"{done:,}", f"{total:,}", what)
