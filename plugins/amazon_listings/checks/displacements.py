"""Say what a plan replaces or drops of what others put into a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.runs.listings.value_text import value_fact
from amazon_listings.runs.plan import Fate
from amazon_listings.selling_partner.content.leaves import MARKETPLACE
from amazon_product_types.messages.printable import from_difference
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.plan import Displaced
    from amazon_product_types.validation.issue import Severity

_CODES: dict[Fate, tuple[str, Severity]] = {
    Fate.REPLACED: ("replaces_value", "INFO"),
    Fate.DROPPED: ("drops_elements", "WARNING"),
    Fate.REMOVED: ("removes_value", "WARNING"),
}


def displacement_issues(found: Iterable[Displaced], messages: Catalogue) -> Iterator[Issue]:
    """Yield a note for each thing that a write displaces.

    Args:
        found: What is displaced.
        messages: The sentences, in the language of the report.
    """
    for one in found:
        code, severity = _CODES[one.fate]
        before, after = from_difference(one.found, one.after)
        facts = {"found": value_fact(before, messages), "after": value_fact(after, messages)}
        yield Issue(
            code=code,
            severity=severity,
            source="listing",
            attribute=one.leaf.attribute,
            path=str(one.leaf).replace(f"[{MARKETPLACE}={one.leaf.marketplace_id}]", ""),
            found=one.found,
            **messages.issue_texts(code, **facts),
        )
