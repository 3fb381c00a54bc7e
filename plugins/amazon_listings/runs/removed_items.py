"""Items that left the PIM's selection: which they are, and whether their listings may be taken off.

Nothing, by default. A connector may ask for their quantity to be set to 0 or for the listing to be
deleted (`sync.when_removed`), up to a share of its listings (`sync.removed_share`): a filter that
was mistyped, or a PIM that answers half, must not empty a shop.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import ActionRequiredError, RunAbortedError
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items import ListingScope, accepted_contents
from amazon_listings.ledger.leavers import count_listed, listed_but_not, listed_skus
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.quantities import merchant_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope

log = logging.getLogger(__name__)


class TooManyLeft(RunAbortedError):
    """More items left the selection than one run may take off Amazon."""


def plan_departures(
    connector: Connector,
    scope: Scope,
    *,
    ledger: Engine,
    folder: RunFolder,
    listings: ListingScope,
    vendor: bool,
) -> int:
    """Write the stage `departed`: the listings whose items left, to be dealt with by a live sync.

    A run that read changes takes the identities that the PIM named (`removed.json`); one that read
    everything takes what the connector has at Amazon and was not read. After a reading with unreadable
    records nobody knows which items are missing, so none counts as left.

    Args:
        connector: The connector that runs; says what becomes of them.
        scope: What the run covers. Named SKUs and backfills say nothing about what left.
        ledger: Knows the connector's listings.
        folder: The run's folder, with the stage `mapped`.
        listings: Whose listings.
        vendor: Whether the selling partner is a vendor.

    Returns:
        How many left. In a test run they are counted, and nothing is written.

    Raises:
        TooManyLeft: more than the connector's share of its listings left; nothing was sent.
        ActionRequiredError: a vendor's connector asks for a quantity of 0.
    """
    how = connector.sync.when_removed
    if how == "keep" or scope.kind not in {"everything", "changed"}:
        return 0
    if how == "zero_quantity" and vendor:
        raise ActionRequiredError(
            "runs.vendor_quantity",
            connector=connector.id,
        )
    extract = folder.noted("extract") or {}
    if extract.get("unreadable"):
        log.warning(
            "%s records of the PIM could not be read, so it is not known which items left; no listing is "
            "taken off.",
            extract["unreadable"],
        )
        return 0
    left = _left(connector, scope, ledger, folder, full=bool(extract.get("full")))
    if how == "zero_quantity":
        left = _in_stock(ledger, listings, left)
    count = folder.write("departed", part_name(1), _rows(left))
    listed = count_listed(ledger, connector.key)
    if not count or scope.operation == "test":
        folder.clear("departed")
    if count > connector.sync.removed_share * listed:
        folder.clear("departed")
        error = TooManyLeft(
            "runs.too_many_left",
            count=count,
            listed=listed,
            connector=connector.id,
            share=connector.sync.removed_share,
            where=connector.where,
        )
        if scope.operation == "test":
            log.warning("%s A live run would stop here.", error.message)
            return count
        raise error
    if count:
        would = "would be" if scope.operation == "test" else "will be"
        done = "deleted" if how == "delete" else "set to a quantity of 0"
        log.info("%s of %s listings left the PIM's selection; they %s %s.", count, listed, would, done)
    return count


def _left(
    connector: Connector, scope: Scope, ledger: Engine, folder: RunFolder, *, full: bool
) -> Iterator[tuple[str, str]]:
    """PIM identity (empty if it is not known) and SKU of what left."""
    if scope.kind == "everything" and full:
        present = _present(connector, ledger, folder)
        yield from (("", sku) for sku in listed_but_not(ledger, connector.key, present))
        return
    removed = (folder.noted("removed") or {}).get("ids", [])
    gone = {sku: pim_id for pim_id, sku in listed_skus(ledger, connector.key, removed)}
    for row in _mapped(folder):
        gone.pop(row["sku"], None)
    yield from ((pim_id, sku) for sku, pim_id in gone.items())


def _present(connector: Connector, ledger: Engine, folder: RunFolder) -> Iterator[str]:
    """The SKUs that were read, and those of items that were read without one."""
    for row in _mapped(folder):
        if row["sku"]:
            yield row["sku"]
        nameless = not row["sku"] or (row.get("role") == "child" and not row["parent_sku"])
        if nameless:
            family = [row["pim_id"], row["group"]]
            yield from (sku for _, sku in listed_skus(ledger, connector.key, family))


def _mapped(folder: RunFolder) -> Iterator[dict[str, Any]]:
    return (row for part in folder.parts("mapped") for row in folder.read("mapped", part))


def _in_stock(
    ledger: Engine, listings: ListingScope, left: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Those whose last accepted quantity is not 0 already."""
    for batch in chunks(left, CHUNK):
        contents = accepted_contents(ledger, listings, [sku for _, sku in batch])
        yield from (
            (pim_id, sku) for pim_id, sku in batch if sku not in contents or merchant_quantity(contents[sku])
        )


def _rows(left: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    return (
        {"pim_id": pim_id, "sku": sku, "outcome": "ready", "note": "", "issues": []} for pim_id, sku in left
    )
