"""Seeded payloads for a product type definition: valid ones, and mutants of them.

Made from the definition alone. The generator knows JSON Schema's words only as far as it needs
to write values; whether a payload really is valid is for the validators under test to say.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = {
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxUniqueItems",
    "maxUtf8ByteLength",
    "maximum",
    "minLength",
    "minUtf8ByteLength",
    "minimum",
    "multipleOf",
}
WORDS = [
    "gold",
    "chain",
    "für",
    "Élan",
    "cadena",
    "плюш",
    "宝石",
    "bracelet",
    "soft",
    "18k",
    "home",
    "café",
    "naïve",
    "5mm",
    "😀",
    "steel",
]
DATES = ("2026-12-01", "2024-02-29", "2026-12-01T08:30:00Z", "2026-12-01T08:30:00.250+02:00")
ANYTHING = (None, True, 0, 1, -1, 1.0, 10**20, 1.5, "", "x", [], {}, [[]], [{}], ["x"], {"value": "x"})
LONG = ("ß" * 700, "x" * 3000, "😀" * 130, "宝" * 90, "x" * 60)
TEXTS = (
    "2026-13-01",
    "2026-12-01T25:00:00Z",
    "2026-12-01T00:00:00",
    "2026-02-30",
    "2026-12-01t10:00:00z",
    "20261201",
    "2016-12-31T23:59:60Z",
    "2016-12-31T22:59:60Z",
    "2026-12-01T10:00:00.5-03:30",
    "2026-12-01 10:00:00Z",
    "ftp://example.com/a",
    "https://a b",
    "https://example.com/ü.jpg",
    "s3://bucket/key%20x",
    "https://[::1]/a?b=c#d",
    "https://example.com/a%zz",
    "http:///x",
    "0123",
    "1e5",
    "Infinity",
    "true",
    "parent",
    "child",
    "ALL",
    "B2B",
    "JPY",
    "AMAZON_NA",
    "DEFAULT",
    "not_applicable",
    "lithium_ion",
    "No Gemstone",
    "fine",
)


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node with a `#/…` reference merged into it."""
    reference = node.get("$ref")
    if reference is None:
        return node
    target: Any = document
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


