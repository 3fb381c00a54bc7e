"""How one write of a run is taken back, given what Amazon holds now.

Only the attributes that the run wrote are restored; what others changed since stays. A listing that
was not there before is deleted, one that was deleted is put back. A write without an answer may or may
not have been carried out: the listing tells, and only what is there of it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from amazon_listings.selling_partner.comparison import mismatched_attributes
from amazon_listings.selling_partner.patches import build_patches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.ledger.before_images import Write
    from amazon_listings.selling_partner.listing_answers import Listing

Method = Literal["PATCH", "PUT", "DELETE", "NOTHING"]


@dataclass(frozen=True)
class Restoration:
    """What takes back one write: shown first, then sent.

    Args:
        write: What the run did.
        method: How it is taken back; `NOTHING` if it cannot or need not be.
        body: Patch operations, or the attributes to put; None to delete.
        held: The attributes that Amazon holds now; None if it has no such listing.
        remark: Why nothing is sent, or what to know about it.
        changed: Attributes that hold something else now than the run wrote.
    """

    write: Write
    method: Method
    body: Any = None
    held: dict[str, Any] | None = None
    remark: str = ""
    changed: frozenset[str] = frozenset()


def restoration(
    write: Write, listing: Listing | None, *, definition: Mapping[str, Any], vendor: bool
) -> Restoration:
    """How to take back a write.

    Args:
        write: What the run did.
        listing: What Amazon holds now.
        definition: The product type's definition: selectors, and what may be sent.
        vendor: Whether the selling partner is a vendor.
    """
    held = None if listing is None else listing.attributes
    if obstacle := _obstacle(write):
        return Restoration(write, "NOTHING", held=held, remark=obstacle)
    if listing is None or held is None:
        return _without_listing(write, definition)
    changed = mismatched_attributes(held, write.method, write.body)
    doubt = "" if write.certain else "no answer came to the write, and Amazon holds what was sent"
    if not write.certain and not write.touched - changed:
        return Restoration(
            write, "NOTHING", held=held, remark="no answer came to the write, and Amazon holds nothing of it"
        )
    if write.before is None:
        remark = "; ".join(filter(None, ("there was no listing before the run", doubt)))
        return Restoration(write, "DELETE", held=held, remark=remark)
    # Of a write in doubt only what is there was written.
    touched = write.touched if write.certain else write.touched - changed
    before = sendable(write.before, definition)
    patches = build_patches(
        held,
        {name: elements for name, elements in before.items() if name in touched},
        selectors={name: one.get("selectors", ()) for name, one in definition["properties"].items()},
        owned=touched,
        vendor=vendor,
        defaults={"marketplace_id": write.listings.marketplace_id, "audience": "ALL"},
    )
    if not patches:
        return Restoration(write, "NOTHING", held=held, remark="the listing is as it was before the run")
    return Restoration(write, "PATCH", patches, held, doubt, changed & touched)


def _without_listing(write: Write, definition: Mapping[str, Any]) -> Restoration:
    """How to take back a write to a listing that is not there now."""
    if write.before is None:
        return Restoration(write, "NOTHING", remark="there was no listing before the run, and there is none")
    if write.method != "DELETE":
        return Restoration(write, "NOTHING", remark="the listing is gone, and the run did not delete it")
    return Restoration(write, "PUT", sendable(write.before, definition), remark="the run deleted the listing")


def sendable(attributes: Mapping[str, Any], definition: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as a listing holds them, without what Amazon added and would refuse if it were sent.

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
    """Why a write cannot be taken back; empty if it can."""
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
