"""Table-type fields and related tables.

A table is a list of rows: with columns by name, or plain lists of which the first is the header.
"""

from __future__ import annotations

import html
import json
from typing import Any

from amazon_listings.mapping.expressions.rows import RecordView
from amazon_listings.mapping.formulas.limits import check_list, check_text, shown
from amazon_listings.mapping.formulas.text import join, split
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.mapping.values.related_table import RelatedTable, by_column
from amazon_listings.mapping.values.value import is_empty


def cell(value: object, row: int | str, column: int | str, language: str | None = None) -> object:
    """`GET_CELL_VALUE`: one cell. Numbers count from 0; text is searched in the first column and the header.

    In a table of plain rows the header is row 0, as in Sales Layer; in a table of rows with named
    columns it has no number.

    Raises:
        ValueError: the field is no table.
    """
    rows = [list(one.values()) if isinstance(one, dict) else one for one in _checked(value)]
    header = list(value[0]) if rows and isinstance(value, list) else []
    if isinstance(row, str):
        row = next((place for place, cells in enumerate(rows) if cells and shown(cells[0]) == row), -1)
    if isinstance(column, str):
        column = next((place for place, name in enumerate(header) if shown(name) == column), -1)
    if not 0 <= row < len(rows) or not 0 <= column < len(rows[row]):
        return None
    content = rows[row][column]
    return content.get(language) if language and isinstance(content, dict) else content


def column(value: object, name: str) -> list[Any]:
    """Return one column of a table, without its empty cells."""
    return [row[name] for row in _rows(value) if not is_empty(row.get(name))]


def from_table(
    value: object,
    table: object,
    match: str,
    output: str,
    default: object = None,
    *,
    case_sensitive: bool = False,
    separator: str | None = None,
    out_separator: str | None = None,
) -> object:
    """`REPLACE_FROM_TABLE`: looks the value up in column `match` of a table and gives column `output`.

    With `separator` the value holds several, each is looked up, and the results are a list, or text
    joined by `out_separator`.
    """
    wanted = split(value, separator) if separator else value if isinstance(value, list) else [value]
    fold = str if case_sensitive else str.casefold
    if isinstance(table, RelatedTable):
        known = table.known(match, output, case_sensitive=case_sensitive)
    else:
        known = by_column(_rows(table), match, output, case_sensitive=case_sensitive)
    found = [known.get(fold(shown(one).strip()), default) for one in wanted]
    if not separator and not isinstance(value, list):
        return found[0]
    found = [one for one in found if not is_empty(one)]
    return join(found, out_separator) if out_separator is not None else found


def variants_values(value: Any, field: str, separator: str | None = None) -> object:
    """`GET_VARIANTS_VALUES`: the different values that the product's variants have in a field."""
    values = [
        view.values.get(field) if isinstance(view, RecordView) else view.get(field) for view in value or ()
    ]
    found = list({shown(one): one for one in values if not is_empty(one)}.values())
    return found if separator is None else join(found, separator)


def table_group(value: object, kind: str = "list", **columns: str) -> object:
    """`TABLEGROUP`: a table with these columns (`Name="field"`) as `table` (HTML), `json` or `list`."""
    rows = [
        {title: row.get(name) for title, name in columns.items()} if columns else dict(row)
        for row in _rows(value)
    ]
    if kind == "json":
        return _bounded(json.dumps(rows, ensure_ascii=False, default=str))
    if kind == "table":
        head = "".join(f"<th>{html.escape(title)}</th>" for title in (rows[0] if rows else columns))
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(shown(content))}</td>" for content in row.values()) + "</tr>"
            for row in rows
        )
        return _bounded(f"<table><tr>{head}</tr>{body}</table>")
    return [
        ", ".join(f"{title}: {shown(content)}" for title, content in row.items() if not is_empty(content))
        for row in rows
    ]


def _checked(value: object) -> list[Any]:
    if is_empty(value):
        return []
    if isinstance(value, list) and all(isinstance(row, dict | list) for row in value):
        check_list(len(value))
        return value
    raise InvalidValue("expression.no_table")


def _rows(value: object) -> list[dict[str, Any]]:
    """Return the rows by column name; plain rows get theirs from the first, which is the header."""
    if isinstance(value, dict):
        return [{"key": key, "value": content} for key, content in value.items()]
    rows = _checked(value)
    if rows and isinstance(rows[0], list):
        names = [shown(name) for name in rows[0]]
        rows = [dict(zip(names, row, strict=False)) for row in rows[1:]]
    return rows


def _bounded(text: str) -> str:
    check_text(len(text))
    return text


FILTERS = {
    "cell": cell,
    "column": column,
    "from_table": from_table,
    "table_group": table_group,
    "variants_values": variants_values,
}
