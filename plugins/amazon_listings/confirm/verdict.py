"""Judge by one reading of a listing what became of an accepted write.

ACCEPTED means that Amazon took a submission, not that it carried it out. Good news is believed at
once: the listing holds what was sent, has an ASIN, and shows. Anything else may only be late, because
Amazon processes writes within minutes to hours; so it is believed after an hour, and what seems not to
have arrived at all only at the last check.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.messages import message
from amazon_listings.remarks import remark_as_is
from amazon_listings.runs.listings.quantities import merchant_quantity
from amazon_listings.selling_partner.content.leaves import amazon_defaults, split
from amazon_listings.selling_partner.content.overlay import overlays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.ledger.items.payloads import Removal, State
    from amazon_listings.ledger.writes.last_writes import LastWrite
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.messages import Message
    from amazon_listings.remarks import Remarks
    from amazon_listings.selling_partner.content.leaves import Layout
    from amazon_listings.selling_partner.listing_answers import Listing

Attributes = dict[str, Any]

#: After so much time a difference is taken for one.
SURE = timedelta(hours=1)
#: Enforcements that take a listing, or its product, out of sight or off sale ("Manage listings issues").
SUPPRESSIONS = frozenset({"LISTING_SUPPRESSED", "SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"})
ATTRIBUTE_SUPPRESSED = "ATTRIBUTE_SUPPRESSED"
#: Amazon names the enforcement and does not carry it out yet.
_EXEMPT = frozenset({"EXEMPT", "EXEMPT_UNTIL_EXPIRY_DATE"})


class Verdict(NamedTuple):
    """What became of a write: `accepted` if it is not known yet; `notes` say why it is not `live`."""

    state: State
    asin: str
    notes: tuple[Message | AmazonListingsError, ...] = ()

    @property
    def note(self) -> Remarks:
        """Return the notes as remarks."""
        return tuple(chain.from_iterable(map(remark_as_is, self.notes)))


class Expectation(NamedTuple):
    """What a listing shall be.

    Args:
        attributes: All that it shall hold of what we own.
        write: The last write to it; None if none of ours was needed.
        layout: The layout of the product type's definition.
        place: The marketplace.
        vendor: Vendors have no BUYABLE listings.
    """

    attributes: Attributes
    write: LastWrite | None
    layout: Layout
    place: Marketplace
    vendor: bool

    def differences(self, listing: Listing) -> frozenset[str]:
        """Return the attributes that the listing does not hold as they were sent; others' do not count."""
        rewritten = self.write.rewritten if self.write else {}
        before = (self.write.before if self.write else None) or {}
        defaults = amazon_defaults(self.place)
        put_there = split(rewritten, self.layout, defaults)
        found = overlays(
            here(listing.attributes, self.place),
            # What a write took away must be gone.
            {name: found for name, found in here(before, self.place).items() if name in rewritten},
            self.attributes,
            self.layout,
            defaults,
            kept=lambda leaf: leaf in put_there,
        )
        return frozenset(overlay.name for overlay in found if overlay.differences)

    def is_visible(self, summary: Mapping[str, Any]) -> bool:
        """Return whether customers find the listing, and can buy it if there is something to sell."""
        status = frozenset(summary.get("status", ()))
        return bool(status) and ("BUYABLE" in status or not self._is_for_sale)

    @property
    def sent(self) -> frozenset[str]:
        """Return the attributes that the last write wrote."""
        return self.write.sent if self.write else frozenset(self.attributes)

    @property
    def _is_for_sale(self) -> bool:
        level = self.attributes.get("parentage_level") or [{}]
        return (
            not self.vendor
            and level[0].get("value") != "parent"
            and bool(self.attributes.get("purchasable_offer"))
            and bool(merchant_quantity(self.attributes))
        )


