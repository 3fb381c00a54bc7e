"""The history of issues: which of a run's are new, which are still there, which are gone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.issues import (
    CheckedItem,
    count_issues,
    gone_issues,
    keep_open,
    record_issues,
    resolve_uncovered,
)
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.runs.extract.unchanged import unchanged_items
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import GONE, RESOLVED, GoneIssue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Engine

    from amazon_listings.runs.finish.resolve import Resolver
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ResolvedItem
    from amazon_product_types.validation.issue import Issue, Source

#: Who looks at every item before Amazon is asked.
LOCAL = frozenset({"quality", "mapping", "schema", "sending", "ownership"})
GONE_PART = "gone.jsonl"
#: The code of the issue of a record that could not be read.
UNREADABLE = "unreadable"


def keep_resolved(
    resolver: Resolver, folder: RunFolder, *, ledger: Engine, connector_key: str, run: int, complete: bool
) -> dict[str, int]:
    """Resolve the run's items into the stage `resolved`, and enter their issues in the ledger.

    What the run looked for and did not find is closed; what was not looked for stays open, such as
    Amazon's issues of an item that was not sent again, and all issues of one that left at the extract, that
    could not be read, or that the source has and did not give.

    Args:
        resolver: Resolves the items.
        folder: The run's folder.
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
        complete: Whether the run read every item and came to its end: then the issues of items that it
            did not see are gone with them.

    Returns:
        How many issues are `new`, `still there` and `gone`.
    """
    folder.clear(RESOLVED, GONE)
    for part, items in resolver.parts():
        folder.write(RESOLVED, part, _with_new(items, ledger, connector_key, run))
    keep_open(ledger, connector_key, run, (one.sku or one.pim_id for one in unchanged_items(folder)))
    extract = folder.noted(ExtractNote)
    if extract is not None:
        keep_open(ledger, connector_key, run, _names_kept(ledger, connector_key, extract.kept_ids))
    if complete:
        # After an unreadable record it is not known which items are gone.
        code = UNREADABLE if extract is not None and extract.unreadable else ""
        resolve_uncovered(ledger, connector_key, run, looked=LOCAL | {"preview", "submission"}, code=code)
    gone = gone_issues(ledger, connector_key, run)
    folder.write(GONE, GONE_PART, (GoneIssue(sku=one.item, issue=one.issue) for one in gone))
    return count_issues(ledger, connector_key, run)


def renew_resolved(resolver: Resolver, folder: RunFolder) -> None:
    """Resolve the run's items again, from what was seen since; which of their issues are new stays."""
    for part, items in resolver.parts():
        new = {(one.pim_id, one.sku): one.new for one in folder.read_any(RESOLVED, part)}
        folder.write(RESOLVED, part, [_renewed(item, new.get((item.pim_id, item.sku), ())) for item in items])


def resolved(folder: RunFolder) -> Iterator[ResolvedItem]:
    """Yield the items of the stage `resolved`."""
    for part in folder.parts(RESOLVED):
        yield from folder.read(RESOLVED, part)


def issues_gone(folder: RunFolder) -> Iterator[tuple[str, Issue]]:
    """Yield the issues that earlier runs found and this one found gone, each with its item's SKU."""
    for one in folder.read_any(GONE, GONE_PART):
        yield one.sku, one.issue


def _with_new(
    items: Iterable[ResolvedItem], ledger: Engine, connector_key: str, run: int
) -> Iterator[ResolvedItem]:
    """Enter the issues of items in the ledger; yield the items with those that no earlier run found."""
    for batch in chunks(items, CHUNK):
        checked = [CheckedItem(_name(item), list(item.issues), _looked(item)) for item in batch]
        lives = record_issues(ledger, connector_key, run, checked)
        for item in batch:
            known = lives[_name(item)]
            yield _renewed(item, tuple(identity for identity, life in known.items() if life == "new"))


def _renewed(item: ResolvedItem, new: tuple[tuple[str, str], ...]) -> ResolvedItem:
    return item if item.new == new else msgspec.structs.replace(item, new=new)


def _names_kept(ledger: Engine, connector_key: str, pim_ids: Iterable[str]) -> Iterator[str]:
    """Yield the names of the items that are meant by identities of items and of products."""
    for chunk in chunks(pim_ids, CHUNK):
        for where in (StateFilter(pim_ids=chunk), StateFilter(families=chunk)):
            states = find_states(ledger, connector_key, where, contents=False)
            yield from (state.sku or state.pim_id for state in states)


def _name(item: ResolvedItem) -> str:
    return item.sku or item.pim_id or "unreadable"


def _looked(item: ResolvedItem) -> frozenset[str]:
    if item.outcome is Outcome.FAILED:
        # The run stopped before it, or Amazon did not answer: the checks are not finished.
        return frozenset()
    if any(issue.code == UNREADABLE for issue in item.issues):
        return frozenset()  # of the item itself nothing was seen
    return _looked_by(item.answered)


@cache
def _looked_by(answered: tuple[Source, ...]) -> frozenset[str]:
    # What Amazon said of the submission settles what a preview had said of it.
    settled = ("preview",) if "submission" in answered else ()
    return LOCAL.union(answered, settled)
