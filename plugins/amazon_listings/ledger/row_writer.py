"""Write many rows by one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Dialect, Insert


class RowWriter:
    """Executes an INSERT for many rows; it is compiled once.

    SQLAlchemy makes three collections of each row's values before the driver gets one, which takes twice as
    long as SQLite takes to write a state with all of its indexes.

    Args:
        dialect: Of the database that it is executed in.
        statement: The INSERT; values of its own are the same for all rows.
        columns: The columns of which each row has a value.
    """

    def __init__(self, dialect: Dialect, statement: Insert, columns: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns))
        self._text = str(compiled)
        self._positional = compiled.positional
        self._own = {name: value for name, value in compiled.params.items() if name not in columns}
        self._names = list(compiled.positiontup or compiled.params)
        types = [compiled.binds[name].type.dialect_impl(dialect) for name in self._names]
        shown = [kind.bind_processor(dialect) for kind in types]
        self._shown = list(zip(self._names, shown, strict=True))

    def execute(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute the statement for each row, given by the names of its columns."""
        values = [
            tuple([show(row[name]) if show else row[name] for name, show in self._shown])
            for row in ({**self._own, **one} for one in rows)
        ]
        if self._positional:
            connection.exec_driver_sql(self._text, values)
        else:
            named = [dict(zip(self._names, one, strict=True)) for one in values]
            connection.exec_driver_sql(self._text, named)
