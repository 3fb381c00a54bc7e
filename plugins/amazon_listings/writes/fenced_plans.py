"""The plan of an item behind its fence, and whether it is what the preview passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from amazon_listings.runs.plan import Method

if TYPE_CHECKING:
    from amazon_listings.planning.known import CurrentListing
    from amazon_listings.planning.planner import Planner
    from amazon_listings.planning.wanted import DueItem, PlannedWrite, Plans


class FencedPlan(NamedTuple):
    """The plan of an item behind its fence.

    Args:
        write: The plan.
        current: What it was made of.
        read: What Amazon says of the listing, if it was read.
        other: Whether it is not what the preview passed.
    """

    write: PlannedWrite
    current: CurrentListing
    read: CurrentListing | None
    other: bool = False


def plan_behind_fence(
    planner: Planner, row: DueItem, plan_for: Plans, read: CurrentListing | None, *, around: bool
) -> FencedPlan:
    """Return the plan of an item, read again where the plan needs it.

    What passed the preview may have been planned by a reading, and this by the ledger, or the other way
    round: neither keeps an item from going whose own changes are the same.

    Args:
        planner: Makes the plans.
        row: The item.
        plan_for: What to send for it, given what its listing has.
        read: What Amazon says of the listing, if it was read already.
        around: Read the listing where that is needed; else the plan says that it `carries`, so that it is
            sent singly, by a plan that was read.

    Raises:
        SellingPartnerError: see `listings.get`.
    """
    wanted = row.wanted
    current = row.current if read is None else read
    write = plan_for(wanted, current)
    other = planner.is_other(wanted, write)
    if other and read is None and write.method == Method.PATCH:
        # The check read a listing that is not as the ledger knows it.
        if not around:
            return FencedPlan(replace(write, carries=True), current, read)
        current = read = planner.read(row.sku, current)
        write = plan_for(wanted, current)
        other = planner.is_other(wanted, write)
    if write.carries and around:
        known, was_other = write.plan, other
        current = read = planner.read_around(row.sku, current)
        write = plan_for(wanted, current)
        other = planner.is_other(wanted, write)
        if other and not was_other:
            within = planner.plan_within(wanted, current, known)
            return FencedPlan(within or write, current, read, other=within is None)
    return FencedPlan(write, current, read, other=other)
