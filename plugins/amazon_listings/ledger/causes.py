"""Open issues by cause: what many items have in common, so that one change mends them all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import issues, runs
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

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
    same = (table.connector_key, table.cause)
    wanted = (
        table.connector_key.in_(keys),
        table.resolved_run.is_(None),
        table.severity.in_(severities),
    )
    place = func.row_number().over(partition_by=same, order_by=table.id).label("place")
    numbered = select(*same, table.item, table.id, place).where(*wanted).subquery()
    with reading(ledger) as connection:
        counted = connection.execute(
            select(*same, func.count(), func.min(table.opened_run), func.min(table.id))
            .where(*wanted)
            .group_by(*same)
        ).all()
        if not counted:
            return []
        examples: dict[tuple[str, str], list[str]] = {}
        for key, cause, item in connection.execute(
            select(numbered.c.connector_key, numbered.c.cause, numbered.c.item)
            .where(numbered.c.place <= _EXAMPLES)
            .order_by(numbered.c.id)
        ):
            examples.setdefault((key, cause), []).append(item)
        began = _moments(connection, {opened for *_, opened, _first in counted})
        documents = {
            (row.connector_key, row.cause): (row.identity, row.document)
            for some in chunks((first for *_, first in counted), CHUNK)
            for row in connection.execute(
                select(*same, table.identity, table.document).where(table.id.in_(some))
            )
        }
    found = []
    for key, cause, count, opened, _first in counted:
        identity, document = documents[key, cause]
        found.append(
            Cause(key, identity, Issue.from_dict(document), count, began.get(opened), examples[key, cause])
        )
    return sorted(found, key=lambda one: (-one.items, one.connector_key, one.identity))


def cause_of(identity: str, document: dict[str, Any]) -> str:
    """Return the digest of a cause: the same for issues that one change mends.

    Args:
        identity: The issue's identity within its item.
        document: The issue, as it is kept.
    """
    content = json.dumps([identity, *_particulars(document)], ensure_ascii=False)
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


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


def _moments(connection: Connection, numbers: set[int]) -> dict[int, datetime]:
    """Return when runs began, by their numbers."""
    found: dict[int, datetime] = {}
    for some in chunks(numbers, CHUNK):
        found |= dict(
            connection.execute(select(runs.c.id, runs.c.started_at).where(runs.c.id.in_(some))).all()
        )
    return found
