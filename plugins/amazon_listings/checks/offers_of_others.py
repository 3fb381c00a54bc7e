"""Warn of an offer that makes no sense together with what others keep of it: a floor, a sale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amazon_listings.runs.payload import attributes_of
from amazon_listings.selling_partner.content.leaves import join, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from amazon_listings.messages import Catalogue
    from amazon_listings.planning.wanted import PlannedWrite
    from amazon_listings.selling_partner.content.leaves import Layout
    from amazon_product_types.rules import RuleCheck
    from amazon_product_types.validation.issue import Issue

_OFFER = "purchasable_offer"


def issues_beside_others(
    write: PlannedWrite,
    rules: RuleCheck,
    *,
    layout: Layout,
    defaults: Mapping[str, Any],
    messages: Catalogue,
) -> Iterator[Issue]:
    """Yield the rules that a listing's offers break once a write is carried out, and not by ours alone.

    They are warnings: what others keep of an offer is theirs to mend.

    Args:
        write: What would be sent.
        rules: The rules that hold for the connector.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
        messages: The sentences, in the language of the report.
    """
    changes = [one for one in write.plan.changes if one.leaf.attribute == _OFFER]
    if not changes or write.before is None:
        return
    leaves = split({_OFFER: write.before.get(_OFFER) or []}, layout, defaults)
    leaves |= {one.leaf: one.after for one in changes}
    offers, _ = rules.prepared(join({leaf: value for leaf, value in leaves.items() if value is not None}))
    wanted = attributes_of(write.after).get(_OFFER) or []
    ours = {(one.code, one.found) for one in rules.issues({_OFFER: wanted})}
    for issue in rules.issues(offers, messages.language):
        if issue.attribute == _OFFER and (issue.code, issue.found) not in ours:
            action = messages.message("offer_of_others", "action")
            yield replace(issue, severity="WARNING", source="listing", path=_OFFER, action=action)
