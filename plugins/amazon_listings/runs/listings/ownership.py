"""What other connectors own of the listings that a connector writes to.

A leaf has one owner: the connector of which it was accepted first. Another one may write the same value;
a different one only where both lines are the same expression over the same source, because then the later
reading is simply newer.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from amazon_listings.ledger.items.claims import Line, claims_of_others, lines_of
from amazon_listings.ledger.items.known import known_items, owned_contents
from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.runs.listings.value_text import value_fact
from amazon_listings.selling_partner.content.leaves import amazon_defaults, join, same_leaf, split
from amazon_product_types.messages.facts import quoted
from amazon_product_types.messages.printable import from_difference
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.claims import Claim
    from amazon_listings.ledger.items.known import KnownItem
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.records import MappedItem
    from amazon_listings.selling_partner.content.leaves import Layout, Leaf
    from amazon_product_types.validation.issue import Origin

_PLACES = {one.id: one for one in MARKETPLACES.values()}


def mapping_lines(connector: Connector, mapping: FieldMapping) -> dict[str, Line]:
    """Return the lines of a connector's mapping, by the path of what they make."""
    source = json.dumps([connector.source.source, dict(connector.source.own)], sort_keys=True, default=str)
    return {
        path: Line(
            _place(connector, origin),
            json.dumps(_expression(connector, origin.key), sort_keys=True, ensure_ascii=False),
            source,
        )
        for path, origin in mapping.lines.items()
    }


def _place(connector: Connector, origin: Origin) -> str:
    """Return document and line of a mapping line; one that no file holds is of the Variable."""
    where = connector.where
    if origin.line is None:
        return f"Variable {where.variable}" if where.variable else str(where.path or "")
    document = PurePath(origin.file or str(where.path or ""))
    return f"{document.name}:{origin.line}"


def _expression(connector: Connector, key: str) -> object:
    """Return what the effective mapping line of a key says; only equal to itself if it is not found."""
    layers = [part.lines for part in reversed(connector.parts)]
    for lines in (*layers, connector.mapping):
        if lines.get(key) is not None:
            return lines[key]
    return [connector.id, key]


class OfOthers(NamedTuple):
    """What other connectors have of a listing.

    Args:
        leaves: The leaves that were accepted of them.
        listed: Whether one of them wrote to it in this marketplace: it is there, as far as they know.
    """

    leaves: frozenset[Leaf] = frozenset()
    listed: bool = False


def of_others(
    ledger: Engine, listings: ListingScope, skus: Sequence[str], layout: Layout
) -> dict[str, OfOthers]:
    """Return what other connectors have of listings, by SKU; SKUs of which they have nothing are left out."""
    found = claims_of_others(ledger, listings, skus)
    return {
        sku: OfOthers(
            frozenset(leaf for claim in claims for leaf in _leaves(claim, listings, layout)),
            any(claim.marketplace_id == listings.marketplace_id for claim in claims),
        )
        for sku, claims in found.items()
    }


class Wording(NamedTuple):
    """What the sentence about a conflict needs.

    Args:
        messages: The sentences, in the language of the report.
        connector: The id of the connector that is blocked.
        labels: The label of each attribute.
    """

    messages: Catalogue
    connector: str
    labels: Mapping[str, str]


def conflicts(
    ledger: Engine,
    listings: ListingScope,
    items: Sequence[MappedItem],
    *,
    layout: Layout,
    lines: Mapping[str, Line],
    wording: Wording,
) -> dict[str, list[Issue]]:
    """Return an error for each leaf that another connector owns with another value, by SKU.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        items: Mapped items of a part.
        layout: The layout of the product type's definition.
        lines: The lines of the connector's own mapping.
        wording: How it is said.
    """
    wanted = {item.sku: item.attributes for item in items if item.sku}
    claims = claims_of_others(ledger, listings, list(wanted))
    if not claims:
        return {}
    known = known_items(ledger, listings, list(claims))
    contents = owned_contents(ledger, listings, list(claims))
    others = lines_of(ledger, sorted({one.connector_key for some in claims.values() for one in some}))
    here = amazon_defaults(_PLACES[listings.marketplace_id])
    found: dict[str, list[Issue]] = {}
    for sku, some in claims.items():
        ours = split(wanted[sku], layout, here)
        since = known[sku].claimed_at if sku in known else None
        own = split(contents.get(sku, {}), layout, here)
        for claim in some:
            earlier = since is not None and claim.claimed_at is not None and since < claim.claimed_at
            for leaf, value in _leaves(claim, listings, layout).items():
                if leaf not in ours or same_leaf(leaf, ours[leaf], value, here):
                    continue
                if earlier and leaf in own:
                    continue  # the leaf is ours; the other connector follows
                line = _line_of(lines, leaf)
                other = _line_of(others.get(claim.connector_key, {}), leaf)
                if line is None or other is None or not _is_same_reading(line, other):
                    issue = _issue(wording, leaf, (ours[leaf], value), (line, other), claim)
                    found.setdefault(sku, []).append(issue)
    return found


