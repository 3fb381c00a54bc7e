"""What people ask the ledger: how a connector stands, and what happened to one SKU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, false, func, select

from amazon_listings.ledger.connectors.keys import current_id
from amazon_listings.ledger.content import attributes_of, unpacked
from amazon_listings.ledger.database import chunks, in_parts, reading
from amazon_listings.ledger.tables import connectors, issues, items, runs, submissions
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine

#: Submissions read at once.
_AT_ONCE = 100


class FrequentIssue(NamedTuple):
    """An open issue that many items of a connector have.

    Args:
        identity: The identity of the issue within each item (see `Issue.identity`), as it is kept.
        severity: How bad it is.
        items: How many items have it.
        example: That of one item.
        varies: Others have it for another value or another reason.
    """

    identity: str
    severity: str
    items: int
    example: Issue
    varies: bool


@dataclass(frozen=True)
class ConnectorStanding:
    """How a connector stands: listings by state (`tested` were never written), open issues by severity.

    Listings that are being taken off sale, until a reading shows that they are, count as `removing`.
    `worst` are the most frequent open issues.
    """

    listings: dict[str, int]
    open_issues: dict[str, int]
    worst: list[FrequentIssue]


@dataclass(frozen=True)
class ItemStanding:
    """One listing as the ledger knows it; `connector_id` is the id of today.

    `removing`: how it is being taken off sale, until a reading shows that it is; asked for by `removing_run`.
    """

    connector_id: str
    seller_id: str
    marketplace_id: str
    sku: str
    pim_id: str | None
    product_type: str
    asin: str | None
    state: str | None
    removing: str | None
    removing_run: int | None
    listed: bool | None
    tested_at: datetime | None
    tested_definition: str | None
    accepted_at: datetime | None
    accepted_hash: str | None
    accepted_definition: str | None
    look_at: datetime | None
    looks: int


@dataclass(frozen=True)
class PastWrite:
    """One write to a SKU; `wrote` are the attributes that it named, `asked_by` started the run."""

    number: int
    run: int
    connector_id: str
    run_id: str
    attempt: int
    seller_id: str
    marketplace_id: str
    sent_at: datetime
    method: str
    status: str
    submission_id: str | None
    request_id: str | None
    feed: int | None
    payload_hash: str
    can_be_undone: bool
    undoes: int | None
    asked_by: str | None
    wrote: list[str]


class WriteContent(NamedTuple):
    """What a write sent, and what the listing held `before` it; None if that is not known."""

    before: dict[str, Any] | None
    body: Any


def connector_standing(ledger: Engine, connector_key: str) -> ConnectorStanding:
    """Listings and open issues of a connector, counted."""
    mine = (issues.c.connector_key == connector_key) & issues.c.resolved_run.is_(None)
    count = func.count()
    state = case((items.c.removing.is_not(None), "removing"), else_=items.c.state)
    with reading(ledger) as connection:
        states = connection.execute(
            select(state, count).where(items.c.connector_key == connector_key).group_by(state)
        )
        severities = connection.execute(
            select(issues.c.severity, count).where(mine).group_by(issues.c.severity)
        )
        worst = connection.execute(
            select(
                issues.c.identity,
                issues.c.severity,
                count.label("items"),
                func.count(issues.c.cause.distinct()).label("causes"),
                func.min(issues.c.id).label("first"),
            )
            .where(mine)
            .group_by(issues.c.identity, issues.c.severity)
            .order_by(count.desc(), issues.c.identity)
            .limit(10)
        ).all()
        first = [row.first for row in worst]
        documents = dict(
            connection.execute(select(issues.c.id, issues.c.document).where(issues.c.id.in_(first))).all()
        )
        return ConnectorStanding(
            {name or "tested": number for name, number in states},
            dict(severities.all()),
            [
                FrequentIssue(row.identity, row.severity, row.items, example, row.causes > 1)
                for row in worst
                for example in (Issue.from_dict(documents[row.first]),)
            ],
        )


def item_standings(ledger: Engine, sku: str, connector_key: str | None = None) -> list[ItemStanding]:
    """Return how a SKU stands wherever it is sold."""
    columns = [
        current_id(items) if name == "connector_id" else items.c[name]
        for name in ItemStanding.__dataclass_fields__
    ]
    condition: ColumnElement[bool] = items.c.sku == sku
    if connector_key is not None:
        condition &= items.c.connector_key == connector_key
    with reading(ledger) as connection:
        rows = connection.execute(
            select(*columns)
            .outerjoin(connectors, connectors.c.key == items.c.connector_key)
            .where(condition)
            .order_by(items.c.seller_id, items.c.marketplace_id)
        ).all()
    return [ItemStanding(*row) for row in rows]


def writes_to(ledger: Engine, sku: str, connector_key: str | None = None) -> Iterator[PastWrite]:
    """Yield every write to a SKU, the oldest first."""
    table = submissions.c
    columns: tuple[Any, ...] = (
        table.id,
        table.run,
        current_id(runs),
        runs.c.run_id,
        runs.c.attempt,
        table.seller_id,
        table.marketplace_id,
        table.sent_at,
        table.method,
        table.status,
        table.submission_id,
        table.request_id,
        table.feed,
        table.payload_hash,
        func.coalesce(table.before.is_not(None) | table.existed.is_(False), false()),
        table.undoes,
        runs.c.asked_by,
        table.body,
    )
    condition = table.sku == sku
    if connector_key is not None:
        condition &= runs.c.connector_key == connector_key
    wanted = (
        select(*columns)
        .join(runs, runs.c.id == table.run)
        .outerjoin(connectors, connectors.c.key == runs.c.connector_key)
        .where(condition)
    )
    for row in in_parts(ledger, wanted, table.id, size=_AT_ONCE):
        yield PastWrite(*[*tuple(row)[:-1], sorted(attributes_of(unpacked(row.body)))])


def contents_of(ledger: Engine, numbers: Iterable[int]) -> dict[int, WriteContent]:
    """Return what some writes sent, and what their listings held before, by the number of the write."""
    table = submissions.c
    found: dict[int, WriteContent] = {}
    for some in chunks(numbers, _AT_ONCE):
        with reading(ledger) as connection:
            rows = connection.execute(
                select(table.id, table.body, table.before, table.existed).where(table.id.in_(some))
            ).all()
        for row in rows:
            before = {} if row.existed is False else unpacked(row.before)
            found[row.id] = WriteContent(before, unpacked(row.body))
    return found


def answers_of(ledger: Engine, run: int) -> dict[str, int]:
    """Return how many writes of a run got which answer."""
    table = submissions.c
    with reading(ledger) as connection:
        counted = connection.execute(
            select(table.status, func.count()).where(table.run == run).group_by(table.status)
        )
        return dict(counted.all())
