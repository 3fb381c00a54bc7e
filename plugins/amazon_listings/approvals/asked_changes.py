"""The changes of one item that a person is asked about, and the row that the ledger keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amazon_listings.approvals.policy import POLICIES
from amazon_listings.approvals.touched import largest_share, touched_by
from amazon_listings.ledger.approvals.progress import PLANNED
from amazon_listings.ledger.approvals.questions import Asked
from amazon_listings.ledger.content import packed_text
from amazon_listings.runs.plan import Change, Method, Plan, question_hash
from amazon_listings.runs.records import encode

if TYPE_CHECKING:
    from amazon_listings.approvals.policy import Policy, Reasons
    from amazon_listings.ledger.approvals.progress import Approval, Kind

#: Reasons by which a change counts with the value that it leads to alone.
_BY_VALUE = POLICIES | {PLANNED}


class AskedChange(Change, frozen=True, omit_defaults=True):
    """A change that a person is asked about, with the reasons that hold for it and not for its neighbours."""

    reasons: tuple[str, ...] = ()


def changes_of(row: Approval) -> tuple[AskedChange, ...]:
    """Return the changes that the row of an item asks about.

    Of a listing that is replaced whole, most values are as they were: those that change are first.
    """
    found = msgspec.convert(row.changes, list[AskedChange], strict=False)
    return tuple(sorted(found, key=lambda change: change.before == change.after))


def question_of(plan: Plan, reasons: Reasons) -> tuple[Change, ...]:
    """Return the changes of a plan that are asked about."""
    if reasons.whole:
        return plan.changes
    return tuple(change for change in plan.changes if change.leaf in reasons.leaves)


def hash_of(plan: Plan, question: tuple[Change, ...], by_before: tuple[Change, ...]) -> str:
    """Return the hash of a question about changes of a plan.

    Args:
        plan: The plan.
        question: Its changes that are asked about.
        by_before: Those of them that count with what the listing had before as well.
    """
    asked = plan if question is plan.changes else Plan(plan.sku, plan.method, question)
    return question_hash(asked.hash, by_before)


def guarded(question: tuple[Change, ...], reasons: Reasons) -> tuple[Change, ...]:
    """Return those of the changes that a guard asks about: what was before counts too."""
    if reasons.whole - _BY_VALUE:
        return question
    return tuple(change for change in question if reasons.leaves.get(change.leaf, frozenset()) - _BY_VALUE)


def asked_item(
    plan: Plan,
    question: tuple[Change, ...],
    reasons: Reasons,
    policy: Policy,
    pim_id: str | None,
) -> Asked:
    """Return what is asked about an item.

    Args:
        plan: The item's plan.
        question: Its changes that are asked about.
        reasons: Why.
        policy: Tells the mapping lines behind the changes.
        pim_id: The PIM's identity of the item.
    """
    kind = _kind(plan)
    # A listing that is made had no other price.
    changed = question if kind == "change" else ()
    return Asked(
        sku=plan.sku,
        pim_id=pim_id,
        kind=kind,
        hash=hash_of(plan, question, guarded(question, reasons)),
        reasons=tuple(sorted(reasons.names)),
        lines=policy.lines_behind(question),
        changes=packed_text(encode(_with_reasons(question, reasons))),
        touches=touched_by(changed),
        price_share=largest_share(changed),
    )


def _kind(plan: Plan) -> Kind:
    # A listing that is replaced whole is put as well, and had values before.
    new = plan.method == Method.PUT and all(change.before is None for change in plan.changes)
    return "create" if new else "change"


def _with_reasons(question: tuple[Change, ...], reasons: Reasons) -> list[AskedChange]:
    whole = tuple(sorted(reasons.whole))
    return [
        AskedChange(
            one.leaf,
            one.before,
            one.after,
            one.origin,
            reasons=tuple(sorted(reasons.whole | reasons.leaves[one.leaf]))
            if one.leaf in reasons.leaves
            else whole,
        )
        for one in question
    ]
