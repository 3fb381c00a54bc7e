"""What was seen of a run's listings later: the stage `confirmed` of its folder, and its report again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from amazon_listings.ledger.runs.history import recount_run
from amazon_listings.ledger.writes.submissions import sent_in_run
from amazon_listings.runs.finish import ending as finish
from amazon_listings.runs.finish.resolve import REMOVED_PART, Resolver
from amazon_listings.runs.records import CONFIRMED, LIVE, REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ConfirmedItem


def keep_confirmed(folder: RunFolder, items: Iterable[ConfirmedItem]) -> bool:
    """Enter items in the parts that their writes are in; return whether any of them is.

    Args:
        folder: The folder of the run that wrote; it may have been cleared since.
        items: What was seen of each, by SKU; the PIM's identity is taken from the write.
    """
    seen = {item.sku: item for item in items}
    found = _keep_removals(folder, seen)
    for part in folder.parts(LIVE):
        new = {
            written.pim_id: msgspec.structs.replace(seen[written.sku], pim_id=written.pim_id)
            for written in folder.read(LIVE, part)
            if written.sku in seen
        }
        if new:
            found = True
            kept = {item.pim_id: item for item in folder.read_any(CONFIRMED, part)}
            folder.write(CONFIRMED, part, (kept | new).values())
    return found


def _keep_removals(folder: RunFolder, seen: Mapping[str | None, ConfirmedItem]) -> bool:
    """Enter what was seen of the listings that the run took off sale; return whether there is any."""
    leaving = {item.sku for part in folder.parts(REMOVED) for item in folder.read(REMOVED, part)}
    new = {sku: item for sku, item in seen.items() if sku in leaving}
    if new:
        kept = {item.sku: item for item in folder.read_any(CONFIRMED, REMOVED_PART)}
        folder.write(CONFIRMED, REMOVED_PART, (kept | new).values())
    return bool(new)


def renew_report(folder: RunFolder, *, ledger: Engine, run: int) -> None:
    """Write the report of a run again, if it has one: what was seen since is in it.

    Args:
        folder: The run's folder.
        ledger: The open ledger.
        run: The run's number.

    Raises:
        RunAbortedError: the outcomes do not add up to what was extracted, or files are damaged.
    """
    resolver = Resolver(folder, partial(sent_in_run, ledger, run))
    summary = finish.renew_report(folder, resolver)
    if summary is not None:
        recount_run(ledger, run, summary["counts"])
