"""The columns of the ledger: their types, to which the widths belong, and how indexes and keys are named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec
from sqlalchemy import ARRAY, Boolean, DateTime, Integer, String, Text, bindparam, func, text, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from amazon_listings.ledger.content import column_text
from amazon_listings.remarks import Remarks, remark_as_is
from amazon_listings.selling_partner.calls.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.sql.operators import OperatorType


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
        if len(text) <= self.length and text.isascii() and "\0" not in text:
            return text
        return column_text(text, self.length)

    def all_fitted(self, texts: Sequence[str]) -> list[str]:
        """Return texts as the column holds them: plain ones, as most are, at once."""
        together = "".join(texts)
        longest = max(map(len, texts), default=0)
        if longest <= self.length and together.isascii() and "\0" not in together:
            return list(texts)
        return [self.fitted(text) for text in texts]


class RemarksText(TypeDecorator[Remarks]):
    """Remarks as JSON in a text; a sentence of an earlier version is read as a remark that says it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Remarks | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the remarks as JSON, without what is secret."""
        if not value:
            return None
        return json.dumps(_clean(msgspec.to_builtins(value)), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Remarks:  # noqa: ARG002 - SQLAlchemy's
        """Return the remarks; none where there are none."""
        try:
            return msgspec.json.decode(value or "[]", type=Remarks)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return remark_as_is(value)


def _clean(data: object) -> object:
    """Return JSON data without secrets, and without what a database refuses."""
    if isinstance(data, str):
        return masked(data).encode("utf-8", "replace").decode().replace("\0", " ")
    if isinstance(data, dict):
        return {name: _clean(one) for name, one in data.items()}
    if isinstance(data, list | tuple):
        return [_clean(one) for one in data]
    return data


SKU, PIM_ID, IDENTITY, SEARCH = Name(64), Name(128), Name(200), Name(400)


class _Values(TypeDecorator[list[Any]]):
    """Values of a column as one parameter: an array of PostgreSQL's, a JSON list for SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: Name | Integer) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        """Return the values as the column holds them."""
        values = value or []
        if isinstance(self.of, Name):
            values = self.of.all_fitted(values)
        return values if dialect.name == "postgresql" else json.dumps(values)


class _Among(FunctionElement[bool]):
    """Whether a column has one of the values of a parameter."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002 - as its base names it
        """Return the condition as it is; SQLAlchemy would ask SQLite for `… = 1`, which uses no index."""
        return self


def among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column of names or numbers has one of these values.

    `IN (…)` takes a parameter for each, and SQLAlchemy longer to make it than the database to find its row.
    """
    kind = column.type if isinstance(column.type, Name) else Integer()
    return _Among(column, bindparam("among", list(values), type_=_Values(kind), unique=True))


def rows_of(connection: Connection, column: ColumnElement[Any], names: Iterable[str]) -> ColumnElement[str]:
    """Return names of a column as the column of a table with a row for each, to insert them from."""
    values = bindparam("rows", list(names), type_=_Values(cast("Name", column.type)), unique=True)
    if connection.dialect.name == "postgresql":
        rows = func.unnest(sql_cast(values, ARRAY(String))).table_valued("value").render_derived()
    else:
        rows = func.json_each(values).table_valued("value")
    return type_coerce(rows.c.value, column.type)


@compiles(_Among)
def _among_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a parameter's name


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    kind = "BIGINT" if isinstance(next(iter(element.clauses)).type, Integer) else "VARCHAR"
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY (CAST({values} AS {kind}[]))"


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
