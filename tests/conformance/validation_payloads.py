"""Seeded payloads for a product type definition: valid ones, and mutants of them.

Made from the definition alone. The generator knows JSON Schema's words only as far as it needs
to write values; whether a payload really is valid is for the validators under test to say.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import jsonschema_rs

WORDS = "gold chain für Élan cadena плюш 宝石 bracelet soft 18k home café naïve 5mm 😀 steel".split()
DATES = ("2026-12-01", "2024-02-29", "2026-12-01T08:30:00Z", "2026-12-01T08:30:00.250+02:00")
Path = tuple[str | int, ...]


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

    def value(self, node: dict[str, Any], depth: int = 0) -> Any:
        rng = self.random
        node = resolve(self.document, node)
        if "oneOf" in node:
            return rng.choice(DATES)
        if "anyOf" in node:
            options = next((part["enum"] for part in node["anyOf"] if part.get("enum")), None)
            if options and rng.random() < 0.9:
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
        places = list(_places(payload, ()))
        if not places:
            payload["colour"] = [{"value": "x"}]
            return
        parent, key = rng.choice(places)
        value = parent[key]
        act = rng.randrange(13)
        if act == 0:
            del parent[key]
        elif act == 1:
            parent[key] = rng.choice(
                [
                    None,
                    True,
                    0,
                    1,
                    -1,
                    10**20,
                    1.5,
                    "",
                    "x",
                    [],
                    {},
                    [[]],
                    [{}],
                    ["x"],
                    {"value": "x"},
                    1e400 and 0.1,
                ]
            )
        elif act == 2 and isinstance(value, str):
            parent[key] = value + rng.choice(["ß" * 700, "x" * 3000, "😀" * 130, "宝" * 90])
        elif act == 3 and isinstance(value, str):
            parent[key] = ""
        elif act == 4 and isinstance(value, list) and value:
            value.extend(copy.deepcopy(value[:1]) * rng.choice([1, 2, 6]))
        elif act == 5 and isinstance(value, list) and value and isinstance(value[0], dict):
            twin = copy.deepcopy(value[0])
            twin[rng.choice(["marketplace_id", "language_tag", "currency", "audience", "value"])] = "A1OTHER"
            value.append(twin)
        elif act == 6 and isinstance(value, int | float) and not isinstance(value, bool):
            parent[key] = rng.choice([-value - 1, value + 0.001, value * 1e6, value + 1e-6, str(value), -0.0])
        elif act == 7 and isinstance(value, dict):
            value[rng.choice(["colour", "unit", "value", "x-new", "marketplace"])] = rng.choice(
                ["x", 1, None]
            )
        elif act == 8 and isinstance(value, str):
            parent[key] = rng.choice(
                [
                    "2026-13-01",
                    "2026-12-01T25:00:00Z",
                    "2026-12-01T00:00:00",
                    "ftp://x.example",
                    "https://a b",
                    "2026-02-30",
                ]
            )
        elif act == 9 and isinstance(value, list):
            value.clear()
        elif act == 10 and isinstance(value, str):
            parent[key] = value.upper()
        elif act == 11:
            name = rng.choice(list(self.document["properties"]))
            payload[name] = self.value(self.document["properties"][name])
        else:
            payload.pop(rng.choice(list(payload)), None)


def _places(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        for key, child in list(value.items()):
            yield value, key
            yield from _places(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield value, index
            yield from _places(child, (*path, index))
