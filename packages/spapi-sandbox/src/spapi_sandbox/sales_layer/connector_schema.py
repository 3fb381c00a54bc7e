"""The columns of the connector API: `data_schema` and `data_schema_info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spapi_sandbox.catalogue.entry import TABLES, Field, Table
from spapi_sandbox.sales_layer.media import SIZES

if TYPE_CHECKING:
    from spapi_sandbox.sales_layer.account import Account

Column = tuple[Field, str | None]
"""A field, and the language of the column when the field has one per language."""


def columns(account: Account, table: Table) -> list[Column]:
    """Return the field columns of a table, in the order of its rows."""
    pairs: list[Column] = []
    for field in account.catalogue.fields[table].values():
        pairs += (
            [(field, language) for language in account.connector.languages]
            if field.per_language
            else [(field, None)]
        )
    return pairs


def column_name(column: Column) -> str:
    """`product_name_es`, or the bare name of a field without languages."""
    field, language = column
    return field.name if language is None else f"{field.name}_{language}"


def key_columns(account: Account, table: Table) -> list[str]:
    """Return the leading columns of a row: state, id, link to the table above, reference."""
    names = account.connector.names
    links = {
        "categories": "ID_PARENT",
        "products": f"ID_{names['categories']}",
        "variants": f"ID_{names['products']}",
    }
    return ["STATUS", "ID", links[table], "REF"]


def data_schema(account: Account) -> dict[str, list[Any]]:
    """Ordered columns by table; images and files list the parts of their entries."""
    schema: dict[str, list[Any]] = {}
    for table in TABLES:
        fields: list[Any] = []
        for column in columns(account, table):
            if column[0].type == "image":  # sizes come as strings and as objects, clients must take both
                original, *cuts = SIZES
                fields.append(
                    {column_name(column): ["STATUS", "ID", original, *({"field": cut} for cut in cuts)]}
                )
            elif column[0].type == "file":
                fields.append({column_name(column): ["STATUS", "ID", "FILE"]})
            else:
                fields.append(column_name(column))
        schema[account.connector.names[table]] = [*key_columns(account, table), *fields]
    return schema


def data_schema_info(account: Account) -> dict[str, dict[str, Any]]:
    """Type, titles and languages of every column by table."""
    info: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        own = info[account.connector.names[table]] = {"ID": {"type": "numeric"}}
        if table == "products":
            own[key_columns(account, table)[2]] = {"type": "list"}
        for column in columns(account, table):
            own[column_name(column)] = _column_info(column)
    return info


def _column_info(column: Column) -> dict[str, Any]:
    field, language = column
    info: dict[str, Any] = {"type": field.type, "sanitized": field.name}
    if language is not None:
        return info | {"language_code": language, "basename": field.name, "title": field.titles[language]}
    info["titles"] = field.titles
    if field.type == "image":
        info["sizes"] = {size: {"width": edge, "height": edge} for size, edge in SIZES.items()}
    if field.type == "list":
        info["tag_translations"] = {}
    return info
