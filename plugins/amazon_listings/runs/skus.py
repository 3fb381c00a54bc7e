"""What is wrong with a SKU by itself: it names a listing, so it is never repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.values.debris import sku_debris
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.messages import catalogue, message
from amazon_listings.runs.invisible import PICTURED_BLANKS, visible
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector


def sku_issues(connector: Connector, sku: str | None, language: str) -> list[Issue]:
    """Return the issues of a SKU: what a spreadsheet, a program or a wrong decoder made of it.

    Args:
        connector: The connector.
        sku: The item's SKU.
        language: Language of the issues.
    """
    code = sku_debris(sku, frozenset(connector.rules_off)) if sku else None
    if sku is None or code is None:
        return []
    messages = catalogue(language)
    fields = compile_expression(connector.source.sku).fields
    line = connector.where.lines.get(f"/{connector.source.source}/sku")
    reason = InvalidValue(code, found=visible(sku).translate(PICTURED_BLANKS))
    texts = messages.texts_of(message("bad_sku", reason=reason), action=reason.action_phrase())
    return [
        Issue(
            code="bad_sku",
            severity="ERROR",
            source="mapping",
            label="SKU",
            found=sku[:200],
            origin=Origin(line, "sku", ", ".join(fields)),
            family="invalid",
            **texts,
        )
    ]
