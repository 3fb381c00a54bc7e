"""An entry as REST API 2.0 writes it.

The shape of an image field is not documented; this one gives id, name, original and sizes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from spapi_sandbox.sales_layer.media import sizes_of

if TYPE_CHECKING:
    from spapi_sandbox.catalogue.catalogue import Catalogue
    from spapi_sandbox.catalogue.entry import Entry, Field, Table
    from spapi_sandbox.sales_layer.rest_query import Query

TABLE_OF: dict[str, Table] = {"Products": "products", "Variants": "variants", "Categories": "categories"}
PREFIX_OF: dict[Table, str] = {"products": "prod", "variants": "frmt", "categories": "cat"}
OWN_NAMES: dict[Table, tuple[str, ...]] = {
    "products": ("prod_id", "prod_ref", "prod_stat", "prod_modify", "prod_creation", "cat_ref"),
    "variants": ("frmt_id", "frmt_ref", "frmt_stat", "frmt_modify", "frmt_creation", "prod_id", "prod_ref"),
    "categories": ("cat_id", "cat_ref", "cat_stat", "cat_modify", "cat_creation", "cat_parent_id"),
}


class Shape:
    """Writes entries in one language, with absolute addresses below `base_url`.

    Dates are `ahead` of UTC by so many seconds, and do not say so.
    """

    def __init__(self, catalogue: Catalogue, base_url: str, language: str, ahead: int = 0) -> None:
        self.language = language
        self._ahead = ahead
        self._catalogue = catalogue
        self._base_url = base_url

    def names(self, table: Table) -> set[str]:
        """Return the properties of a resource."""
        return {*OWN_NAMES[table], *(field.rest_name for field in self._catalogue.fields[table].values())}

    def plain(self, entry: Entry) -> dict[str, Any]:
        """Return the entry with texts in the language, as filters and sorting see it."""
        record = self._own(entry)
        for field in self._catalogue.fields[entry.table].values():
            value = entry.values.get(field.name)
            record[field.rest_name] = (
                value.get(self.language) if field.per_language and isinstance(value, dict) else value
            )
        return record

    def selected(self, entry: Entry, query: Query) -> dict[str, Any]:
        """Return the entry as the API answers it: chosen properties, and what `$expand` asks for."""
        record = self._own(entry)
        for field in self._catalogue.fields[entry.table].values():
            if not query.select or field.rest_name in query.select:
                record[field.rest_name] = self._value(field, entry.values.get(field.name))
        if query.select:
            record = {name: record[name] for name in query.select}
        if "Variants" in query.expand:
            members = self._catalogue.variants_of(entry.id)
            record["Variants"] = [self.selected(member, query.nested) for member in members]
            record["Variants@count"] = len(members)
        if "Products" in query.expand:
            parent = self._catalogue.get("products", entry.parent or 0)
            record["Products"] = [self.selected(parent, query.nested)] if parent else []
        return record

    def _own(self, entry: Entry) -> dict[str, Any]:
        prefix = PREFIX_OF[entry.table]
        record: dict[str, Any] = {
            f"{prefix}_id": entry.id,
            f"{prefix}_ref": entry.ref,
            f"{prefix}_stat": entry.status,
            f"{prefix}_modify": stamp(entry.modified + self._ahead),
            f"{prefix}_creation": stamp(entry.created + self._ahead),
        }
        if entry.table == "products":
            main = self._catalogue.get("categories", entry.categories[0]) if entry.categories else None
            record["cat_ref"] = main.ref if main else None
        elif entry.table == "variants":
            parent = self._catalogue.get("products", entry.parent or 0)
            record |= {"prod_id": entry.parent, "prod_ref": parent.ref if parent else None}
        else:
            record["cat_parent_id"] = entry.parent
        return record

    def _value(self, field: Field, value: Any) -> Any:
        if field.per_language:
            return {self.language: value[self.language]} if value and self.language in value else {}
        if field.type in {"image", "file"}:
            return [
                {"id": one["id"], "name": one["name"], "url": sizes["ORG"]["url"], "sizes": sizes}
                for one in value or []
                for sizes in [sizes_of(one, self._base_url)]
            ]
        if field.type == "list":
            return value or []
        return value


def stamp(seconds: int) -> str:
    """`2023-11-23T13:35:59`, without a zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