class Payloads:
    """A stream of payloads for one definition; the same seed gives the same stream."""

    def __init__(self, document: dict[str, Any], seed: int) -> None:
        self.document = document
        self.random = random.Random(seed)
        self.engine = jsonschema_rs.Draft201909Validator(
            {key: value for key, value in document.items() if key != "$schema"},
            validate_formats=True,
            offline=True,
        )

    def text(self, node: dict[str, Any]) -> str:
        rng = self.random
        text = " ".join(rng.choices(WORDS, k=rng.randint(1, 6)))
        low, high = node.get("minLength", 0), node.get("maxLength", 200)
        high = min(high, node.get("maxUtf8ByteLength", 10**6) // 4 or 1)
        low = max(low, node.get("minUtf8ByteLength", 0))
        return (text + "x" * low)[: max(high, low)]

    def number(self, node: dict[str, Any]) -> float | int:
        rng = self.random
        low = node.get("minimum", node.get("exclusiveMinimum", 0))
        if "exclusiveMinimum" in node:
            low += 1
        high = node.get("maximum", max(low, 0) + 500)
        step = node.get("multipleOf")
        if node["type"] == "integer" or step in (1, 1.0):
            return rng.randint(int(low), int(min(high, low + 10**6)))
        if step == 1e-05:
            return rng.randint(1, 10**6) / 10**5
        return round(rng.uniform(low, high), 2)

    def value(self, node: dict[str, Any], depth: int = 0) -> Any:  # noqa: PLR0911 - one return for each kind of value
        rng = self.random
        node = resolve(self.document, node)
        if "oneOf" in node:
            return rng.choice(DATES)
        if "anyOf" in node:
            options = next((part["enum"] for part in node["anyOf"] if part.get("enum")), None)
            if options and (len(options) == 1 or rng.random() < 0.9):
                return rng.choice(options)
        if "enum" in node:
            return rng.choice(node["enum"]) if node["enum"] else None
        kind = node.get("type")
        if kind == "object":
            properties = node.get("properties", {})
            required = set(node.get("required", ()))
            return {
                name: self.value(part, depth + 1)
                for name, part in properties.items()
                if name in required
                or name in ("value", "marketplace_id", "language_tag")
                or rng.random() < (0.75 if depth < 2 else 0.5)
            }
        if kind == "array":
            most = min(node.get("maxUniqueItems", 3), node.get("maxItems", 3), 3)
            count = max(node.get("minItems", 1), 1 if rng.random() < 0.7 else rng.randint(1, max(most, 1)))
            return [self.value(node["items"], depth + 1) for _ in range(count)]
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("number", "integer"):
            return self.number(node)
        if node.get("format") == "uri" or "pattern" in node:
            return f"https://images.example.com/{rng.randint(1, 999)}.jpg"
        return self.text(node)

    def valid(self, size: int = 45) -> dict[str, Any]:
        """A payload of about `size` attributes that plain JSON Schema accepts."""
        for _ in range(200):
            payload = self._repaired(self._draft(size))
            if payload is not None:
                return payload
        raise RuntimeError("no valid payload found: the definition has a rule the generator does not know")

    def _draft(self, size: int) -> dict[str, Any]:
        properties = self.document["properties"]
        names = list(self.document.get("required", ()))
        rest = [name for name in properties if name not in names]
        names += self.random.sample(rest, k=max(0, min(size - len(names), len(rest))))
        return {name: self.value(properties[name]) for name in names}

    def _repaired(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        properties = self.document["properties"]
        for turn in range(40):
            errors = list(self.engine.iter_errors(payload))
            if not errors:
                return payload
            for error in errors:
                path = error.instance_path
                kind = error.kind
                if kind.name == "required":
                    self._supply(payload, path, kind.property)
                elif kind.name == "not" and turn > 3 and path:
                    self._thin(payload, path, error)
                elif path and path[0] in payload:
                    if turn < 12:
                        payload[path[0]] = self.value(properties[path[0]])
                    else:
                        payload.pop(path[0])
                elif payload and not path:
                    payload.pop(self.random.choice(list(payload)), None)
        return None

    def _supply(self, payload: dict[str, Any], path: list[str | int], name: str) -> None:
        target: Any = payload
        node: dict[str, Any] = self.document
        for step in path:
            try:
                target = target[step]
            except (KeyError, IndexError, TypeError):
                return
            node = resolve(self.document, node)
            node = node["items"] if isinstance(step, int) else node["properties"][step]
        node = resolve(self.document, node).get("properties", {}).get(name)
        if node is not None and isinstance(target, dict):
            target[name] = self.value(node)

    def _thin(self, payload: dict[str, Any], path: list[str | int], error: Any) -> None:
        forbidden = json.loads(json.dumps(error.kind.schema)).get("required", [])
        target: Any = payload
        for step in path:
            try:
                target = target[step]
            except (KeyError, IndexError, TypeError):
                return
        for name in forbidden:
            if isinstance(target, dict):
                target.pop(name, None)

    def mutant(self, payload: dict[str, Any], changes: int = 1) -> dict[str, Any]:
        """A copy of `payload` with so many changes, each at a random place."""
        mutant = copy.deepcopy(payload)
        for _ in range(changes):
            self._change(mutant)
        return mutant

    def _change(self, payload: dict[str, Any]) -> None:
        rng = self.random
        properties = self.document["properties"]
        places = list(self._places(payload, self.document))
        turn = rng.random()
        if not places or turn < 0.1:
            name = rng.choice(list(properties))
            payload[name] = self.value(properties[name])
        elif turn < 0.2:
            payload.pop(rng.choice(list(payload)))
        elif turn < 0.25:
            payload[rng.choice(["colour", "brand ", "", "value"])] = rng.choice([None, [], [{"value": "x"}]])
        else:
            parent, key, node = rng.choice(places)
            limited = [place for place in places if place[2].keys() & LIMITS]
            if limited and rng.random() < 0.35:
                parent, key, node = rng.choice(limited)
                parent[key] = self._at_limit(parent[key], node)
            elif rng.random() < 0.2:
                del parent[key]
            elif rng.random() < 0.15:
                parent[key] = rng.choice(ANYTHING)
            else:
                parent[key] = self._changed(parent[key])

    def _changed(self, value: Any) -> Any:
        """Another value of the same type, wrong in a way that people get it wrong."""
        rng = self.random
        if isinstance(value, bool):
            return not value
        if isinstance(value, str):
            return rng.choice(
                [value + rng.choice(LONG), value.upper(), value[:1], "", f" {value}", *rng.sample(TEXTS, 4)]
            )
        if isinstance(value, int | float):
            return rng.choice(
                [-value - 1, value + 0.001, value * 1e6, value + 1e-6, value / 3, -0.0, str(value)]
            )
        if isinstance(value, dict):
            return {**value, rng.choice(["colour", "unit", "value", "x-new"]): rng.choice(ANYTHING)}
        if isinstance(value, list) and value:
            other = copy.deepcopy(value[0])
            if isinstance(other, dict) and rng.random() < 0.5:
                other[rng.choice(["marketplace_id", "language_tag", "currency", "audience", "value"])] = (
                    "A1OTHER"
                )
            return rng.choice([[], value + [other] * rng.choice([1, 2, 6]), value[0], [other, None, 3]])
        return rng.choice(ANYTHING)

    def _at_limit(self, value: Any, node: dict[str, Any]) -> Any:
        """A value on one of the limits the definition sets for a place, or just past it."""
        keyword = self.random.choice([name for name in node if name in LIMITS])
        limit, past = node[keyword], self.random.choice([-1, 0, 1])
        if keyword in ("maxLength", "maxUtf8ByteLength", "minLength", "minUtf8ByteLength"):
            letter = self.random.choice("xé宝😀")
            size = len(letter.encode()) if "Utf8" in keyword else 1
            return letter * (limit // size) + "x" * (limit % size + past) if limit < 10**5 else value
        if keyword == "multipleOf":
            return self.random.choice([limit * 3, limit / 2, 19.99, 4.35, 0.07, 1e-13, 123456.789, 5])
        if keyword in ("maxUniqueItems", "maxItems"):
            return (
                (value * (limit + past))[: limit + past] if isinstance(value, list) and limit < 200 else value
            )
        return limit + past * self.random.choice([1, 0.001])

    def _places(self, value: Any, node: Any) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
        """Every place below a value, as its holder, its key there and its schema."""
        node = resolve(self.document, node) if isinstance(node, dict) else {}
        if isinstance(value, dict):
            for key, child in value.items():
                below = node.get("properties", {}).get(key, {})
                yield value, key, resolve(self.document, below)
                yield from self._places(child, below)
        elif isinstance(value, list):
            for index, child in enumerate(value):
                yield value, index, node.get("items", {})
                yield from self._places(child, node.get("items", {}))
