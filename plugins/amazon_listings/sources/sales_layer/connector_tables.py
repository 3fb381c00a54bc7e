"""Which table of an answer holds the products, and which their variants.

Their names differ between connectors (`products` and `product_formats`, `products` and
`variants`, tables of one's own), so they are told by how the tables name one another: variants
name a product, products name a category, categories name their parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.sources.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amazon_listings.sources.sales_layer.positional import Table

CATEGORY_PARENT = "ID_PARENT"


class Roles(NamedTuple):
    """Names of the tables. `parent` is how the variants' join column names the products."""

    products: str
    variants: str | None
    parent: str


def roles(tables: Mapping[str, Table], schema: object) -> Roles:
    """The tables' roles.

    Args:
        tables: As the answer describes them.
        schema: The answer's `schema`; its `sanitized_table_names` are other names of the tables.

    Raises:
        UnexpectedAnswer: no table, or more than one, can be the products.
    """
    names = schema.get("sanitized_table_names") if isinstance(schema, dict) else None
    aliases = {str(a): str(b) for a, b in names.items()} if isinstance(names, dict) else {}
    categories = {name for name, table in tables.items() if table.place(CATEGORY_PARENT) is not None}
    parents = {
        name: {owner: alias for alias in table.joins if (owner := _owner(alias, tables, aliases))}
        for name, table in tables.items()
    }
    plain = [name for name in tables if name not in categories]
    candidates = [name for name in plain if not set(parents[name]) - categories - {name}]
    chosen = _only(
        candidates,
        lambda name: bool(set(parents[name]) & categories),
        lambda name: any(name in parents[other] for other in plain if other != name),
        lambda name: _says(name, aliases, "product"),
        lambda name: _says(name, aliases, "products", whole=True),
    )
    if chosen is None:
        raise UnexpectedAnswer("sales_layer.no_products_table", tables=list(tables))
    variants = _only(
        [name for name in plain if chosen in parents[name] and name != chosen],
        lambda name: any(_says(name, aliases, word) for word in ("variant", "format")),
    )
    return Roles(chosen, variants, parents[variants][chosen] if variants else chosen)


def _owner(alias: str, tables: Mapping[str, Table], aliases: Mapping[str, str]) -> str | None:
    if alias in tables:
        return alias
    return next((name for name in tables if aliases.get(name) == alias or aliases.get(alias) == name), None)


def _says(name: str, aliases: Mapping[str, str], word: str, *, whole: bool = False) -> bool:
    texts = {name.lower(), aliases.get(name, name).lower()}
    return word in texts if whole else any(word in text for text in texts)


def _only(names: list[str], *tests: Callable[[str], bool]) -> str | None:
    """The one name left when each test in turn narrows the choice, if it leaves any."""
    for test in tests:
        if len(names) <= 1:
            break
        names = [name for name in names if test(name)] or names
    return names[0] if len(names) == 1 else None
