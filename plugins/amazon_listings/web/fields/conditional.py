"""For how many items a field is required that Amazon requires for some."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.web.drafts.drafted import applied, sample
from amazon_product_types.definition import ENGINE_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.web.drafts.drafted_fields import DraftedFields
    from amazon_product_types.fields import Field
    from amazon_product_types.validation.issue import Issue

#: Items that are looked at, and seconds that it may take.
LOOKED_AT, SECONDS = 1000, 2.0


@dataclass(frozen=True)
class RequiredFor:
    """Of `count` items, how many a field is required for; `empty` of these lack it."""

    count: int
    required: int
    empty: int


def required_for(found: DraftedFields, mapping: FieldMapping, field: Field) -> RequiredFor:
    """Return for how many stored items a field is required: without it, they would lack it.

    Args:
        found: The connector with its draft.
        mapping: Its mapping.
        field: The field.
    """
    names = tuple(field.path.split("."))
    count = required = empty = 0
    end = time.monotonic() + SECONDS
    for family in sample(found.ledger, found.key, LOOKED_AT):
        if time.monotonic() > end:
            break
        for _, made in applied(mapping, family):
            rest = without(made.attributes, names)
            is_required = any(_lacks(issue, names) for issue in found.definitions.issues(rest))
            count += 1
            required += is_required
            empty += is_required and rest == made.attributes
    return RequiredFor(count, required, empty)


def without(node: Any, names: Sequence[str]) -> Any:
    """Return a payload without the leaf at a path; members that held nothing else go with it."""
    if isinstance(node, list):
        kept = [without(one, names) for one in node]
        return [one for one in kept if one]
    if not isinstance(node, dict) or names[0] not in node:
        return node
    rest = {name: value for name, value in node.items() if name != names[0]}
    below = without(node[names[0]], names[1:]) if len(names) > 1 else None
    if below:
        return {**rest, names[0]: below}
    return rest if set(rest) - ENGINE_MEMBERS else {}


def _lacks(issue: Issue, names: Sequence[str]) -> bool:
    """Return whether an issue says that a field, or what it is a part of, is missing."""
    place = tuple(part for part in issue.path.split("/") if not part.isdigit())
    return issue.severity == "ERROR" and issue.family == "missing" and place == tuple(names[: len(place)])
