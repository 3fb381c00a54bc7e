"""The JSON Schema of a connector document: the one place of keys, allowed values and defaults."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A link to include/schemas/connector.schema.json, where editors find it.
SCHEMA_FILE = Path(__file__).with_name("connector.schema.json")


def schema_text() -> str:
    """The schema as JSON text."""
    return SCHEMA_FILE.read_text(encoding="utf-8")


@cache
def schema() -> dict[str, Any]:
    """The schema; shared, not to be changed."""
    loaded: dict[str, Any] = json.loads(schema_text())
    return loaded


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    """The compiled schema, formats asserted."""
    return jsonschema_rs.Draft202012Validator(schema(), validate_formats=True)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """`node`, or what its $ref names."""
    if "$ref" not in node:
        return node
    found: dict[str, Any] = schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return found


def subschema(path: Iterable[str | int]) -> dict[str, Any]:
    """The schema at a path of keywords, as a validator reports it; references are followed."""
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
    """The default of each key of a section (`sync`, `files` …; empty: of the document itself)."""
    node = resolved(schema()["properties"][section]) if section else schema()
    found = {key: resolved(value) for key, value in node["properties"].items()}
    return {key: value["default"] for key, value in found.items() if "default" in value}


def with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of a valid document in which every key with a default is present."""
    filled = copy.deepcopy(defaults()) | document
    for section in ("amazon", "sales_layer", "files", "sync"):
        if section in filled or section == "sync":
            filled[section] = copy.deepcopy(defaults(section)) | filled.get(section, {})
    return filled
