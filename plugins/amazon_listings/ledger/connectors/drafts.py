"""Drafts of a connector's mapping, and what was published: who, when, and the text before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.database import insert_into, reading
from amazon_listings.ledger.tables import drafts, publications

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine, Select


class DraftChanged(ActionRequiredError):
    """Another person changed a draft meanwhile; what was sent is not kept."""


@dataclass(frozen=True)
class Draft:
    """Changes of a mapping that are not published: key to value, None where the line goes."""

    revision: int
    mapping: dict[str, Any]
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class Publication:
    """A text of a connector's Variable that was published, and the one before it."""

    number: int
    published_by: str
    published_at: datetime
    text_before: str | None
    text_after: str


def find_draft(ledger: Engine, connector_id: str) -> Draft | None:
    """Return the draft of a connector, or None."""
    with reading(ledger) as connection:
        row = connection.execute(
            select(drafts.c.revision, drafts.c.mapping, drafts.c.changed_by, drafts.c.changed_at).where(
                drafts.c.connector_id == connector_id
            )
        ).first()
    return None if row is None else Draft(*row)


def keep_draft(
    ledger: Engine, connector_id: str, mapping: Mapping[str, Any], *, revision: int, by: str
) -> int:
    """Keep a draft, and return its new revision.

    Args:
        ledger: The open ledger.
        connector_id: Whose draft.
        mapping: All changes that it holds now.
        revision: The revision that was changed; 0 where there was no draft.
        by: Who changed it.

    Raises:
        DraftChanged: it is not of that revision any more.
    """
    values = {
        "revision": revision + 1,
        "mapping": dict(mapping),
        "changed_by": by,
        "changed_at": datetime.now(UTC),
    }
    with ledger.begin() as connection:
        if revision:
            done = connection.execute(
                update(drafts)
                .where(drafts.c.connector_id == connector_id, drafts.c.revision == revision)
                .values(**values)
            )
        else:
            done = connection.execute(
                insert_into(connection, drafts)
                .values(connector_id=connector_id, **values)
                .on_conflict_do_nothing()
            )
    if not done.rowcount:
        refuse_changed(ledger, connector_id)
    return revision + 1


def drop_draft(ledger: Engine, connector_id: str, *, revision: int) -> None:
    """Forget a draft.

    Raises:
        DraftChanged: it is not of that revision any more.
    """
    with ledger.begin() as connection:
        done = connection.execute(
            delete(drafts).where(drafts.c.connector_id == connector_id, drafts.c.revision == revision)
        )
    if not done.rowcount and find_draft(ledger, connector_id) is not None:
        refuse_changed(ledger, connector_id)


def refuse_changed(ledger: Engine, connector_id: str) -> None:
    """Say who changed a draft meanwhile.

    Raises:
        DraftChanged: always.
    """
    other = find_draft(ledger, connector_id)
    if other is None:
        raise DraftChanged("draft.gone", connector=connector_id)
    raise DraftChanged("draft.changed", connector=connector_id, by=other.changed_by)


def record_publication(ledger: Engine, connector_id: str, *, by: str, before: str | None, after: str) -> None:
    """Enter a text that was published."""
    with ledger.begin() as connection:
        connection.execute(
            insert(publications).values(
                connector_id=connector_id,
                published_by=by,
                published_at=datetime.now(UTC),
                text_before=before,
                text_after=after,
            )
        )


def publications_of(
    ledger: Engine, connector_id: str, most: int, *, before: int | None = None
) -> list[Publication]:
    """Return what was published of a connector, the newest first.

    Args:
        ledger: The open ledger.
        connector_id: Of this connector.
        most: So many at most.
        before: Only those of a lower number: the next page.
    """
    wanted = _published(connector_id).order_by(publications.c.id.desc()).limit(most)
    if before is not None:
        wanted = wanted.where(publications.c.id < before)
    with reading(ledger) as connection:
        return [Publication(*row) for row in connection.execute(wanted)]


def count_publications(ledger: Engine, connector_id: str) -> int:
    """Return how often a connector was published."""
    counted = select(func.count()).where(publications.c.connector_id == connector_id)
    with reading(ledger) as connection:
        return int(connection.scalar(counted) or 0)


def find_publication(ledger: Engine, connector_id: str, number: int) -> Publication | None:
    """Return what was published of a connector under a number, or None."""
    with reading(ledger) as connection:
        row = connection.execute(_published(connector_id).where(publications.c.id == number)).first()
    return None if row is None else Publication(*row)


def first_publication(ledger: Engine, connector_id: str) -> Publication | None:
    """Return what was published of a connector before anything else, or None."""
    with reading(ledger) as connection:
        row = connection.execute(_published(connector_id).order_by(publications.c.id).limit(1)).first()
    return None if row is None else Publication(*row)


def _published(connector_id: str) -> Select[Any]:
    return select(
        publications.c.id,
        publications.c.published_by,
        publications.c.published_at,
        publications.c.text_before,
        publications.c.text_after,
    ).where(publications.c.connector_id == connector_id)
