"""Families at Amazon: parents first, and a child only once Amazon knows its parent.

A child sent against an unknown parent becomes a stand-alone listing or draws the warning 8008 ("Listing
variations" in the SP-API documentation). Amazon states no waiting time, so the parent is read until
it is there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES
from amazon_listings.messages import log_line
from amazon_listings.remarks import remark
from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.runs.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.planning.wanted import WantedItem
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.records import TestedItem
    from amazon_listings.selling_partner.calls.client import SellingPartner

log = logging.getLogger(__name__)

#: Seconds between the readings of a parent that was just accepted; after the last, its children wait
#: for the next run.
LADDER = (1, 2, 4, 8, 15, 30, 60, 60, 60)
#: Outcomes of a parent after which its children may be sent.
_KNOWN = frozenset(("accepted", "unchanged"))
#: Those after which they wait for a person, or for the next run; else Amazon does not show the parent yet.
_STOPPED = frozenset(("blocked", "rejected", "failed"))


def note_waiting_children(items: list[TestedItem]) -> list[TestedItem]:
    """Return the tested items of a part; children that passed say so if their parent did not.

    They are what they are, `ready`: a live sync sends them once the parent passes.
    """
    parents = {item.sku: item.outcome for item in items if item.role == "parent"}

    def noted(item: TestedItem) -> TestedItem:
        outcome = parents.get(item.parent_sku, Outcome.READY)
        passed = item.role == "child" and item.outcome is Outcome.READY
        if not passed or item.parent_sku is None or outcome in {Outcome.READY, Outcome.UNCHANGED}:
            return item
        return msgspec.structs.replace(item, note=_waits(item.parent_sku, outcome))

    return [noted(item) for item in items]


def settled_relation(child: WantedItem, content: Mapping[str, Any] | None) -> bool:
    """Return whether a child's place in its family was accepted before, so that only other things are sent.

    Args:
        child: What the child wants.
        content: What was last accepted of it.
    """
    return content is not None and all(
        content.get(name) == child.attributes.get(name) for name in FAMILY_ATTRIBUTES
    )


class Parents:
    """Whether Amazon knows the parents of a run.

    Args:
        client: The account's client; its `sleep` is how to wait.
        marketplace_id: Where.
    """

    def __init__(self, client: SellingPartner, marketplace_id: str) -> None:
        self.readings = 0
        self._client = client
        self._marketplace_id = marketplace_id

    def obstacles(self, parents: Iterable[str], outcomes: Mapping[str | None, Outcome]) -> dict[str, Remarks]:
        """Return why children must wait, by the parent's SKU; parents that are no obstacle are left out.

        Args:
            parents: The SKUs of their parents.
            outcomes: What became in this run of each parent of the part, by SKU.

        Raises:
            RetryableError, ActionRequiredError: Amazon cannot be asked.
        """
        wanted = dict.fromkeys(parents)
        waiting = {}
        unsure = []
        for sku in wanted:
            outcome = outcomes.get(sku)
            if outcome == "accepted" or outcome is None:
                unsure.append(sku)
            elif outcome not in _KNOWN:
                waiting[sku] = _waits(sku, outcome)
        for sku in self._unknown(unsure):
            waiting[sku] = _waits(sku, "unknown")
        return waiting

    def _unknown(self, skus: list[str]) -> list[str]:
        """Return those that Amazon does not show, after waiting for them."""
        for pause in (*LADDER, 0):
            skus = self._absent(skus)
            if not skus or not pause:
                break
            log.info("%s", log_line("log.waiting_for_parents", seconds=pause, count=len(skus)))
            self._client.sleep(pause)
        return skus

    def _absent(self, skus: list[str]) -> list[str]:
        # What a search does not show may only be new: it is read alone.
        found = read_listings(self._client, self._marketplace_id, skus, listed=skus)
        self.readings += found.calls
        return [sku for sku in skus if found.listings.get(sku) is None]


def _waits(parent: str, outcome: str) -> Remarks:
    how = outcome if outcome in _STOPPED else "unknown"
    return remark(f"note.parent_{how}", parent=parent)
