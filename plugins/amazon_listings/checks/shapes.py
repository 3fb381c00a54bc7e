"""The shapes of a payload: what of it Amazon may judge differently than what it has judged before.

- each attribute and each property in it that is given, and the kind of its value;
- each value that is an option of the definition, or one of few values that many items share (a brand), or
  that many items have among many values; of a barcode number, the company that it was given to;
- each attribute that is not given, where other items have it;
- of each condition of the definition, what the attributes that it looks at hold;
- whether the listing is made or changed, and its place in a family.

A patch of price or quantity alone has one shape.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.ledger.items.states import digest_of
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method
from amazon_listings.selling_partner.operations import OFFER_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from amazon_listings.runs.records import MappedItem, TestedItem
    from amazon_listings.runs.shared_payloads import SharedPayloads

#: Values of one place that are told apart at most, and how often each must occur on average.
FEW, OFTEN = 300, 3
#: Of a place with more values, those are told apart that occur so often, and in one of so many items.
FREQUENT, ONE_IN = 10, 1_000
#: Values of one place that are counted at once.
_MOST_COUNTED = 3_000
#: Characters of a value that is told apart.
SHORT = 60
#: Forms of attributes, and of whole payloads, that are known at once.
_MOST_FORMS, _MOST_WHOLES = 20_000, 5_000
_LENGTHS = (50, 200, 500, 2000)
_MARKUP = re.compile(r"<[a-zA-Z/]|&[a-z#0-9]+;")
_OTHER_LETTERS = re.compile("[^\\0-\u024f]")
#: Selectors that every element has.
_PLACES = frozenset({"marketplace_id"})
_BARCODES = "externally_assigned_product_identifier"
#: The digits of a GTIN of 14 digits that say, more or less, to which company it was given.
_COMPANY = slice(1, 9)
#: Every text of a place is told apart; no text is.
_EVERY, _NO = None, frozenset[int]()

_Values = list[tuple[str, Any]]

#: A shape's digest, with the attribute that it is about; empty if it is about none.
Shapes = dict[int, str]


class _Condition(NamedTuple):
    """What conditions on the same attributes look at; `ordered`: the names in their order."""

    names: frozenset[str]
    options: frozenset[str]
    ordered: tuple[str, ...]


class _Shared:
    """An attribute that items share, as it was read: its values, and its form once that is known.

    Args:
        name: The attribute.
        values: Every value of it with its place.
    """

    __slots__ = ("form", "name", "times", "values")

    def __init__(self, name: str, values: _Values) -> None:
        self.name = name
        self.values = values
        #: How often it was seen since it was counted.
        self.times = 0
        self.form: _Form | None = None


class _Form:
    """What attributes have alike of which Amazon's judgement is the same.

    Args:
        shapes: Their shapes.
        held: What conditions find in them; None if none looks at them.
    """

    __slots__ = ("held", "shapes")

    def __init__(self, shapes: Shapes, held: int | None) -> None:
        self.shapes = shapes
        self.held = held


class ShapeReader:
    """Reads the shapes of payloads of one definition.

    Args:
        document: The definition's JSON Schema.
        payloads: Reads the payloads; of what they share the shapes are read once.
    """

    def __init__(self, document: Mapping[str, Any], payloads: SharedPayloads) -> None:
        self._document = document
        self._payloads = payloads
        self._seen: dict[str, Counter[int]] = {}
        #: Places with long values, and those of which only the frequent values are still counted.
        self._many: set[str] = set()
        self._thinned: set[str] = set()
        self._told_apart: dict[str, frozenset[int] | None] | None = None
        self._names: set[str] = set()
        self._items = 0
        self._shared: dict[int, _Shared] = {}
        self._kinds: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        self._forms: dict[tuple[object, ...], _Form] = {}
        self._wholes: dict[tuple[object, ...], Shapes] = {}
        self._numbers: dict[frozenset[str], int] = {}
        self._branches: dict[tuple[int, tuple[int | None, ...]], int] = {}

    def see(self, attributes: Mapping[str, Any]) -> None:
        """Take a payload into account for which values many items share."""
        self._items += 1
        self._names.update(attributes)
        for name, elements in attributes.items():
            shared = self._shared.get(id(elements))
            if shared is not None:
                shared.times += 1
                continue
            values = _values(name, elements)
            self._count(values, 1)
            if self._payloads.holds(elements):
                self._shared[id(elements)] = _Shared(name, values)
        if self._told_apart is not None:
            self._told_apart = None
            self._forget_forms()

    def see_all(self, mapped: Iterable[MappedItem], tested: Iterable[TestedItem]) -> None:
        """Take the payloads of the items that Amazon may be asked about into account."""
        asked = {item.pim_id for item in tested if item.outcome is Outcome.EXTRACTED}
        for item in mapped:
            if item.pim_id in asked:
                self.see(item.attributes)

    def of(self, item: MappedItem, method: Method, touched: Collection[str]) -> Shapes:
        """Return the shapes of what is sent of an item; they are those of others, too.

        Args:
            item: The item.
            method: How it is sent.
            touched: The attributes that a patch names.
        """
        if method == Method.PATCH and OFFER_ATTRIBUTES.issuperset(touched):
            return {_digest("offer", *sorted(touched)): ""}
        attributes, shared = item.attributes, self._shared
        named = frozenset(touched) if method == Method.PATCH else None
        forms = [
            (known.form if (known := shared.get(id(elements))) else None) or self._form(name, elements)
            for name, elements in attributes.items()
        ]
        key = (method, item.role, named, *attributes, *forms)
        found = self._wholes.get(key)
        if found is None:
            if len(self._wholes) >= _MOST_WHOLES:
                self._wholes.clear()
            found = self._wholes[key] = self._together(dict(zip(attributes, forms, strict=True)), key)
        return found

    def _together(self, forms: Mapping[str, _Form], whole: tuple[Any, ...]) -> Shapes:
        """Return the shapes of a payload with such attributes."""
        method, role, named = whole[:3]
        touched: Collection[str] = forms.keys() if named is None else named
        found: Shapes = {_digest("method", method, role): ""}
        for name in self._names.difference(forms) if named is None else ():
            found[_digest("absent", name)] = name
        for name in touched:
            if name not in forms:
                found[_digest("removed", name)] = name
        for name, form in forms.items():
            if name in touched:
                found |= form.shapes
        for number, condition in enumerate(self._conditions):
            if not condition.names.isdisjoint(touched):
                held = [forms[name].held if name in forms else None for name in condition.ordered]
                found[self._branch(number, tuple(held))] = ""
        return found

    def _form(self, name: str, elements: object) -> _Form:
        """Return the form of an attribute; the many items of a run have few."""
        shared = self._shared.get(id(elements))
        if shared is not None and shared.form is not None:
            return shared.form
        values = _values(name, elements) if shared is None else shared.values
        form = self._form_of(name, values)
        if shared is not None:
            shared.form = form
        elif self._payloads.holds(elements):
            shared = self._shared[id(elements)] = _Shared(name, values)
            shared.form = form
        return form

    def _form_of(self, name: str, values: _Values) -> _Form:
        told_apart = self._texts_told_apart()
        key: list[object] = [name]
        for place, value in values:
            # A text that is told apart stands for its kind, too; a kind is no text.
            known = value.__class__ is str and _is_among(told_apart.get(place, _NO), value)
            key += (place, value if known else self._kinds[_kind(value)])
        held = None
        if name in self._looked_for:
            held = self._looked_for[name].intersection([str(value) for _, value in values])
            key.append(held)
        form = self._forms.get(tuple(key))
        if form is None:
            if len(self._forms) >= _MOST_FORMS:
                self._forget_forms()
            shapes = {_digest("kind", place, _kind(value)): name for place, value in values}
            shapes |= {
                _digest("value", *one): name
                for one in values
                if one[1].__class__ is str and _is_among(told_apart.get(one[0], _NO), one[1])
            }
            form = self._forms[tuple(key)] = _Form(shapes, None if held is None else self._number_of(held))
        return form

    def _forget_forms(self) -> None:
        """Forget the forms, so that they are few, and because of what is told apart."""
        self._forms.clear()
        self._wholes.clear()
        for shared in self._shared.values():
            shared.form = None

    def _count(self, values: _Values, times: int) -> None:
        """Count the texts of an attribute, by their places."""
        for place, value in values:
            if value.__class__ is not str or place in self._many:
                continue
            counts = self._seen.get(place)
            if counts is None:
                counts = self._seen[place] = Counter()
            counts[hash(value)] += times
            if len(value) > SHORT:
                self._many.add(place)
                del self._seen[place]
            elif len(counts) > _MOST_COUNTED:
                self._seen[place] = _most_of(counts)
                self._thinned.add(place)

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

    def _texts_told_apart(self) -> dict[str, frozenset[int] | None]:
        """Return by place which texts are told apart, by their hashes: all options, and what items share."""
        if self._told_apart is None:
            for shared in self._shared.values():
                if shared.times:
                    self._count(shared.values, shared.times)
                    shared.times = 0
            self._told_apart = {place: self._shared_texts(place) for place in self._seen}
            self._told_apart |= dict.fromkeys(self._options, _EVERY)
        return self._told_apart

    def _shared_texts(self, place: str) -> frozenset[int] | None:
        """Return which texts of a place are told apart, by how often each occurs."""
        counts = self._seen[place]
        if place not in self._thinned and len(counts) <= FEW and counts.total() >= OFTEN * len(counts):
            return _EVERY
        least = max(FREQUENT, self._items // ONE_IN)
        return frozenset(text for text, times in counts.most_common(FEW) if times >= least)

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


def _values(name: str, value: object) -> _Values:
    """Return every value of an attribute with the place that it has whatever element it is in."""
    found: _Values = []
    stack = [(name, value)]
    while stack:
        place, value = stack.pop()
        if value.__class__ is list:
            for one in value:
                stack.append((place, one))  # noqa: PERF401 - this is called for each value of each item
        elif value.__class__ is dict:
            for below, one in value.items():
                if below not in _PLACES:
                    # Most values are texts.
                    (found if one.__class__ is str else stack).append((f"{place}/{below}", one))
        else:
            found.append((place, value))
    if name == _BARCODES:
        numbers = [value for _, value in found if value.__class__ is str and value.isdecimal()]
        found += [(f"{name}/company", number.zfill(14)[_COMPANY]) for number in numbers]
    return found


def _most_of(counts: Counter[int]) -> Counter[int]:
    """Return what occurs most often of what has been counted; most values of some places occur once."""
    repeated = Counter({text: times for text, times in counts.items() if times > 1})
    half = _MOST_COUNTED // 2
    return repeated if len(repeated) <= half else Counter(dict(repeated.most_common(half)))


def _is_among(texts: frozenset[int] | None, text: str) -> bool:
    return texts is _EVERY or hash(text) in texts


def _kind(value: object) -> str:
    if value.__class__ is str:
        return _kind_of_text(value)
    sign = "-" if isinstance(value, int | float) and value < 0 else ""
    return f"{sign}{value.__class__.__name__}"


def _kind_of_text(value: str) -> str:
    if value.isdecimal():
        return f"digits {len(value)}"
    length = bisect_left(_LENGTHS, len(value))
    letters = "ascii" if value.isascii() else "latin" if _is_latin(value) else "other"
    form = "url" if value.startswith(("http://", "https://", "s3://")) else ""
    # Most texts have neither; to see that is many times as fast.
    markup = "markup" if ("<" in value or "&" in value) and _MARKUP.search(value) else ""
    return f"{letters} {length} {form} {markup} {'lines' if chr(10) in value else ''}"


def _is_latin(value: str) -> bool:
    try:
        value.encode("latin-1")  # nearly all; many times as fast as a search
    except UnicodeEncodeError:
        return not _OTHER_LETTERS.search(value)
    return True


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
