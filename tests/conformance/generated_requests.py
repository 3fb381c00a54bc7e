"""Requests that Amazon's models describe, or nearly describe, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from random import Random

    from amazon_models import Operation

#: What a text is now and then, instead of what its name suggests.
ODD = (
    "", " ", "null", "0", "-1", "A" * 300, "é/%2F", "../..", "\u202e", "'; --", "<b>", "😀", "a,b,,c", "true",
    "1e999", "\x00", "%", "{}", "[]",
)  # fmt: skip
#: Values that the sandbox knows, by the name of a parameter or property.
KNOWN: dict[str, tuple[Any, ...]] = {
    "marketplaceIds": ("A13V1IB3VIYZZH", "A1PA6795UKMFR9", "ATVPDKIKX0DER"),
    "sellerId": ("A1SANDBOXSELLER",),
    "sku": ("S1", "S2", "LAMP/1 é+%"),
    "productType": ("LAMP", "BACKPACK", "HOME"),
    "feedType": ("JSON_LISTINGS_FEED",),
    "feedTypes": ("JSON_LISTINGS_FEED",),
    "contentType": ("application/json; charset=UTF-8",),
    "path": ("/attributes/item_name", "/attributes/brand"),
    "identifiers": ("S1", "S2"),
    "issueLocale": ("fr_FR", "de_DE", "en_US"),
    "locale": ("fr_FR", "DEFAULT"),
    "pageSize": ("1", "20"),
    "notificationType": ("LISTINGS_ITEM_STATUS_CHANGE", "FEED_PROCESSING_FINISHED"),
}
#: How often a value is left as the model wants it.
_RIGHT = 0.85


@dataclass(frozen=True)
class Request:
    """One request; `body` is JSON, or bytes that are none."""

    operation: str
    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any = None


def generated(random: Random, operation: Operation, path: str) -> Request:
    """Return a request of an operation.

    Args:
        random: Makes it.
        operation: Of which.
        path: Its path, with names in braces.
    """
    query: list[tuple[str, str]] = []
    body: Any = None
    for name, parameter in operation.parameters.items():
        where = parameter["in"]
        if where == "path":
            value = _text(random, name, parameter)
            path = path.replace("{" + name + "}", quote(value, safe="") or "%20")
        elif where == "query" and (parameter.get("required") or random.random() < 0.4):
            if random.random() < 0.03:
                continue
            query.append((name, _parameter(random, name, parameter)))
        elif where == "body":
            body = _of(random, parameter["schema"], operation.model["definitions"], "", 0)
            if random.random() < 0.05:
                body = random.choice((b"", b"{", b"[1", b"\xff", b"null", b'"x"', b"[" * 500))
    if random.random() < 0.03:
        query.append(random.choice((("unknown", "1"), ("MarketplaceIds", "x"), *query[:1])))
    return Request(operation.name, operation.method, path, query, body)


def _parameter(random: Random, name: str, parameter: dict[str, Any]) -> str:
    if parameter["type"] == "array":
        wanted = random.randint(1, 2 if name != "identifiers" else 3)
        return ",".join(_text(random, name, parameter["items"]) for _ in range(wanted))
    return _text(random, name, parameter)


def _text(random: Random, name: str, schema: dict[str, Any]) -> str:  # noqa: PLR0911 - one line a kind
    if random.random() > _RIGHT:
        return random.choice(ODD)
    if "enum" in schema:
        return str(random.choice(schema["enum"]))
    if name in KNOWN:
        return str(random.choice(KNOWN[name]))
    if schema.get("type") == "integer":
        return str(random.randint(0, 50))
    if schema.get("type") == "boolean":
        return random.choice(("true", "false"))
    if schema.get("format") == "date-time":
        return random.choice(("2026-11-28T00:00:00Z", "2026-11-01T10:00:00.000+02:00"))
    return random.choice(("x", "1", "abc-123"))


def _of(  # noqa: PLR0911 - one line a kind
    random: Random, schema: dict[str, Any], known: dict[str, Any], name: str, depth: int
) -> Any:
    """Return a value of a schema, or one that is nearly so."""
    if random.random() > _RIGHT + 0.1:
        return random.choice((*ODD, None, 5, True, [], {}, [[]], {"a": 1}))
    if "$ref" in schema:
        return _of(random, known[schema["$ref"].rsplit("/", 1)[1]], known, name, depth + 1)
    kind = schema.get("type")
    if kind == "object" and (depth < 12):
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        made = {
            key: _of(random, inner, known, key, depth + 1)
            for key, inner in properties.items()
            if (key in required and random.random() > 0.03) or random.random() < 0.6
        }
        if not properties:
            made["item_name"] = [{"value": random.choice(("Lamp", *ODD)), "language_tag": "fr_FR"}]
        return made
    if kind == "array":
        return [
            _of(random, schema.get("items", {}), known, name, depth + 1) for _ in range(random.randint(0, 2))
        ]
    if kind == "integer":
        return random.randint(-1, 50)
    if kind == "boolean":
        return random.random() < 0.5
    return _text(random, name, schema)
