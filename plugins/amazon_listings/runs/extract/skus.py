"""What is wrong with a SKU by itself: it names a listing, so it is never repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.values.debris import is_day, sku_debris
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.messages import catalogue, message
from amazon_listings.runs.invisible import PICTURED_BLANKS, visible
from amazon_product_types.messages.facts import quoted
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_product_types.messages import IssueTexts
    from amazon_product_types.validation.issue import Severity


def sku_issues(connector: Connector, sku: str | None, language: str) -> list[Issue]:
    """Return the issues of a SKU: what a spreadsheet, a program or a wrong decoder made of it.

    What is only likely to be their work, such as a day, is a warning.

    Args:
        connector: The connector.
        sku: The item's SKU.
        language: Language of the issues.
    """
    if not sku:
        return []
    allowed = connector.rules_off.keys()
    if debris := sku_debris(sku, allowed):
        reason = InvalidValue(debris, found=_shown(sku))
        texts = catalogue(language).texts_of(message("bad_sku", reason=reason), action=reason.action_phrase())
        return [_issue(connector, sku, "bad_sku", "ERROR", texts)]
    if is_day(sku) and "date_skus" not in allowed:
        texts = catalogue(language).issue_texts("date_sku", found=quoted(_shown(sku)))
        return [_issue(connector, sku, "date_sku", "WARNING", texts)]
    return []


def _shown(sku: str) -> str:
    return visible(sku).translate(PICTURED_BLANKS)


def _issue(connector: Connector, sku: str, code: str, severity: Severity, texts: IssueTexts) -> Issue:
    fields = compile_expression(connector.source.sku).fields
    line = connector.where.lines.get(f"/{connector.source.source}/sku")
    return Issue(
        code=code,
        severity=severity,
        source="mapping",
        label="SKU",
        found=sku[:200],
        origin=Origin(line, "sku", ", ".join(fields)),
        family="invalid",
        **texts,
    )
