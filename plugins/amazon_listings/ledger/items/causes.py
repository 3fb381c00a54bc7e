"""Open issues by cause: what many items have in common, so that one change mends them all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, or_, select

from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import issues, runs
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine

#: Examples kept of a cause.
_EXAMPLES = 5


@dataclass
class Cause:
    """A rule that items break in the same way: one attribute, one PIM field, one value.

    Args:
        connector_key: Whose items.
        digest: What the issues of the cause are marked with, the same in every connector (see `cause_of`).
        identity: The identity of the issues within their items (see `Issue.identity`), as it is kept.
        issue: One of the issues.
        items: How many items have it.
        since: When the first of them was found.
        examples: Some of the items.
    """

    connector_key: str
    digest: str
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
    return _causes(ledger, _wanted(keys, severities, issues.c.resolved_run.is_(None)), issues.c.opened_run)


def gone_causes(
    ledger: Engine, keys: Sequence[str], severities: Sequence[str], *, after: datetime
) -> list[Cause]:
    """Return the causes of the issues that were gone since a moment, and that are not open again.

    Args:
        ledger: The open ledger.
        keys: Of these connectors.
        severities: Of these severities.
        after: Only what runs found gone that began after this. `Cause.since` is when the first was gone.
    """
    open_again = issues.alias()
    same = and_(
        open_again.c.item == issues.c.item,
        open_again.c.connector_key == issues.c.connector_key,
        open_again.c.identity == issues.c.identity,
        open_again.c.resolved_run.is_(None),
    )
    with reading(ledger) as connection:
        is_gone = issues.c.resolved_run > _last_run(connection, keys, after)
    return _causes(
        ledger, [*_wanted(keys, severities, is_gone), ~exists().where(same)], issues.c.resolved_run
    )


def _wanted(
    keys: Sequence[str], severities: Sequence[str], condition: ColumnElement[bool]
) -> list[ColumnElement[bool]]:
    return [issues.c.connector_key.in_(keys), condition, issues.c.severity.in_(severities)]


def _causes(ledger: Engine, wanted: Sequence[ColumnElement[bool]], since: ColumnElement[int]) -> list[Cause]:
    """Return the causes of some issues; `since` is the column of the run that `Cause.since` tells."""
    table = issues.c
    same = (table.connector_key, table.cause)
    place = func.row_number().over(partition_by=same, order_by=table.id).label("place")
    numbered = select(*same, table.item, table.id, place).where(*wanted).subquery()
    with reading(ledger) as connection:
        counted = connection.execute(
            select(*same, func.count(), func.min(since), func.min(table.id))
            .where(*wanted)
            .group_by(*same)
            .order_by(func.min(table.id))
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
        began = _moments(connection, {run for *_, run, _first in counted})
        documents = {
            (row.connector_key, row.cause): (row.identity, row.document)
            for some in chunks((first for *_, first in counted), CHUNK)
            for row in connection.execute(
                select(*same, table.identity, table.document).where(table.id.in_(some))
            )
        }
    found = []
    for key, cause, count, run, _first in counted:
        identity, document = documents[key, cause]
        found.append(
            Cause(
                key, cause, identity, Issue.from_dict(document), count, began.get(run), examples[key, cause]
            )
        )
    return sorted(found, key=lambda one: (-one.items, one.connector_key, one.identity))


def items_of_causes(ledger: Engine, causes: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many items of connectors have an open issue of one of some causes.

    Args:
        ledger: The open ledger.
        causes: The digests of causes, by the key of a connector.
    """
    if not causes:
        return {}
    table = issues.c
    ours = or_(*(and_(table.connector_key == key, table.cause.in_(some)) for key, some in causes.items()))
    return _items(ledger, [ours, table.resolved_run.is_(None)])


def issues_of_causes(ledger: Engine, keys: Sequence[str], causes: Sequence[str]) -> list[Issue]:
    """Return an open issue of each of some causes, of one of these connectors."""
    table = issues.c
    wanted = (table.connector_key.in_(keys), table.cause.in_(causes), table.resolved_run.is_(None))
    examples = select(func.min(table.id)).where(*wanted).group_by(table.cause)
    with reading(ledger) as connection:
        found = connection.scalars(select(table.document).where(table.id.in_(examples)).order_by(table.id))
        return [Issue.from_dict(document) for document in found]


def cause_of(identity: str, document: dict[str, Any]) -> str:
    """Return the digest of a cause: the same for issues that one change mends.

    Args:
        identity: The issue's identity within its item.
        document: The issue, as it is kept.
    """
    content = json.dumps([identity, *_particulars(document)], ensure_ascii=False)
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def items_with_errors(ledger: Engine, keys: Sequence[str]) -> dict[str, int]:
    """Return how many items of connectors have an open error; those without any are left out."""
    return _items(ledger, _wanted(keys, ["ERROR"], issues.c.resolved_run.is_(None)))


def errors_after(ledger: Engine, numbers: Sequence[int]) -> dict[int, int]:
    """Return how many items of a connector had an open error after each of its runs, by the run's number."""
    table = issues.c
    was_open = and_(
        table.connector_key == runs.c.connector_key,
        table.severity == "ERROR",
        table.opened_run <= runs.c.id,
        or_(table.resolved_run.is_(None), table.resolved_run > runs.c.id),
    )
    counted = (
        select(runs.c.id, func.count(table.item.distinct()))
        .join(issues, was_open)
        .where(runs.c.id.in_(numbers))
        .group_by(runs.c.id)
    )
    with reading(ledger) as connection:
        return dict.fromkeys(numbers, 0) | dict(connection.execute(counted).all())


def changes_since(ledger: Engine, errors: Mapping[str, int], moment: datetime) -> dict[str, int]:
    """Return by how many items the errors of connectors have grown since a moment.

    Args:
        ledger: The open ledger.
        errors: How many items of these connectors have an open error now.
        moment: The moment; connectors that had not run by then are left out.
    """
    with reading(ledger) as connection:
        ran = connection.scalars(
            select(runs.c.connector_key)
            .where(runs.c.connector_key.in_(errors), runs.c.started_at <= moment)
            .distinct()
        ).all()
        last = _last_run(connection, ran, moment)
    table = issues.c
    was_open = and_(table.opened_run <= last, or_(table.resolved_run.is_(None), table.resolved_run > last))
    before = _items(ledger, _wanted(ran, ["ERROR"], was_open))
    return {key: errors[key] - before.get(key, 0) for key in ran}


def _items(ledger: Engine, wanted: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    table = issues.c
    inner = select(table.connector_key, table.item).where(*wanted).distinct().subquery()
    with reading(ledger) as connection:
        rows = connection.execute(select(inner.c.connector_key, func.count()).group_by(inner.c.connector_key))
        return dict(rows.all())


def _last_run(connection: Connection, keys: Sequence[str], moment: datetime) -> int:
    """Return the number of the last run of some connectors that began by a moment; 0 if none did."""
    wanted = select(func.max(runs.c.id)).where(runs.c.connector_key.in_(keys), runs.c.started_at <= moment)
    return int(connection.scalar(wanted) or 0)


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
