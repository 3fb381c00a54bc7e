"""The columns of the ledger: their types, to which the widths belong, and how indexes and keys are named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, String, text
from sqlalchemy.types import TypeDecorator

from amazon_listings.ledger.content import column_text

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the time zone of what it is given."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's
        """To UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """From UTC, with its time zone."""
        if value is None:
            return None
        moment: datetime = value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


class Name(TypeDecorator[str]):
    """A text of at most so many characters: what does not fit is cut, with a hash at its end.

    PostgreSQL refuses NUL, lone surrogates and what is too long; SKUs and identities of a PIM may be any of
    these. Comparing with such a column cuts what it is compared with in the same way.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the text as the column holds it."""
        return None if value is None else self.fitted(value)

    def fitted(self, text: str) -> str:
        """Return the text as the column holds it, to find again what was read from it."""
        return column_text(text, self.length)


SKU, PIM_ID, IDENTITY, SEARCH = Name(64), Name(128), Name(200), Name(400)

#: How keys and indexes are named.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def only_where(condition: str) -> dict[str, Any]:
    """Return what makes an index one over some rows only.

    In PostgreSQL, too: the migrations, which create the indexes, say so. Here it would import the dialect
    for every command.
    """
    return {"sqlite_where": text(condition)}
