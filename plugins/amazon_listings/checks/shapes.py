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
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.incoming.json_text import written_fast
from amazon_listings.ledger.items.states import digest_of
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
#: Bytes of an attribute that items may share, and how many such are known at once.
_SHARED, _MOST_SHARED = 300, 5_000
_LENGTHS = (50, 200, 500, 2000)
_MARKUP = re.compile(r"<[a-zA-Z/]|&[a-z#0-9]+;")
_OTHER_LETTERS = re.compile("[^\\0-\u024f]")
#: Selectors that every element has.
_PLACES = frozenset({"marketplace_id"})

#: A shape's digest, with the attribute that it is about; empty if it is about none.
Shapes = dict[int, str]


class _Condition(NamedTuple):
    """What conditions on the same attributes look at; `ordered`: the names in their order."""

    names: frozenset[str]
    options: frozenset[str]
    ordered: tuple[str, ...]


class _Read:
    """What an attribute holds: every value with its place.

    Args:
        name: The attribute.
        values: Its values.
    """

    def __init__(self, name: str, values: list[tuple[str, Any]]) -> None:
        self.name = name
        self.values = values
        self.texts = [(place, value) for place, value in values if value.__class__ is str]

    @cached_property
    def kinds(self) -> Shapes:
        """The shapes of the kinds of its values."""
        return {_digest("kind", place, _kind(value)): self.name for place, value in self.values}


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
        self._known: dict[tuple[str, bytes | None], _Read] = {}
        self._numbers: dict[frozenset[str], int] = {}
        self._branches: dict[tuple[int, tuple[int | None, ...]], int] = {}

    def see(self, attributes: Mapping[str, Any]) -> None:
        """Take a payload into account for which values many items share."""
        self._told_apart = None
        for name, elements in attributes.items():
            for place, value in self._read(name, elements).texts:
                if place in self._many:
                    continue
                counts = self._seen.setdefault(place, Counter())
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
        for name in touched:
            if name not in item.attributes:
                found[_digest("removed", name)] = name
        told_apart = self._places_told_apart()
        held: dict[str, int] = {}
        for name, elements in item.attributes.items():
            read = self._read(name, elements)
            if name in touched:
                found |= read.kinds
                found |= {_digest("value", *text): name for text in read.texts if text[0] in told_apart}
            if name in self._looked_for:
                texts = self._looked_for[name].intersection([str(value) for _, value in read.values])
                held[name] = self._number_of(texts)
        for number, condition in enumerate(self._conditions):
            if not condition.names.isdisjoint(touched):
                found[self._branch(number, tuple([held.get(name) for name in condition.ordered]))] = ""
        return found

    def _read(self, name: str, elements: object) -> _Read:
        """Return what an attribute holds; most items share most of theirs."""
        key = name, written_fast(elements)
        known = self._known.get(key)
        if known is None:
            known = _Read(name, _values(name, elements))
            if key[1] is not None and len(key[1]) <= _SHARED and len(self._known) < _MOST_SHARED:
                self._known[key] = known
        return known

    def _number_of(self, texts: frozenset[str]) -> int:
        """Return a number that stands for some options; the many items share few."""
        return self._numbers.setdefault(texts, len(self._numbers))

    def _branch(self, number: int, held: tuple[int | None, ...]) -> int:
        """Return the shape of what a condition finds: of each of its attributes, the options that it has."""
        key = number, held
        if key not in self._branches:
            condition = self._conditions[number]
            options = list(self._numbers)
            found = sorted(
                (name, *sorted(condition.options & options[place]))
                for name, place in zip(condition.ordered, held, strict=True)
                if place is not None
            )
            self._branches[key] = _digest("branch", str(number), repr(found))
        return self._branches[key]

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
    def _looked_for(self) -> dict[str, frozenset[str]]:
        """The options that the conditions look for, by attribute."""
        found: dict[str, set[str]] = {}
        for condition in self._conditions:
            for name in condition.names:
                found.setdefault(name, set()).update(condition.options)
        return {name: frozenset(options) for name, options in found.items()}

    @cached_property
    def _conditions(self) -> list[_Condition]:
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
        return [
            _Condition(names, frozenset(texts), tuple(sorted(names)))
            for names, texts in found.items()
            if names
        ]


@lru_cache(maxsize=20_000)
def _digest(*parts: str) -> int:
    return digest_of("\0".join(parts).encode("utf-8", "surrogatepass"))


def _values(name: str, value: object) -> list[tuple[str, Any]]:
    """Return every value of an attribute with the place that it has whatever element it is in."""
    found: list[tuple[str, Any]] = []
    stack = [(name, value)]
    while stack:
        place, value = stack.pop()
        if value.__class__ is list:
            for one in value:
                stack.append((place, one))  # noqa: PERF401 - this is called for each value of each item
        elif value.__class__ is dict:
            for below, one in value.items():
                if below not in _PLACES:
                    stack.append((f"{place}/{below}", one))
        else:
            found.append((place, value))
    return found


def _kind(value: object) -> str:
    if value.__class__ is str:
        # Items share most of their short texts.
        return _kind_of_text(value) if len(value) > SHORT else _kind_of_short_text(value)
    sign = "-" if isinstance(value, int | float) and value < 0 else ""
    return f"{sign}{value.__class__.__name__}"


def _kind_of_text(value: str) -> str:
    if value.isdecimal():
        return f"digits {len(value)}"
    length = sum(len(value) > limit for limit in _LENGTHS)
    letters = "ascii" if value.isascii() else "other" if _OTHER_LETTERS.search(value) else "latin"
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


def _ifs(schemas: Any) -> Iterator[object]:
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


def _words(schema: object) -> Iterator[tuple[str, bool]]:
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
