"""Write many rows by one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Dialect, Insert


class RowWriter:
    """Executes an INSERT for many rows; it is compiled once.

    SQLAlchemy makes three collections of each row's values before the driver gets one, which takes twice as
    long as SQLite takes to write a state with all of its indexes. To PostgreSQL it sends many rows at once,
    and the driver itself each by itself.

    Args:
        dialect: Of the database that it is executed in.
        statement: The INSERT; values of its own are the same for all rows.
        columns: The columns of which each row has a value.
    """

    def __init__(self, dialect: Dialect, statement: Insert, columns: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns))
        self._statement = statement
        self._text = str(compiled)
        self._positional = compiled.positional
        self._own = {name: value for name, value in compiled.params.items() if name not in columns}
        names = compiled.positiontup or ()
        types = [compiled.binds[name].type.dialect_impl(dialect) for name in names]
        shown = [_remembering(kind.bind_processor(dialect)) for kind in types]
        self._shown = list(zip(names, shown, strict=True))

    def execute(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Execute the statement for each row, of which there is one at least, by the names of its columns."""
        if not self._positional:
            connection.execute(self._statement, rows)
            return
        values = [
            tuple([show(row[name]) if show else row[name] for name, show in self._shown])
            for row in ({**self._own, **one} for one in rows)
        ]
        connection.exec_driver_sql(self._text, values)


def _remembering(show: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """Return what makes the driver's value of a column's; of a moment that rows share it is made once."""
    if show is None:
        return None
    last: tuple[object, Any] = (None, show(None))

    def shown(value: object) -> Any:
        nonlocal last
        known = last
        if value is not known[0]:
            known = last = (value, show(value))
        return known[1]

    return shown
