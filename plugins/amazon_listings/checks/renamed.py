"""Say what becomes of the listing of an item whose SKU changed, where no removal of the run says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amazon_listings.runs.extract.removed_items import renamed_items
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import TestedItem
    from amazon_listings.runs.scope import Scope


def rename_issues(
    connector: Connector, scope: Scope, ledger: Engine, folder: RunFolder, messages: Catalogue
) -> dict[str, Issue]:
    """Return the issues of items that had another SKU, by PIM identity.

    Args:
        connector: The connector that runs.
        scope: What the run covers.
        ledger: Knows the SKUs of before.
        folder: The run's folder, with the stage `mapped`.
        messages: The sentences, in the language of the report.
    """
    if connector.contributes:
        return {}
    stays = connector.sync.when_removed == "keep"
    if not stays and scope.operation == "live":
        return {}
    code = "renamed_listing_stays" if stays else "renamed_listing_goes"
    return {
        pim_id: Issue(
            code=code,
            severity="WARNING",
            source="listing",
            found=old,
            **messages.issue_texts(code, before=old, sku=new),
        )
        for old, (pim_id, new) in renamed_items(connector, ledger, folder).items()
    }


def with_renames(items: Iterable[TestedItem], issues: dict[str, Issue]) -> list[TestedItem]:
    """Return items, each with the issue about the SKU that it had."""
    return [
        msgspec.structs.replace(item, issues=(*item.issues, issues[item.pim_id]))
        if item.pim_id in issues
        else item
        for item in items
    ]
