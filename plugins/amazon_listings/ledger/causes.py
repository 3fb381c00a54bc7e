"""Open issues by cause: what many items have in common, so that one change mends them all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from amazon_listings.ledger.database import reading
from amazon_listings.ledger.tables import issues, runs
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Engine

#: Examples kept of a cause.
_EXAMPLES = 5


@dataclass
class Cause:
    """A rule that items break in the same way: one attribute, one PIM field, one value.

    Args:
        connector_key: Whose items.
        identity: The identity of the issues within their items (see `Issue.identity`), as it is kept.
        issue: One of the issues.
        items: How many items have it.
        since: When the first of them was found.
        examples: Some of the items.
    """

    connector_key: str
    identity: str
    issue: Issue
    items: int = 0
    since: datetime | None = None
    examples: list[str] = field(default_factory=list)


def open_causes(ledger: Engine, keys: Sequence[str], severities: Sequence[str]) -> list[Cause]:
    """Return the causes of the open issues of some connectors, those of most items first.

    Args:
        ledger: The open ledger.
        keys: Of these connectors.
        severities: Of these severities.
    """
    if not keys:
        return []
    table = issues.c
    found: dict[tuple[str, str, str, str], Cause] = {}
    with reading(ledger) as connection:
        began = dict(
            connection.execute(
                select(runs.c.id, runs.c.started_at).where(
                    runs.c.id.in_(
                        select(table.opened_run)
                        .where(table.connector_key.in_(keys), table.resolved_run.is_(None))
                        .distinct()
                    )
                )
            ).all()
        )
        rows = connection.execution_options(yield_per=1000).execute(
            select(table.connector_key, table.item, table.identity, table.document, table.opened_run)
            .where(
                table.connector_key.in_(keys),
                table.resolved_run.is_(None),
                table.severity.in_(severities),
            )
            .order_by(table.id)
        )
        for key, item, identity, document, opened in rows:
            same = (key, identity, *_particulars(document))
            cause = found.get(same)
            if cause is None:
                cause = found[same] = Cause(key, identity, Issue.from_dict(document))
            cause.items += 1
            if len(cause.examples) < _EXAMPLES:
                cause.examples.append(item)
            moment = began.get(opened)
            if moment is not None and (cause.since is None or moment < cause.since):
                cause.since = moment
    return sorted(found.values(), key=lambda one: (-one.items, one.connector_key, one.identity))


def open_items(ledger: Engine, keys: Sequence[str]) -> int:
    """Return how many items of some connectors have an open error."""
    if not keys:
        return 0
    table = issues.c
    with reading(ledger) as connection:
        inner = (
            select(table.connector_key, table.item)
            .where(table.connector_key.in_(keys), table.resolved_run.is_(None), table.severity == "ERROR")
            .distinct()
            .subquery()
        )
        return int(connection.scalar(select(func.count()).select_from(inner)) or 0)


def _particulars(document: dict[str, Any]) -> tuple[str, str]:
    """Return the PIM field and the value that issues of one cause share."""
    origin = document.get("origin") or {}
    found = document.get("found")
    value = "" if found is None else json.dumps(found, sort_keys=True, ensure_ascii=False)
    # What is measured (too long, too many) is another value in every item, and one cause.
    return str(origin.get("field") or ""), "" if document.get("measured") else value
