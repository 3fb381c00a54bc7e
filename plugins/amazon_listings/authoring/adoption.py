"""Make what a listing holds ours, give it up, or take it over from another connector.

Adopted are leaves that a listing holds in fields that the connector maps, in the places (language,
audience, channel) that its mapping fills: once they are ours, a sale that ended or a surplus picture goes
as soon as the mapping does not write it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.claims import claims_of_others, record_lines
from amazon_listings.ledger.items.known import known_items, owned_contents
from amazon_listings.ledger.items.leavers import listed_skus_of
from amazon_listings.ledger.items.payloads import record_adopted, record_released
from amazon_listings.marketplaces import marketplace_with
from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.selling_partner.content.leaves import Layout, amazon_defaults, join, split
from amazon_listings.selling_partner.content.overlay import sendable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.claims import Line
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.content.leaves import Leaf
    from amazon_listings.selling_partner.listing_answers import Listing

Attributes = dict[str, Any]


class Adoption(NamedTuple):
    """What is made ours of a listing.

    Args:
        sku: The SKU.
        leaves: The leaves with their values.
        content: All that is ours afterwards.
        created: Whether the listing is ours too; what another connector wrote to stays that one's.
    """

    sku: str
    leaves: dict[Leaf, Any]
    content: Attributes
    created: bool = True


def adoptions(
    connector: Connector,
    mapping: FieldMapping,
    layout: Layout,
    *,
    client: SellingPartner,
    ledger: Engine,
    listings: ListingScope,
    skus: Collection[str] = (),
) -> Iterator[Adoption]:
    """Read listings, and yield what of them can be made ours and is not yet; nothing is entered.

    Args:
        connector: The connector that adopts.
        mapping: Its compiled mapping.
        layout: The layout of the definition.
        client: The account's client.
        ledger: Knows the connector's listings, and what other connectors own.
        listings: Whose listings.
        skus: Only these; empty: all that the connector knows to be at Amazon.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked.
    """
    for batch in chunks(skus or listed_skus_of(ledger, listings), CHUNK):
        found = read_listings(client, listings.marketplace_id, batch, listed=())
        contents = owned_contents(ledger, listings, batch)
        claims = claims_of_others(ledger, listings, batch)
        known = known_items(ledger, listings, batch)
        for sku in batch:
            listing = found.listings.get(sku)
            if listing is None:
                continue
            defaults = amazon_defaults(connector.marketplace)
            taken = {
                leaf for claim in claims.get(sku, ()) for leaf in split(claim.attributes, layout, defaults)
            }
            ours = split(contents.get(sku, {}), layout, defaults)
            free = {
                leaf: value
                for leaf, value in _mapped(connector, mapping, layout, listing).items()
                if leaf not in taken and leaf not in ours
            }
            shared = any(one.marketplace_id == listings.marketplace_id for one in claims.get(sku, ()))
            own = sku in known and known[sku].created
            created = not shared or own
            if free or created is not own:
                yield Adoption(sku, free, join(ours | free), created)


def _mapped(connector: Connector, mapping: FieldMapping, layout: Layout, listing: Listing) -> dict[Leaf, Any]:
    """Return the leaves of a listing in fields and places that the mapping fills."""
    defaults = amazon_defaults(connector.marketplace)
    held = {
        name: sendable(elements, layout.properties.get(name, Layout()), defaults)
        for name, elements in listing.attributes.items()
        if name in mapping.attributes
    }
    places = {
        **{name: {value} for name, value in defaults.items()},
        "language_tag": {tag for _, tag in connector.language_tags},
        "fulfillment_channel_code": {"DEFAULT"},
    }
    return {
        leaf: value
        for leaf, value in split(held, layout, defaults).items()
        if leaf.marketplace_id in {None, connector.marketplace.id}
        and all(chosen in places.get(name, {chosen}) for name, chosen in leaf.selectors)
        and ".".join(_names(leaf)) in mapping.lines
    }


def _names(leaf: Leaf) -> list[str]:
    return [leaf.attribute, *(step for step in leaf.path if isinstance(step, str))]


def adopt(
    ledger: Engine, listings: ListingScope, some: Collection[Adoption], lines: Mapping[str, Line]
) -> None:
    """Enter that listings, and what was found in them, are the connector's.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        some: What is made ours.
        lines: The lines of the connector's mapping (`runs.listings.ownership.mapping_lines`), by which other
            connectors see whether they write the same; it may not have run yet.
    """
    record_lines(ledger, listings.connector_key, lines)
    for created in (True, False):
        contents = {one.sku: one.content for one in some if one.created is created}
        record_adopted(ledger, listings, contents, created=created)


def take_over(
    connector: Connector,
    mapping: FieldMapping,
    layout: Layout,
    *,
    ledger: Engine,
    listings: ListingScope,
    other_key: str,
) -> Iterator[Adoption]:
    """Yield what another connector owns of listings in fields that this one maps.

    Args:
        connector: The one that takes over.
        mapping: Its mapping.
        layout: The layout of the definition.
        ledger: The open ledger.
        listings: Whose listings.
        other_key: The key of the connector that owns them now.
    """
    defaults = amazon_defaults(connector.marketplace)
    theirs = listings_of(listings, other_key)
    for batch in chunks(listed_skus_of(ledger, theirs), CHUNK):
        contents, own = owned_contents(ledger, theirs, batch), owned_contents(ledger, listings, batch)
        for sku in batch:
            leaves = {
                leaf: value
                for leaf, value in split(contents.get(sku, {}), layout, defaults).items()
                if leaf.attribute in mapping.attributes
            }
            if leaves:
                ours = split(own.get(sku, {}), layout, defaults)
                yield Adoption(sku, leaves, join(ours | leaves))


def hand_over(
    ledger: Engine,
    listings: ListingScope,
    other_key: str,
    some: Collection[Adoption],
    *,
    layout: Layout,
    lines: Mapping[str, Line],
) -> None:
    """Enter that what another connector owned is this one's, and no longer the other's; see `adopt`."""
    theirs = listings_of(listings, other_key)
    contents = owned_contents(ledger, theirs, [one.sku for one in some])
    adopt(ledger, listings, some, lines)
    here = amazon_defaults(marketplace_with(listings.marketplace_id))
    left: dict[str, Attributes] = {}
    gone: list[str] = []
    for one in some:
        kept = {
            leaf: value
            for leaf, value in split(contents.get(one.sku, {}), layout, here).items()
            if leaf not in one.leaves
        }
        if kept:
            left[one.sku] = join(kept)
        else:
            gone.append(one.sku)
    record_adopted(ledger, theirs, left, created=False)
    record_released(ledger, theirs, gone)


def releasable(ledger: Engine, listings: ListingScope, skus: Collection[str] = ()) -> list[str]:
    """Return the SKUs of listings that are the connector's, whole or in part.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        skus: Only these; empty: all.
    """
    return [sku for sku in listed_skus_of(ledger, listings, owned=True) if not skus or sku in skus]


def release(ledger: Engine, listings: ListingScope, skus: Collection[str]) -> None:
    """Enter that nothing of these listings is the connector's any more."""
    record_released(ledger, listings, skus)


def listings_of(listings: ListingScope, connector_key: str) -> ListingScope:
    """Return the same listings as another connector knows them."""
    return type(listings)(connector_key, listings.seller_id, listings.marketplace_id, listings.product_type)
