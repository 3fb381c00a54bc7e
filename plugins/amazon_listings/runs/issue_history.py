"""The history of issues: which of a run's are new, which are still there, which are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.issues import (
    CheckedItem,
    count_issues,
    gone_issues,
    record_issues,
    resolve_uncovered,
)
from amazon_listings.runs.resolve import settled_items
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from amazon_listings.ledger.issues import Identity, Life
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.resolve import SettledItem

#: Who looks at every item before Amazon is asked.
LOCAL = frozenset({"quality", "mapping", "schema"})
STAGE, PART, GONE = "history", "part-00001.jsonl", "gone.jsonl"


class ItemHistory(NamedTuple):
    """An item of a run, and for each identity of its issues whether it is new."""

    item: SettledItem
    lives: dict[Identity, Life]


class NewIssues:
    """Which issues of a run are new, asked item by item in the order of `settled_items`.

    Args:
        folder: The run's folder, with what `keep_history` left in it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._rows = folder.read(STAGE, PART)
        self._next = next(self._rows, None)

    def of(self, item: SettledItem) -> frozenset[Identity]:
        """The identities of the item's new issues."""
        row = self._next
        if row is None or (row["pim_id"], row["sku"]) != (item.pim_id, item.sku):
            return frozenset()
        self._next = next(self._rows, None)
        return frozenset((family, attribute) for family, attribute in row["new"])


def keep_history(
    folder: RunFolder, *, ledger: Engine, connector_key: str, run: int, complete: bool
) -> dict[str, int]:
    """Enter the issues of a settled run in the ledger, and keep in its folder which are new, which gone.

    Args:
        folder: The run's folder.
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
        complete: Whether the run read every item and came to its end.

    Returns:
        How many issues are `new`, `still there` and `gone`.
    """

    def rows() -> Iterator[dict[str, Any]]:
        histories = remember_issues(folder, ledger=ledger, connector_key=connector_key, run=run)
        for item, lives in histories:
            new = [identity for identity, life in lives.items() if life == "new"]
            if new:
                yield {"pim_id": item.pim_id, "sku": item.sku, "new": new}

    folder.write(STAGE, PART, rows())
    counts = close_history(ledger=ledger, connector_key=connector_key, run=run, complete=complete)
    gone = gone_issues(ledger, connector_key, run)
    folder.write(STAGE, GONE, ({"item": one.item, "issue": one.issue.to_dict()} for one in gone))
    return counts


def issues_gone(folder: RunFolder) -> Iterator[tuple[str, Issue]]:
    """The issues that earlier runs found and this one found gone, each with its item's SKU."""
    for row in folder.read(STAGE, GONE):
        yield row["item"], Issue.from_dict(row["issue"])


def remember_issues(
    folder: RunFolder, *, ledger: Engine, connector_key: str, run: int
) -> Iterator[ItemHistory]:
    """Enter the issues of a settled run in the ledger; each item with the lives of its issues.

    To be iterated to the end. What the run looked for and did not find is closed; what nobody looked
    for stays open, such as Amazon's issues of an item that was not sent again.

    Args:
        folder: The run's folder.
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
    """
    for batch in chunks(settled_items(folder), CHUNK):
        lives = record_issues(
            ledger,
            connector_key,
            run,
            [CheckedItem(_name(item), item.issues, _looked(item)) for item in batch],
        )
        for item in batch:
            yield ItemHistory(item, lives[_name(item)])


def close_history(*, ledger: Engine, connector_key: str, run: int, complete: bool) -> dict[str, int]:
    """How many issues of a run are `new`, `still there` and `gone`; after `remember_issues`.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
        complete: Whether the run read every item and came to its end: then the issues of items that it
            did not see are gone with them.
    """
    if complete:
        resolve_uncovered(ledger, connector_key, run, looked=LOCAL | {"preview", "submission"})
    return count_issues(ledger, connector_key, run)


def _name(item: SettledItem) -> str:
    return item.sku or item.pim_id or "unreadable"


def _looked(item: SettledItem) -> frozenset[str]:
    if item.outcome == "failed":
        # The run stopped before it, or Amazon did not answer: nobody has finished looking.
        return frozenset()
    # What Amazon said of the submission settles what a preview had said of it.
    settled = ("preview",) if "submission" in item.answered else ()
    return LOCAL.union(item.answered, settled)
