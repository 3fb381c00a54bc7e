"""Amazon's own validation keywords: `selectors`, `min`/`maxUniqueItems`, `min`/`maxUtf8ByteLength`.

Source: the page "Product Type Definition Meta-Schema (v1)" of the SP-API documentation, and the
validators in its Java example: elements that are objects are counted by the values of their
selector properties (a missing one is left out of the key, without `selectors` every property is
part of it), and no combination may occur more than `maxUniqueItems` times. The page's examples
have no validator for `minUniqueItems`; by its text it is the least number of different
combinations.

Where a definition states these keywords for a place unconditionally (Amazon's always do), a walk
over the payload decides them; elsewhere (in `if`, `not`, `anyOf`, `$defs` …) the JSON Schema
engine calls the same checks.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema_rs import KeywordValidator

    from amazon_product_types.json_pointer import Pointer

#: The keywords that can fail. `selectors` only says how items are counted.
KEYWORDS = ("minUniqueItems", "maxUniqueItems", "minUtf8ByteLength", "maxUtf8ByteLength")
#: UTF-8 bytes of the longest character.
LONGEST_CHARACTER = 4


@dataclass(slots=True)
class Rule:
    """Amazon's limits for one place of a payload, and the rules of the places below it."""

    pointer: Pointer
    selectors: tuple[str, ...] | None = None
    fewest: float = 0
    most: float = inf
    least_bytes: float = 0
    most_bytes: float = inf
    items: Rule | None = None
    properties: dict[str, Rule] = field(default_factory=dict)
    shallow: bool = field(init=False)

    def __post_init__(self) -> None:
        #: A short array of objects keeps this rule, whatever is in it.
        self.shallow = self.items is None and self.fewest <= 1


def rule(schema: dict[str, Any], pointer: Pointer = ()) -> Rule | None:
    """Return the rule of a schema's unconditional part; None where Amazon's keywords set no limit."""
    properties = schema.get("properties", {})
    found = Rule(
        pointer,
        selectors=tuple(schema["selectors"]) if schema.get("selectors") else None,
        fewest=schema.get("minUniqueItems", 0),
        most=schema.get("maxUniqueItems", inf),
        least_bytes=schema.get("minUtf8ByteLength", 0),
        most_bytes=schema.get("maxUtf8ByteLength", inf),
        items=rule(schema["items"], (*pointer, "items")) if isinstance(schema.get("items"), dict) else None,
        properties={
            name: below
            for name, part in properties.items()
            if isinstance(part, dict) and (below := rule(part, (*pointer, "properties", name)))
        },
    )
    sets_limits = any(keyword in schema for keyword in KEYWORDS)
    return found if sets_limits or found.items or found.properties else None


def holds(rule: Rule, value: object) -> bool:  # noqa: C901 - calls would cost more than what it decides
    """Does the value keep every limit of the rule, and of the rules below it?

    Runs over every payload. Nearly all arrays are short and nearly all texts far below their
    limit, so lengths are looked at first, and the exact count only where they leave it open.
    """
    if isinstance(value, dict):
        rules = rule.properties
        for name, child in value.items():
            below = rules.get(name)
            if below is None:
                continue
            if (
                below.shallow
                and type(child) is list
                and 0 < len(child) <= below.most
                and type(child[0]) is dict
            ):
                continue
            if not holds(below, child):
                return False
    elif isinstance(value, list):
        count = len(value)
        clear = count <= rule.most and (
            rule.fewest <= 1 if count and type(value[0]) is dict else not rule.fewest
        )
        if not clear and any(_item_failures(rule, value)):
            return False
        items = rule.items
        if items is not None:
            for item in value:
                if not holds(items, item):
                    return False
    elif isinstance(value, str):
        count = len(value)
        clear = rule.least_bytes <= count and count * LONGEST_CHARACTER <= rule.most_bytes
        return clear or rule.least_bytes <= size_in_bytes(value) <= rule.most_bytes
    return True


def failures(rule: Rule, value: object, path: Pointer = ()) -> Iterator[tuple[Pointer, Pointer]]:
    """Yield each limit that is not kept.

    Each is the place in the payload, and the keyword's place in the definition.
    """
    if isinstance(value, str):
        for keyword in _text_failures(rule, value):
            yield path, (*rule.pointer, keyword)
    elif isinstance(value, dict):
        for name, child in value.items():
            below = rule.properties.get(name)
            if below is not None and not holds(below, child):
                yield from failures(below, child, (*path, name))
    elif isinstance(value, list):
        for keyword in _item_failures(rule, value):
            yield path, (*rule.pointer, keyword)
        if rule.items is not None:
            for index, item in enumerate(value):
                yield from failures(rule.items, item, (*path, index))


def combinations(items: list[Any], selectors: tuple[str, ...] | None) -> Counter[str]:
    """Return how often each combination of selector values occurs among the items that are objects."""
    return Counter(
        json.dumps(
            item if selectors is None else {name: item[name] for name in selectors if name in item},
            sort_keys=True,
        )
        for item in items
        if isinstance(item, dict)
    )


def size_in_bytes(text: str) -> int:
    """Length in UTF-8 bytes; a lone surrogate, which has no UTF-8 form, counts as three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _text_failures(rule: Rule, text: str) -> Iterator[str]:
    size = size_in_bytes(text)
    if size > rule.most_bytes:
        yield "maxUtf8ByteLength"
    if size < rule.least_bytes:
        yield "minUtf8ByteLength"


def _item_failures(rule: Rule, items: list[Any]) -> Iterator[str]:
    counts = combinations(items, rule.selectors)
    if len(counts) < rule.fewest:
        yield "minUniqueItems"
    if counts and max(counts.values()) > rule.most:
        yield "maxUniqueItems"


class EngineKeyword:
    """One of Amazon's keywords for the engine, where a definition states it conditionally.

    Args:
        parent_schema: The schema that holds the keyword.
        value: The keyword's value.
        schema_path: Where it stands.
    """

    keyword = ""

    def __init__(self, parent_schema: dict[str, Any], value: object, schema_path: list[str | int]) -> None:
        stated = {self.keyword: value, "selectors": parent_schema.get("selectors")}
        self.rule = rule(stated) or Rule(tuple(schema_path))

    def validate(self, instance: object) -> None:
        """Raise ValueError if the instance breaks the keyword."""
        if any(failures(self.rule, instance)):
            raise ValueError(self.keyword)


def engine_keywords() -> dict[str, type[KeywordValidator]]:
    """Return the engine's classes by keyword."""
    return {name: type(name, (EngineKeyword,), {"keyword": name}) for name in KEYWORDS}
