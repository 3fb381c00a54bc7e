"""What a sample of products tells of a PIM's fields: names, titles, kinds of values, how often filled."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.values.quantities import NotANumber, quantity
from amazon_listings.mapping.values.units import SYMBOLS
from amazon_listings.mapping.values.value import is_empty
from amazon_product_types.gtin import digits, is_gtin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.item import Item

#: Values kept of a field, to compare with options and to show.
_KEPT = 40
#: Of the values looked at, how many must look alike.
_MOST = 0.6
_SERIES = re.compile(r"(.*?)[_ -]?(\d{1,2})")
_YES_NO = frozenset(("true", "false", "yes", "no", "si", "sí", "oui", "non", "ja", "nein"))
#: Values of the kinds that a PIM keeps of a record itself.
_OWN = re.compile(r"(?:prod|frmt|cat|product|variant|format)_(?:id|ref|stat|modify|modified|creation)")


@dataclass
class PimField:
    """One field of a PIM, as a sample of products shows it.

    `values` are different values of the sample (texts, numbers, booleans, lists), `filled` the share of
    items with one. `kind` is `text`, `number`, `boolean`, `image`, `file`, `list` or `table`. `variants`:
    it stands on variants too. `series` are the fields of a numbered series (`feature_1` …) that this one
    stands for.
    """

    name: str
    titles: tuple[str, ...] = ()
    values: list[Any] = field(default_factory=list)
    filled: float = 0.0
    kind: str = "text"
    variants: bool = False
    series: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The values as text; lists and tables have none."""
        return [str(value) for value in self.values if not isinstance(value, list | dict)]

    @property
    def is_gtin(self) -> bool:
        """Whether most values are trade numbers: of a right length, with a right check digit."""
        return _most(is_gtin(digits(text)) for text in self.texts)

    @property
    def has_units(self) -> bool:
        """Whether most values are a number with its unit: `1,2 kg`."""
        return _most(_unit(text) for text in self.texts)

    @property
    def is_numeric(self) -> bool:
        """Whether most values can be read as a number."""
        return self.kind == "number" or _most(_number(text) for text in self.texts)

    @property
    def is_yes_no(self) -> bool:
        """Whether most values are a yes or a no."""
        return self.kind == "boolean" or _most(text.casefold() in _YES_NO for text in self.texts)

    @property
    def length(self) -> float:
        """Characters of a value on average."""
        return sum(map(len, self.texts)) / len(self.texts) if self.texts else 0.0

    @property
    def expression(self) -> str:
        """What stands between the braces of an expression: `item.name`, or `item["a name"]`."""
        return access(self.name)


def access(name: str) -> str:
    """Return how an expression reads a PIM field of that name."""
    if name.isidentifier():
        return f"item.{name}"
    escaped = (mark if mark.isprintable() and mark not in '\\"' else _escape(mark) for mark in name)
    return f'item["{"".join(escaped)}"]'


def _escape(mark: str) -> str:
    """Return a character as Jinja's string literals write it, which are Python's."""
    return f"\\{mark}" if mark.isprintable() else f"\\U{ord(mark):08x}"


def pim_fields(items: Iterable[Item], titles: Mapping[str, Iterable[str]] | None = None) -> list[PimField]:
    """Return the fields of a sample of items; a numbered series comes once more, as one field.

    Args:
        items: The sample; read once.
        titles: What the PIM calls its fields, by their names, in any languages.
    """
    found: dict[str, PimField] = {}
    filled: Counter[str] = Counter()
    count = 0
    for count, item in enumerate(items, 1):  # noqa: B007 - how many there were
        for name, value, kind, variant in _values(item):
            one = found.setdefault(name, PimField(name))
            one.variants |= variant
            if is_empty(value):
                continue
            one.kind = kind
            filled[f"{name}\n{item['pim_id']}"] += 1
            if len(one.values) < _KEPT and value not in one.values:
                one.values.append(value)
    with_value = Counter(key.partition("\n")[0] for key in filled)
    for name, one in found.items():
        one.titles = tuple((titles or {}).get(name, ()))
        one.filled = with_value[name] / count
    known = [one for one in found.values() if not _OWN.fullmatch(one.name)]
    return [*known, *_series(known)]


def _values(item: Item) -> Iterator[tuple[str, Any, str, bool]]:
    """Yield each field's name, value, kind, and whether it stands on the variant."""
    for record, variant in ((item["product"], False), (item["variant"], True)):
        if record is None:
            continue
        for name, value in record["fields"].items():
            yield name, value, _kind(value), variant
        for name, spoken in record["texts"].items():
            yield name, next((text for text in spoken.values() if text), None), "text", variant
        for name, pictures in record["images"].items():
            urls = [picture["url"] for picture in pictures]
            is_file = bool(urls) and urls[0].lower().partition("?")[0].endswith(
                (".pdf", ".doc", ".docx", ".zip")
            )
            yield name, urls, "file" if is_file else "image", variant


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "table" if value and isinstance(value[0], list | dict) else "list"
    return "text"


def _series(known: list[PimField]) -> Iterator[PimField]:
    """`feature_1`, `feature_2`, … as one field with many values."""
    stems: dict[str, list[tuple[int, PimField]]] = {}
    for one in known:
        match = _SERIES.fullmatch(one.name)
        if match and match[1] and one.kind == "text":
            stems.setdefault(match[1], []).append((int(match[2]), one))
    for stem, members in stems.items():
        ordered = [one for _, one in sorted(members, key=lambda each: each[0])]
        if len(ordered) > 1:
            titles = dict.fromkeys(re.sub(r"\s*\d+$", "", title) for one in ordered for title in one.titles)
            yield PimField(
                stem,
                tuple(titles),
                [value for one in ordered for value in one.values[:5]],
                max(one.filled for one in ordered),
                "list",
                variants=any(one.variants for one in ordered),
                series=tuple(one.name for one in ordered),
            )


def _most(looks: Iterable[bool]) -> bool:
    found = list(looks)
    return bool(found) and sum(found) / len(found) >= _MOST


def _number(text: str) -> bool:
    try:
        return len(quantity(text).unit) <= len("kilograms")
    except NotANumber:
        return False


def _unit(text: str) -> bool:
    try:
        return quantity(text).unit.strip(". ").lower() in SYMBOLS
    except NotANumber:
        return False
