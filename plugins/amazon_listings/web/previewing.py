"""What a mapping makes of stored products: one field of some, counts over more, and what a shopper sees."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.runs.siblings import variants_of
from amazon_listings.web.drafted import applied, sample
from amazon_listings.web.shopper import Shopper, shopper_of, shown, values_of

if TYPE_CHECKING:
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.web.drafted_fields import DraftedFields
    from amazon_product_types.fields import Field
    from amazon_product_types.validation.issue import Issue

#: Items that are shown, items that are counted at most, and seconds that counting may take.
SHOWN, COUNTED, SECONDS = 20, 200, 0.1


@dataclass(frozen=True)
class PreviewedItem:
    """An item: what the field reads, what becomes of it, what is wrong, and what a shopper sees."""

    item: Item
    sources: list[str]
    values: list[str]
    issues: list[Issue]
    shopper: Shopper


@dataclass(frozen=True)
class Previewed:
    """Some items, and counts over more of them."""

    rows: list[PreviewedItem]
    count: int
    wrong: int


def previewed(found: DraftedFields, mapping: FieldMapping, field: Field) -> Previewed:
    """Return what a mapping makes of a field, for products as they were read last."""
    rows: list[PreviewedItem] = []
    count = wrong = 0
    end = time.monotonic() + SECONDS
    for family in sample(found.ledger, found.key, COUNTED):
        if count >= SHOWN and time.monotonic() > end:
            break
        siblings = variants_of(family)
        for item, made in applied(mapping, family):
            issues = [
                issue
                for issue in (*made.issues, *found.definitions.issues(made.attributes))
                if issue.attribute == field.attribute
            ]
            count += 1
            wrong += any(issue.severity == "ERROR" for issue in issues)
            if len(rows) < SHOWN:
                traces = [
                    trace
                    for trace in mapping.explain(item, siblings=siblings)
                    if trace.path.split("/")[0] == field.attribute and trace.origin.field
                ]
                sources = [shown(trace.source) for trace in traces]
                values = values_of(made.attributes.get(field.attribute))
                rows.append(PreviewedItem(item, sources, values, issues, shopper_of(made.attributes)))
    return Previewed(rows, count, wrong)
