"""Items that left the PIM's selection: which they are, and whether their listings may be taken off.

Nothing, by default. A connector may ask for their quantity to be set to 0 or for the listing to be
deleted (`sync.when_removed`). Above a share of its listings (`sync.removed_share`) that waits for an
approval: a filter that was mistyped, or a PIM that answers half, must not empty a shop. Removals that
Amazon took and did not carry out are repeated by every run that may remove; they are not asked again.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.approvals.progress import approved_skus
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.known import known_items, owned_contents
from amazon_listings.ledger.items.leavers import count_listed, listed_but_not, listed_skus, removals_owed
from amazon_listings.ledger.runs.owed import owed_removals
from amazon_listings.messages import log_line
from amazon_listings.remarks import remark
from amazon_listings.runs.damage import DamagedFile
from amazon_listings.runs.extract.unchanged import unchanged_items
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.listings.quantities import merchant_quantity
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import MAPPED, REMOVED, WrittenItem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import MappedIndex
    from amazon_listings.runs.scope import Scope

log = logging.getLogger(__name__)

#: The part of the stage `removed` with what an earlier run was allowed to remove, and Amazon did not.
REPEATED = part_name(2)

#: The part of the stage `removed` with what an earlier try of the same attempt had carried out.
EARLIER = part_name(3)

#: Runs of these items know what left; in others only items that have another SKU now have left a listing.
_KNOW_WHAT_LEFT = frozenset(("everything", "changed", "approved"))

#: After so much time a removal that does not show is repeated.
SURE = timedelta(hours=1)


def plan_removals(
    connector: Connector,
    scope: Scope,
    *,
    ledger: Engine,
    folder: RunFolder,
    listings: ListingScope,
    vendor: bool,
) -> int:
    """Write the stage `removed`: the listings whose items left the selection, for a live sync to deal with.

    A run that read changes takes the identities that the PIM named; one that read
    everything takes what the connector has at Amazon and was not read. After a reading with unreadable
    records it is not known which items are missing, so none counts as left.

    Args:
        connector: The connector that runs; says what becomes of them.
        scope: What the run covers. Named SKUs and backfills say nothing about what left; an item that they
            read under another SKU than before has left its listing.
        ledger: Knows the connector's listings.
        folder: The run's folder, with the stage `mapped`.
        listings: Whose listings.
        vendor: Whether the selling partner is a vendor.

    Returns:
        How many left. In a test run they are counted, and nothing is written.

    Raises:
        ActionRequiredError: a vendor's connector asks for a quantity of 0.
    """
    carried_out = _carried_out(folder)
    folder.clear(REMOVED)
    how = connector.sync.when_removed
    if how == "keep" or connector.contributes:
        return 0
    if how == "zero_quantity" and vendor:
        raise ActionRequiredError(
            "runs.vendor_quantity",
            connector=connector.id,
        )
    extract = folder.noted(ExtractNote)
    if extract is None:
        return 0
    if extract.unreadable:
        log.warning("%s", log_line("log.unreadable_keeps", unreadable=extract.unreadable))
        return 0
    owed = _owed(connector, ledger, folder, carried_out) if scope.kind in _KNOW_WHAT_LEFT else {}
    settled = owed.keys() | carried_out.keys()
    fresh = (one for one in _left(connector, scope, ledger, folder, extract) if one[1] not in settled)
    renamed = renamed_items(connector, ledger, folder)
    notes = {sku: remark("note.renamed", sku=new) for sku, (_, new) in renamed.items()}
    reported = {True: 0, False: 0}

    def counted() -> Iterator[WrittenItem]:
        left_alone = remark("note.not_ours")
        for pim_id, sku, ours in _takeable(ledger, listings, fresh, how):
            reported[ours] += 1
            yield WrittenItem(
                # What becomes of the old SKU and of the new one is decided together.
                pim_id=renamed[sku][0] if sku in renamed else pim_id,
                sku=sku,
                outcome=Outcome.READY if ours else Outcome.BLOCKED,
                note=() if ours else left_alone,
                remark=notes.get(sku, ()),
            )

    folder.write(REMOVED, part_name(1), counted())
    count = reported[True]
    listed = count_listed(ledger, connector.key)
    if owed:
        log.info("%s", log_line("log.removals_again", count=len(owed)))
        folder.write(REMOVED, REPEATED, _records((pim_id, sku) for sku, pim_id in owed.items()))
    folder.write(REMOVED, EARLIER, carried_out.values())
    if not (any(reported.values()) or settled) or scope.operation == "test":
        folder.clear(REMOVED)
    _tell(connector, count, listed)
    return count + len(owed)


def _carried_out(folder: RunFolder) -> dict[str, WrittenItem]:
    """Return the removals that an earlier try of this attempt carried out, by SKU: the report keeps them."""
    found: dict[str, WrittenItem] = {}
    for part in folder.parts(REMOVED):
        with suppress(DamagedFile):
            rows = folder.read(REMOVED, part)
            found |= {
                one.sku: one
                for one in rows
                if one.sku and one.outcome in {Outcome.ACCEPTED, Outcome.UNCHANGED}
            }
    for item in chain(_mapped(folder), unchanged_items(folder)) if found else ():
        found.pop(item.sku or "", None)
    return found


def _tell(connector: Connector, count: int, listed: int) -> None:
    """Write to the log how many left, and what becomes of them."""
    if count:
        log.info("%s", log_line(f"log.left_{connector.sync.when_removed}", count=count, listed=listed))


def _owed(
    connector: Connector, ledger: Engine, folder: RunFolder, carried_out: Collection[str]
) -> dict[str, str]:
    """Return the PIM identities by SKU of removals that Amazon took and did not carry out."""
    owed = {
        sku: pim_id
        for pim_id, sku in removals_owed(ledger, connector.key, before=datetime.now(UTC) - SURE)
        if sku not in carried_out
    }
    if owed:
        for item in chain(_mapped(folder), unchanged_items(folder)):
            owed.pop(item.sku or "", None)
    return owed


def _left(
    connector: Connector, scope: Scope, ledger: Engine, folder: RunFolder, extract: ExtractNote
) -> Iterator[tuple[str, str]]:
    """Yield the PIM identity (empty if it is not known) and the SKU of what left."""
    if scope.kind == "approved":
        # They left before they were approved; one that came back is read again.
        back = {item.sku for item in _mapped(folder)}  # items leave at the extract of other runs only
        waiting = approved_skus(ledger, connector.key, kind="remove")
        yield from (("", sku) for sku in waiting if sku in scope.skus and sku not in back)
        return
    if scope.kind == "everything" and extract.full:
        present = chain(
            _present(connector, ledger, folder),
            (sku for _, sku in listed_skus(ledger, connector.key, extract.kept_ids)),
        )
        yield from (("", sku) for sku in listed_but_not(ledger, connector.key, present))
        return
    gone = {sku: pim_id for sku, (pim_id, _) in renamed_items(connector, ledger, folder).items()}
    if scope.kind in _KNOW_WHAT_LEFT:
        gone |= {sku: pim_id for pim_id, sku in listed_skus(ledger, connector.key, extract.removed_ids)}
    if scope.kind == "changed":
        gone = {sku: pim_id for pim_id, sku in owed_removals(ledger, connector.key)} | gone
    for item in chain(_mapped(folder), unchanged_items(folder)):
        gone.pop(item.sku or "", None)
    yield from ((pim_id, sku) for sku, pim_id in gone.items())


def renamed_items(connector: Connector, ledger: Engine, folder: RunFolder) -> dict[str, tuple[str, str]]:
    """Return the SKUs that items had before, each with the item's PIM identity and its SKU of now."""
    if not count_listed(ledger, connector.key):
        return {}  # as in the first run
    now = {item.pim_id: item.sku for item in _mapped(folder) if item.sku}
    skus = frozenset(now.values())
    return {
        sku: (pim_id, now[pim_id])
        for pim_id, sku in listed_skus(ledger, connector.key, now)
        if pim_id in now and sku not in skus
    }


