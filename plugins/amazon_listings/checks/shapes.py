"""The shapes of a payload: what of it Amazon may judge differently than what it has judged before.

- each attribute and each property in it that is given, and the kind of its value;
- each value that is an option of the definition, or one of few values that many items share (a brand);
- of each condition of the definition, what the attributes that it looks at hold;
- whether the listing is made or changed, and its place in a family.

A patch of price or quantity alone has one shape.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.item_states import digest_of
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method
from amazon_listings.selling_partner.operations import OFFER_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from amazon_listings.runs.records import MappedItem, TestedItem

#: Values of one place that are told apart at most, and how often each must occur on average.
FEW, OFTEN = 300, 3
#: Characters of a value that is told apart.
SHORT = 60
_LENGTHS = (50, 200, 500, 2000)
_MARKUP = re.compile(r"<[a-zA-Z/]|&[a-z#0-9]+;")
#: Selectors that every element has.
_PLACES = frozenset({"marketplace_id"})

#: A shape's digest, with the attribute that it is about; empty if it is about none.
Shapes = dict[int, str]


class ShapeReader:
    """Reads the shapes of payloads of one definition.

    Args:
        document: The definition's JSON Schema.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._seen: dict[str, Counter[int]] = {}
        self._many: set[str] = set()
        self._told_apart: frozenset[str] | None = None

    def see(self, attributes: Mapping[str, Any]) -> None:
        """Take a payload into account for which values many items share."""
        self._told_apart = None
        for place, value in _values(attributes):
            if value.__class__ is str and place not in self._many:
                if place not in self._seen:
                    self._seen[place] = Counter()
                counts = self._seen[place]
                counts[hash(value)] += 1
                if len(value) > SHORT or len(counts) > FEW:
                    self._many.add(place)
                    del self._seen[place]

    def see_all(self, mapped: Iterable[MappedItem], tested: Iterable[TestedItem]) -> None:
        """Take the payloads of the items that Amazon may be asked about into account."""
        asked = {item.pim_id for item in tested if item.outcome is Outcome.EXTRACTED}
        for item in mapped:
            if item.pim_id in asked:
                self.see(item.attributes)

    def of(self, item: MappedItem, method: Method, touched: Collection[str]) -> Shapes:
        """Return the shapes of what is sent of an item.

        Args:
            item: The item.
            method: How it is sent.
            touched: The attributes that a patch names.
        """
        if method == Method.PATCH and OFFER_ATTRIBUTES.issuperset(touched):
            return {_digest("offer", *sorted(touched)): ""}
        found: Shapes = {_digest("method", method, item.role): ""}
        touched = touched if method == Method.PATCH else item.attributes.keys()
        sent = {name: item.attributes[name] for name in touched if name in item.attributes}
        for name in touched:
            if name not in sent:
                found[_digest("removed", name)] = name
        told_apart = self._places_told_apart()
        for place, value in _values(sent):
            name = place.partition("/")[0]
            found[_digest("kind", place, _kind(value))] = name
            if value.__class__ is str and place in told_apart:
                found[_digest("value", place, value)] = name
        texts: dict[str, set[str]] = {}
        for number, (names, options) in enumerate(self._conditions):
            if names.isdisjoint(touched):
                continue
            held = []
            for name in names & item.attributes.keys():
                if name not in texts:
                    texts[name] = {str(one) for one in _scalars(item.attributes[name])}
                held.append((name, *sorted(options & texts[name])))
            found[_digest("branch", str(number), repr(sorted(held)))] = ""
        return found

    def _places_told_apart(self) -> frozenset[str]:
        """Return the places whose texts are told apart: options, and where many items share few."""
        if self._told_apart is None:
            shared = (place for place, counts in self._seen.items() if counts.total() >= OFTEN * len(counts))
            self._told_apart = self._options.union(shared)
        return self._told_apart

    @cached_property
    def _options(self) -> frozenset[str]:
        """The places whose values are options of the definition."""
        return frozenset(
            place
            for name, schema in self._document.get("properties", {}).items()
            for place in _option_places(schema, name, self._document, 0)
        )

    @cached_property
    def _conditions(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """The attributes and the options that each condition looks at; conditions on the same are one."""
        known = frozenset(self._document.get("properties", {}))
        found: dict[frozenset[str], set[str]] = {}
        for condition in _ifs(self._document.get("allOf", ())):
            names: set[str] = set()
            texts: set[str] = set()
            for word, is_key in _words(condition):
                (names if is_key and word in known else texts).add(word)
                if not is_key and word in known:
                    names.add(word)  # `required` names attributes
            found.setdefault(frozenset(names), set()).update(texts)
        return [(names, frozenset(texts)) for names, texts in found.items() if names]


@lru_cache(maxsize=20_000)
def _digest(*parts: str) -> int:
    return digest_of("\0".join(parts).encode("utf-8", "surrogatepass"))


def _values(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every value with the place that it has whatever element it is in."""
    stack = list(attributes.items())
    while stack:
        place, value = stack.pop()
        if value.__class__ is list:
            stack += [(place, one) for one in value]
        elif value.__class__ is dict:
            stack += [(f"{place}/{name}", one) for name, one in value.items() if name not in _PLACES]
        else:
            yield place, value


def _scalars(value: Any) -> Iterator[Any]:
    for _, found in _values({"": value}):
        yield found


def _kind(value: Any) -> str:
    if value.__class__ is str:
        # Items share most of their short texts.
        return _kind_of_text(value) if len(value) > SHORT else _kind_of_short_text(value)
    sign = "-" if isinstance(value, int | float) and value < 0 else ""
    return f"{sign}{value.__class__.__name__}"


def _kind_of_text(value: str) -> str:
    if value.isdecimal():
        return f"digits {len(value)}"
    length = sum(len(value) > limit for limit in _LENGTHS)
    letters = "ascii" if value.isascii() else "latin" if max(value) < "\u0250" else "other"
    form = "url" if value.startswith(("http://", "https://", "s3://")) else ""
    markup = "markup" if _MARKUP.search(value) else ""
    return f"{letters} {length} {form} {markup} {'lines' if chr(10) in value else ''}"


_kind_of_short_text = lru_cache(maxsize=10_000)(_kind_of_text)


def _option_places(schema: Any, place: str, document: Mapping[str, Any], depth: int) -> Iterator[str]:
    if not isinstance(schema, dict) or depth > 12:  # noqa: PLR2004 - no definition is as deep
        return
    if "$ref" in schema:
        schema = document.get("$defs", {}).get(str(schema["$ref"]).removeprefix("#/$defs/"), {})
    if "enum" in schema:
        yield place
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _option_places(branch, place, document, depth + 1)
    if "items" in schema:
        yield from _option_places(schema["items"], place, document, depth + 1)
    for name, below in schema.get("properties", {}).items():
        yield from _option_places(below, f"{place}/{name}", document, depth + 1)


def _ifs(schemas: Any) -> Iterator[Any]:
    """Yield the conditions of the definition, those within others too."""
    stack = list(schemas)
    while stack:
        schema = stack.pop()
        if isinstance(schema, dict):
            if "if" in schema:
                yield schema["if"]
            stack += [schema[name] for name in ("then", "else") if name in schema]
            for name in ("allOf", "anyOf", "oneOf"):
                stack += schema.get(name, ())


def _words(schema: Any) -> Iterator[tuple[str, bool]]:
    """Yield the texts of a schema, each with whether it is a key."""
    stack = [schema]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield from ((name, True) for name in one)
            stack += one.values()
        elif isinstance(one, list):
            stack += one
        elif isinstance(one, str | int | float | bool):
            yield str(one), False
