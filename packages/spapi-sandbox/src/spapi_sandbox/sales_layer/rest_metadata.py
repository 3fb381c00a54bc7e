"""`$metadata` of REST API 2.0: one JSON Schema per resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spapi_sandbox.sales_layer.rest_record import OWN_NAMES, PREFIX_OF, TABLE_OF
from spapi_sandbox.sales_layer.rest_target import NotFoundError

if TYPE_CHECKING:
    from spapi_sandbox.catalogue.catalogue import Catalogue
    from spapi_sandbox.catalogue.entry import Field, Table

TITLES: dict[Table, str] = {"products": "Product", "variants": "Variant", "categories": "Category"}
WITH: dict[Table, tuple[Table, ...]] = {
    "products": ("variants",),
    "variants": ("products",),
    "categories": (),
}
"""A resource's metadata comes with that of its related ones."""


def metadata(catalogue: Catalogue, path: str) -> list[dict[str, Any]]:
    """Return the schemas for a path ending in `$metadata`.

    Raises:
        NotFoundError: the path names no resource.
    """
    resource = path.removesuffix("$metadata").rstrip("/")
    if not resource:
        return [_schema(catalogue, table) for table in TABLE_OF.values()]
    if resource not in TABLE_OF:
        raise NotFoundError(f"Resource not found for the segment '{resource}'.")
    table = TABLE_OF[resource]
    return [_schema(catalogue, one) for one in (table, *WITH[table])]


def _schema(catalogue: Catalogue, table: Table) -> dict[str, Any]:
    prefix = PREFIX_OF[table]
    properties = {name: _own_property(name) for name in OWN_NAMES[table]}
    for field in catalogue.fields[table].values():
        properties[field.rest_name] = _property(catalogue, field)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/metadata/{catalogue.company['id']}/{TITLES[table]}/1.0.0.0",
        "type": "object",
        "title": TITLES[table],
        "description": f"{TITLES[table]} metadata definition",
        "default": {"culture": catalogue.languages[0]},
        "properties": properties,
        "required": [f"{prefix}_ref"],
        "x-cultures": list(catalogue.languages),
        "x-storage-object-name": table,
        "x-storage-object-identifier-attribute": f"{prefix}_id",
        "x-storage-object-status-attribute": f"{prefix}_stat",
    }


def _own_property(name: str) -> dict[str, Any]:
    if name.endswith("_id"):
        return {"title": name, "type": "integer"}
    if name.endswith("_stat"):
        return {
            "title": "Status",
            "type": ["string", "null"],
            "enum": ["V", "I", "D", "R"],
            "default": "R",
            "x-custom-type": "status",
        }
    if name.endswith(("_modify", "_creation")):
        return {"title": name, "type": ["string", "null"], "format": "date-time"}
    return {"title": name, "type": ["string", "null"]}


def _property(catalogue: Catalogue, field: Field) -> dict[str, Any]:
    title = field.titles[catalogue.languages[0]]
    if field.per_language:
        culture = {"type": "string", "enum": list(catalogue.languages), "default": catalogue.languages[0]}
        item = {
            "type": "object",
            "properties": {"culture": culture, "value": {"type": "string"}},
            "required": ["culture"],
        }
        return {"title": title, "type": "array", "items": item}
    kinds: dict[str, dict[str, Any]] = {
        "image": {"type": "array", "x-custom-type": "image_pack"},
        "file": {"type": "array", "x-custom-type": "file"},
        "list": {"type": "array", "items": {"type": "string"}},
        "table": {"type": "array", "items": {"type": "array"}, "x-custom-type": "table"},
        "boolean": {"type": ["boolean", "string", "null"], "x-custom-type": "boolean"},
        "numeric": {"type": ["number", "string", "null"], "x-custom-type": "numeric"},
        "datetime": {"type": ["string", "null"], "x-custom-type": "datetime"},
    }
    return {"title": title, **kinds.get(field.type, {"type": ["string", "null"]})}
