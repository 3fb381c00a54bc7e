"""How one write of a run is taken back, given what Amazon has now.

Only the attributes that the run wrote are restored; what others changed since stays. A listing that
was not there before is deleted, one that was deleted is put back. A write without an answer may or may
not have been carried out: the listing tells, and only what is there of it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.runs.plan import Method, Plan, changes_between
from amazon_listings.selling_partner.comparison import mismatched_attributes
from amazon_listings.selling_partner.leaves import Layout
from amazon_listings.selling_partner.patches import build_patches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.ledger.before_images import Write
    from amazon_listings.selling_partner.listing_answers import Listing

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Restoration:
    """What takes back one write: shown first, then sent.

    Args:
        write: What the run did.
        plan: How it is taken back; its method is `NOTHING` if it cannot or need not be.
        body: Patch operations, or the attributes to put; None to delete.
        current: The attributes that Amazon has now; None if it has no such listing.
        remark: Why nothing is sent, or what to know about it.
        changed: Attributes that are not as the run wrote them any more.
    """

    write: Write
    plan: Plan
    body: Any = None
    current: Attributes | None = None
    remark: str = ""
    changed: frozenset[str] = frozenset()

    @property
    def method(self) -> Method:
        """How it is taken back."""
        return self.plan.method


def nothing(write: Write, remark: str, current: Attributes | None = None) -> Restoration:
    """Return that a write is left as it is, and why."""
    return Restoration(write, Plan(write.sku, Method.NOTHING), current=current, remark=remark)


def restoration(
    write: Write, listing: Listing | None, *, definition: Mapping[str, Any], vendor: bool
) -> Restoration:
    """Return how to take back a write.

    Args:
        write: What the run did.
        listing: What Amazon has now.
        definition: The product type's definition: selectors, and what may be sent.
        vendor: Whether the selling partner is a vendor.
    """
    current = None if listing is None else listing.attributes
    if obstacle := _obstacle(write):
        return nothing(write, obstacle, current)
    if listing is None or current is None:
        return _without_listing(write, definition)
    changed = mismatched_attributes(current, write.method, write.body)
    doubt = "" if write.certain else "no answer came to the write, and Amazon holds what was sent"
    if not write.certain and not write.touched - changed:
        return nothing(write, "no answer came to the write, and Amazon holds nothing of it", current)
    if write.before is None:
        remark = "; ".join(filter(None, ("there was no listing before the run", doubt)))
        return Restoration(write, Plan(write.sku, Method.DELETE), current=current, remark=remark)
    # Of a write in doubt only what is there was written.
    touched = write.touched if write.certain else write.touched - changed
    return _patched(write, current, touched, doubt, changed, definition=definition, vendor=vendor)


def _patched(
    write: Write,
    current: Attributes,
    touched: frozenset[str],
    remark: str,
    changed: frozenset[str],
    *,
    definition: Mapping[str, Any],
    vendor: bool,
) -> Restoration:
    """Return the patches that make some attributes what they were before the run."""
    before = sendable(write.before or {}, definition)
    wanted = {name: elements for name, elements in before.items() if name in touched}
    defaults = {"marketplace_id": write.listings.marketplace_id, "audience": "ALL"}
    layout = Layout.of(definition)
    patches = build_patches(
        current,
        wanted,
        selectors={name: below.selectors for name, below in layout.properties.items()},
        owned=touched,
        vendor=vendor,
        defaults=defaults,
    )
    if not patches:
        return nothing(write, "the listing is as it was before the run", current)
    here = {name: elements for name, elements in current.items() if name in touched}
    changes = changes_between(here, wanted, layout=layout, defaults=defaults)
    plan = Plan(write.sku, Method.PATCH, changes)
    return Restoration(write, plan, patches, current, remark, changed & touched)


def _without_listing(write: Write, definition: Mapping[str, Any]) -> Restoration:
    """Return how to take back a write to a listing that is not there now."""
    if write.before is None:
        return nothing(write, "there was no listing before the run, and there is none")
    if write.method != Method.DELETE:
        return nothing(write, "the listing is gone, and the run did not delete it")
    body = sendable(write.before, definition)
    changes = changes_between({}, body, layout=Layout.of(definition), defaults={})
    return Restoration(
        write, Plan(write.sku, Method.PUT, changes), body, remark="the run deleted the listing"
    )


def sendable(attributes: Mapping[str, Any], definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as a listing has them, without what Amazon added and would refuse if it were sent.

    Amazon returns every element with its `marketplace_id`, also where the definition has none.
    """
    cleaned: dict[str, Any] = {}
    for name, elements in attributes.items():
        items = definition["properties"].get(name, {}).get("items", {})
        known = items.get("properties")
        cleaned[name] = [
            {key: value for key, value in element.items() if known is None or key in known}
            for element in elements
        ]
    return cleaned


def _obstacle(write: Write) -> str:
    """Return why a write cannot be taken back; empty if it can."""
    if write.undone_by is not None:
        return f"run {write.undone_by} took it back already"
    if write.pending:
        return "it is in a feed whose report is not there yet"
    if write.later:
        runs = ", ".join(map(str, write.later))
        return f"run {runs} wrote to it since; take that back first"
    if write.before is None and write.existed is not False:
        return "what Amazon held before is not known"
    return ""