def without_shared(
    ledger: Engine, listings: ListingScope, contents: Mapping[str, dict[str, Any]], layout: Layout
) -> dict[str, dict[str, Any]]:
    """Return what was accepted of listings, without values of which another connector was accepted another.

    Such as the one stock of a SKU in a region, when another country's connector has read it later: what the
    listing has of it says nothing about this connector's write.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        contents: What was accepted, by SKU.
        layout: The layout of the product type's definition.
    """
    here = amazon_defaults(_PLACES[listings.marketplace_id])
    found = dict(contents)
    for sku, claims in claims_of_others(ledger, listings, list(contents)).items():
        ours = split(contents[sku], layout, here)
        unlike = {leaf for claim in claims for leaf in _unlike(claim, ours, listings, layout)}
        if unlike:
            found[sku] = join({leaf: value for leaf, value in ours.items() if leaf not in unlike})
    return found


def known_as_held(
    ledger: Engine,
    listings: ListingScope,
    wanted: Mapping[str, str],
    *,
    layout: Layout,
    known: Mapping[str, KnownItem] | None = None,
) -> dict[str, KnownItem]:
    """Return what is known of listings, by SKU, where what was last accepted is still what they hold.

    Of a listing of which another connector was accepted another value later, nothing counts as accepted:
    `accepted_hash` is None. Such as the one stock of a region, which another country's connector wrote over.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        wanted: The hashes of what is wanted, by SKU; others need no such look.
        layout: The layout of the product type's definition.
        known: What the ledger knows of the items, where that was read just before.
    """
    if known is None:
        known = known_items(ledger, listings, list(wanted))
    known = {sku: one for sku, one in known.items() if sku in wanted}
    same = [sku for sku, one in known.items() if one.accepted_hash == wanted[sku]]
    claims = claims_of_others(ledger, listings, same)
    if not claims:
        return known
    here = amazon_defaults(_PLACES[listings.marketplace_id])
    contents = owned_contents(ledger, listings, list(claims))
    for sku, some in claims.items():
        since = known[sku].accepted_at
        later = [one for one in some if since and one.accepted_at and one.accepted_at > since]
        ours = split(contents.get(sku, {}), layout, here) if later else {}
        if any(_unlike(claim, ours, listings, layout) for claim in later):
            known[sku] = replace(known[sku], accepted_hash=None)
    return known


def _unlike(claim: Claim, ours: Mapping[Leaf, Any], listings: ListingScope, layout: Layout) -> list[Leaf]:
    """Return the leaves of this connector of which a claim has another value."""
    here = amazon_defaults(_PLACES[listings.marketplace_id])
    return [
        leaf
        for leaf, value in _leaves(claim, listings, layout).items()
        if leaf in ours and not same_leaf(leaf, ours[leaf], value, here)
    ]


def _leaves(claim: Claim, listings: ListingScope, layout: Layout) -> dict[Leaf, Any]:
    """Return the leaves of a claim that this connector can meet: its marketplace's, and the region's."""
    leaves = split(claim.attributes, layout, amazon_defaults(_PLACES[claim.marketplace_id]))
    if claim.marketplace_id == listings.marketplace_id:
        return leaves
    return {leaf: value for leaf, value in leaves.items() if leaf.marketplace_id is None}


def _line_of(lines: Mapping[str, Line], leaf: Leaf) -> Line | None:
    names = [leaf.attribute, *(step for step in leaf.path if isinstance(step, str))]
    while names:
        if found := lines.get(".".join(names)):
            return found
        names.pop()
    return None


def _is_same_reading(line: Line, other: Line) -> bool:
    return (line.expression, line.source) == (other.expression, other.source)


def _issue(
    wording: Wording,
    leaf: Leaf,
    values: tuple[Any, Any],
    lines: tuple[Line | None, Line | None],
    claim: Claim,
) -> Issue:
    line, other = lines
    messages, label = wording.messages, wording.labels.get(leaf.attribute, leaf.attribute)
    ours, theirs = from_difference(*values)
    facts = {
        "label": quoted(label),
        "connector": wording.connector,
        "ours": value_fact(ours, messages),
        "theirs": value_fact(theirs, messages),
        "other": claim.connector_id,
        "country": _PLACES[claim.marketplace_id].shop,
        "line": line.place if line else leaf.attribute,
        "other_line": other.place if other else leaf.attribute,
    }
    return Issue(
        code="leaf_of_another_connector",
        severity="ERROR",
        source="ownership",
        attribute=leaf.attribute,
        path=leaf.attribute,
        label=label,
        found=values[0],
        **messages.issue_texts("leaf_of_another_connector", **facts),
    )
