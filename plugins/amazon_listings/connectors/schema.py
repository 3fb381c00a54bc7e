"""The JSON Schema of a connector document: the one place of keys, allowed values and defaults.

It is assembled from the document's own part, the marketplaces and the settings of the registered sources.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from amazon_listings.marketplaces import ALIASES, MARKETPLACES
from amazon_listings.sources.registry import sources
from amazon_listings.sources.settings import shared_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.sources.port import Source

#: All but the sources. include/schemas/connector.schema.json, for editors, is made of both; a test compares.
_DOCUMENT = Path(__file__).with_name("connector.schema.json")
#: The section that those of the sources follow.
_BEFORE_SOURCES = "amazon"
#: Sections that a connector has although its document does not mention them.
_ALWAYS = ("sync", "approval", "guards")


def schema_text() -> str:
    """Return the schema as JSON text, with the sources of this installation."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


@cache
def schema() -> dict[str, Any]:
    """Return the schema with the sources of this installation; shared, not to be changed."""
    return assembled(list(sources().values()))


def assembled(known: list[Source]) -> dict[str, Any]:
    """Return the schema of connectors that may take their products from these sources."""
    loaded: dict[str, Any] = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    properties: dict[str, Any] = {}
    for key, node in loaded["properties"].items():
        properties[key] = node
        if key == _BEFORE_SOURCES:
            properties |= {source.name: _block(source) for source in known}
    one_of = [
        {"title": f"{source.name}: products from {source.summary}", "required": [source.name]}
        for source in known
    ]
    country = properties["amazon"]["properties"]["country"]
    country["enum"] = [*MARKETPLACES, *ALIASES]
    definitions = shared_settings() | loaded["$defs"]
    return loaded | {"oneOf": one_of, "properties": properties, "$defs": definitions}


def _block(source: Source) -> dict[str, Any]:
    """Return the section of a source: its own settings, then those of every source."""
    own = source.settings_schema
    shared = {name: {"$ref": f"#/$defs/{name}"} for name in shared_settings()}
    return {
        **own,
        "type": "object",
        "properties": {**own.get("properties", {}), **shared},
        "required": [*own.get("required", ()), "languages"],
        "additionalProperties": False,
    }


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    """Return the compiled schema, formats asserted."""
    return jsonschema_rs.Draft202012Validator(schema(), validate_formats=True)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """`node`, or what its $ref names."""
    if "$ref" not in node:
        return node
    found: dict[str, Any] = schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return found


def subschema(path: Iterable[str | int]) -> dict[str, Any]:
    """Return the schema at a path of keywords, as a validator reports it; references are followed."""
    node: Any = schema()
    for part in path:
        if part == "$ref":
            node = resolved(node)
        elif isinstance(node, list):
            node = node[int(part)]
        else:
            node = resolved(node)[str(part)]
    return resolved(node) if isinstance(node, dict) else {}


@cache
def defaults(section: str = "") -> dict[str, Any]:
    """Return the default of each key of a section (`sync`, a source …; empty: of the document itself)."""
    node = resolved(schema()["properties"][section]) if section else schema()
    found = {key: resolved(value) for key, value in node["properties"].items()}
    return {key: value["default"] for key, value in found.items() if "default" in value}


def with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a valid document in which every key with a default is present."""
    filled = copy.deepcopy(defaults()) | document
    for section in ("amazon", *sources(), *_ALWAYS):
        if section in filled or section in _ALWAYS:
            filled[section] = copy.deepcopy(defaults(section)) | filled.get(section, {})
    return filled