def judge(listing: Listing | None, expected: Expectation, *, waited: timedelta, last: bool) -> Verdict:
    """Judge what became of a write.

    Args:
        listing: What Amazon returns now; None if it does not know the SKU.
        expected: What it shall be.
        waited: Time since Amazon accepted it.
        last: Whether this is the last reading.
    """
    if listing is None:
        return Verdict("not_applied" if last else "accepted", "", (message("confirm.sku_unknown"),))
    summary = _summary_at(listing, expected.place)
    asin = str(summary.get("asin") or "")
    actions = enforcements(listing.issues)
    differing = expected.differences(listing)
    suppressed = sorted(SUPPRESSIONS.intersection(actions))
    if not differing and suppressed:
        return Verdict("suppressed", asin, (message("confirm.enforced", actions=suppressed),))
    dropped = differing | actions.get(ATTRIBUTE_SUPPRESSED, frozenset())
    if not dropped and asin and expected.is_visible(summary):
        return Verdict("live", asin)
    notes = tuple(_notes(asin, differing, dropped, summary))
    missing = not asin or (bool(differing) and expected.sent <= differing)
    if not last and (missing or waited < SURE):
        return Verdict("accepted", asin, notes)
    if suppressed:
        return Verdict("suppressed", asin, (message("confirm.enforced", actions=suppressed), *notes))
    return Verdict("not_applied" if missing else "live_with_differences", asin, notes)


def judge_reported(listing: Listing, expected: Expectation) -> Verdict:
    """Return `live` if the report of a feed shows it, else `accepted`: then the listing has to be read.

    Args:
        listing: As the report shows it, changed since the feed was made; it has no attributes. That Amazon
            took them is what the report says of the message.
        expected: What it shall be.
    """
    summary = _summary_at(listing, expected.place)
    asin = str(summary.get("asin") or "")
    actions = enforcements(listing.issues)
    hidden = SUPPRESSIONS.intersection(actions) or actions.get(ATTRIBUTE_SUPPRESSED) is not None
    refused = any(issue["severity"] == "ERROR" for issue in listing.issues)
    if hidden or refused or not asin or not expected.is_visible(summary):
        return Verdict("accepted", asin)
    return Verdict("live", asin)


def _summary_at(listing: Listing, place: Marketplace) -> dict[str, Any]:
    """Return a listing's summary in a marketplace; empty if there is none."""
    named = next((one for one in listing.summaries if one.get("marketplaceId") == place.id), None)
    return named or next((one for one in listing.summaries if "marketplaceId" not in one), {})


def judge_removal(listing: Listing | None, how: Removal, place: Marketplace, *, last: bool) -> Verdict:
    """Return what became of a removal: a deletion holds once Amazon does not know the SKU.

    Args:
        listing: What Amazon returns now; None if it does not know the SKU.
        how: What was asked for.
        place: The marketplace.
        last: Whether this is the last reading.
    """
    if listing is None:
        return Verdict("deleted" if how == "delete" else "off_sale", "")
    asin = next((str(one["asin"]) for one in listing.summaries if one.get("asin")), "")
    if how == "zero_quantity" and not merchant_quantity(here(listing.attributes, place)):
        return Verdict("off_sale", asin)
    return Verdict("not_applied" if last else "accepted", asin)


def here(attributes: Attributes, place: Marketplace) -> Attributes:
    """Return attributes without the elements of other marketplaces."""
    return {
        name: [one for one in elements if one.get("marketplace_id", place.id) == place.id]
        for name, elements in attributes.items()
    }


def enforcements(issues: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    """Return what Amazon enforces by the issues of a listing, with the attributes concerned."""
    found: dict[str, frozenset[str]] = {}
    for issue in issues:
        enforced = issue.get("enforcements") or {}
        if (enforced.get("exemption") or {}).get("status") in _EXEMPT:
            continue
        for action in enforced.get("actions") or ():
            names = frozenset(map(str, issue.get("attributeNames") or ()))
            kind = str(action.get("action", ""))
            found[kind] = found.get(kind, frozenset()) | names
    return found


def _notes(
    asin: str, differing: frozenset[str], dropped: frozenset[str], summary: Mapping[str, Any]
) -> Iterator[Message]:
    """Yield why a listing is not live, as far as its reading tells."""
    if not asin:
        yield message("confirm.no_asin")
    if differing:
        yield message("confirm.differs", attributes=sorted(differing))
    if dropped - differing:
        yield message("confirm.not_shown", attributes=sorted(dropped - differing))
    if asin and not dropped:
        status = list(summary.get("status", ()))
        yield message("confirm.status", status=status) if status else message("confirm.no_status")
