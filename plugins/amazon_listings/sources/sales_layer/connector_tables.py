"""Which table of an answer holds the products, and which their variants.

Their names differ between connectors (`products` and `product_formats`, `products` and
`variants`, tables of one's own), so they are told by how the tables name one another: variants
name a product, products name a category, categories name their parent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.sources.errors import UnexpectedAnswer
from amazon_listings.sources.sales_layer.positional import tables as tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from amazon_listings.sources.sales_layer.positional import Table

CATEGORY_PARENT = "ID_PARENT"
PRODUCT = "product"


class Roles(NamedTuple):
    """Names of the tables. `parent` is how the variants' join column names the products."""

    products: str
    variants: str | None
    parent: str


@dataclass
class Described:
    """What the pages of one answer have said so far about its tables.

    Usually the first page says it all; a page may also bring a table that no page before it had.
    `aliases` are other names of tables: `data` may hold a table under either.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    roles: Roles | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    titles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    _refusal: UnexpectedAnswer | None = None

    def see(self, page: Mapping[str, Any]) -> None:
        """Take in what a page describes; `roles` stays None while no table can be the products."""
        found = tables_of(page)
        schema = page.get("schema")
        if isinstance(schema, dict):
            self.aliases |= _texts(schema.get("sanitized_table_names"))
            self.titles |= _titles(schema.get("language_table_names"))
            spoken = schema.get("languages")
            if isinstance(spoken, list | tuple) and not self.languages:
                self.languages = tuple(map(str, spoken))
        if found.keys() <= self.tables.keys():
            return
        self.tables = {**found, **self.tables}
        self._refusal = None
        try:
            self.roles = roles(self.tables, self.aliases)
        except UnexpectedAnswer as error:
            self.roles, self._refusal = None, error

    def require(self) -> Roles:
        """Return the roles.

        Raises:
            UnexpectedAnswer: no table can be the products, or none was described.
        """
        if self.roles is None:
            raise self._refusal or UnexpectedAnswer("sales_layer.sales_layer_sent_rows")
        return self.roles

    def rows(self, page: Mapping[str, Any], name: str) -> list[Any]:
        """Return the rows of a table on a page, under whichever of its names they are.

        Raises:
            UnexpectedAnswer: `data` is no object of lists.
        """
        data = data_of(page)
        given = next((data[each] for each in self.names(name) if each in data), None) or []
        if not isinstance(given, list):
            raise UnexpectedAnswer("sales_layer.sales_layer_page_no")
        return given

    def names(self, name: str) -> Iterator[str]:
        """Yield the names of a table as `data_schema` has it."""
        yield name
        if name in self.aliases:
            yield self.aliases[name]
        yield from (alias for alias, sanitized in self.aliases.items() if sanitized == name)

    def named(self, place: str) -> list[str]:
        """Return the tables that a person may mean: by a name or by a title in any language."""
        wanted = place.casefold()
        return [
            name
            for name in self.tables
            if any(wanted == each.casefold() for each in (*self.names(name), *self.titles.get(name, ())))
        ]

    def unknown(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rows on a page of tables that nothing describes."""
        known = {each for name in self.tables for each in self.names(name)}
        return {name: rows for name, rows in data_of(page).items() if rows and name not in known}

    def is_category(self, name: str) -> bool:
        """Return True if a table holds categories, which make no items."""
        return self.tables[name].place(CATEGORY_PARENT) is not None


def data_of(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of a page by table; PHP writes an empty object as an empty list.

    Raises:
        UnexpectedAnswer: `data` is something else.
    """
    data = page.get("data") or {}
    if not isinstance(data, dict):
        raise UnexpectedAnswer("sales_layer.sales_layer_page_no")
    return data


def _texts(names: object) -> dict[str, str]:
    return {str(a): str(b) for a, b in names.items()} if isinstance(names, dict) else {}


def _titles(names: object) -> dict[str, tuple[str, ...]]:
    """Return the titles of tables: by table, and in each by language."""
    given = names if isinstance(names, dict) else {}
    return {str(table): tuple(_texts(spoken).values()) for table, spoken in given.items()}


def roles(tables: Mapping[str, Table], aliases: Mapping[str, str]) -> Roles:
    """Return the tables' roles.

    Args:
        tables: As the answer describes them.
        aliases: Other names of the tables, as `sanitized_table_names` gives them.

    Raises:
        UnexpectedAnswer: no table, or more than one, can be the products.
    """
    categories = {name for name, table in tables.items() if table.place(CATEGORY_PARENT) is not None}
    parents = {
        name: {owner: alias for alias in table.joins if (owner := _owner(alias, tables, aliases))}
        for name, table in tables.items()
    }
    plain = [name for name in tables if name not in categories]
    candidates = [
        name
        for name in plain
        if not set(parents[name]) - categories - {name} and not _names_products(tables[name], parents[name])
    ]
    chosen = _only(
        candidates,
        lambda name: bool(set(parents[name]) & categories),
        lambda name: any(name in parents[other] for other in plain if other != name),
        lambda name: _says(name, aliases, PRODUCT),
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


def _names_products(table: Table, owners: Mapping[str, str]) -> bool:
    """Return True if rows name a product of a table that was not described: they are its variants."""
    return any(PRODUCT in alias.lower() for alias in table.joins if alias not in owners.values())


def _says(name: str, aliases: Mapping[str, str], word: str, *, whole: bool = False) -> bool:
    texts = {name.lower(), aliases.get(name, name).lower()}
    return word in texts if whole else any(word in text for text in texts)


def _only(names: list[str], *tests: Callable[[str], bool]) -> str | None:
    """Return the one name left when each test in turn narrows the choice, if it leaves any."""
    for test in tests:
        if len(names) <= 1:
            break
        names = [name for name in names if test(name)] or names
    return names[0] if len(names) == 1 else None
