"""What was seen of a run's listings later: the stage `confirmed` of its folder, and its report anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.runs import recount_run
from amazon_listings.runs.report import write_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.runs.folder import RunFolder

STAGE = "confirmed"


def keep_confirmed(folder: RunFolder, rows: Iterable[dict[str, Any]]) -> bool:
    """Enter rows in the parts that their items are in; whether any of them is.

    Args:
        folder: The folder of the run that wrote; it may have been cleared since.
        rows: `sku`, `outcome`, `note`, `asin`, `issues` of each.
    """
    seen = {row["sku"]: row for row in rows}
    found = False
    for part in folder.parts("live"):
        new = {
            row["pim_id"]: seen[row["sku"]] | {"pim_id": row["pim_id"]}
            for row in folder.read("live", part)
            if row["sku"] in seen
        }
        if new:
            found = True
            kept = {row["pim_id"]: row for row in folder.read(STAGE, part)}
            folder.write(STAGE, part, (kept | new).values())
    return found


def renew_report(folder: RunFolder, *, ledger: Engine, run: int) -> None:
    """Write the report of a run again, if it has one: what was seen since is in it.

    Args:
        folder: The run's folder.
        ledger: The open ledger.
        run: The run's number.

    Raises:
        RunAbortedError: the outcomes do not add up to what was extracted.
    """
    facts = folder.noted("report")
    if facts is not None:
        summary = write_report(folder, facts)
        recount_run(ledger, run, summary["counts"])