def _present(connector: Connector, ledger: Engine, folder: RunFolder) -> Iterator[str]:
    """Return the SKUs that were read, and those of items that were read without one."""
    yield from (one.sku for one in unchanged_items(folder) if one.sku)
    for item in _mapped(folder):
        if item.sku:
            yield item.sku
        nameless = not item.sku or (item.role == "child" and not item.parent_sku)
        if nameless:
            family = [item.pim_id, item.group]
            yield from (sku for _, sku in listed_skus(ledger, connector.key, family))


def _mapped(folder: RunFolder) -> Iterator[MappedIndex]:
    return (item for part in folder.parts(MAPPED) for item in folder.index(MAPPED, part))


def _takeable(
    ledger: Engine, listings: ListingScope, left: Iterable[tuple[str, str]], how: str
) -> Iterator[tuple[str, str, bool]]:
    """Yield what left, each with whether it can be taken off sale; nothing of what is off sale already.

    A listing that the connector neither made nor adopted is not deleted: only a quantity that is the
    connector's can go to 0.
    """
    for batch in chunks(left, CHUNK):
        skus = [sku for _, sku in batch]
        known, contents = known_items(ledger, listings, skus), owned_contents(ledger, listings, skus)
        for pim_id, sku in batch:
            created = sku in known and known[sku].created
            quantity = merchant_quantity(contents.get(sku, {}))
            if (how == "delete" and created) or quantity:
                yield pim_id, sku, True
            elif quantity is None and not created:
                yield pim_id, sku, False


def _records(left: Iterable[tuple[str, str]]) -> Iterator[WrittenItem]:
    return (WrittenItem(pim_id=pim_id, sku=sku, outcome=Outcome.READY) for pim_id, sku in left)
