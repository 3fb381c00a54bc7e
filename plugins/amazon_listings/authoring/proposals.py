"""Which PIM field a line of a new mapping should read: by name, type and sample values."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from amazon_listings.mapping.values.units import SYMBOLS, unit_code
from amazon_product_types.matching import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from amazon_listings.authoring.pim_fields import PimField
    from amazon_listings.item import Item
    from amazon_product_types.fields import Field

#: From this score on (0 to 1) a PIM field is proposed for an Amazon field.
LIKELY = 0.6
#: For what Amazon does not ask for, a proposal must be nearly certain.
CERTAIN = 0.85
#: A field of options is only filled from a PIM field of which this share of values are options.
_KNOWN_OPTIONS = 0.5
_WORD = re.compile(r"[^\W_]+")
_UNIT_IN_TITLE = re.compile(r"\(([^()]{1,12})\)")
_SIDES = frozenset({"length", "width", "height"})
_OF_SOMETHING_ELSE = frozenset({"package", "display", "packaging"})
#: What merchants shorten that is no unit of a quantity elsewhere.
_UNITS = frozenset(SYMBOLS) | {"k", "lm", "pulg", "po", "zoll"}


@dataclass(frozen=True)
class Wanted:
    """A line that a mapping needs: the Amazon field, and what it may be called in a PIM.

    `concept` is a key of the words in `proposal_words.yaml`, or empty.
    """

    field: Field
    concept: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A value for a mapping line: text, list or object; and from which PIM fields."""

    value: object
    sources: tuple[PimField, ...] = ()
    note: str = ""


def wanted(item: Field, concept: str = "", labels: Iterable[str] = ()) -> Wanted:
    """Return what to look for in a PIM for an Amazon field; `labels` are its names in other languages."""
    concept = concept or _concept(item)
    own = [item.attribute, *(name for name in labels if name)]
    if len(item.levels) > 2 or item.levels[-1].name not in {"value", "media_location"}:  # noqa: PLR2004
        own = [item.label, *labels]  # one of several leaves: the attribute's name says too little
        own += [] if concept in _SIDES else [item.path.rpartition(".")[0]]
    return Wanted(item, concept, (item.label, *own))


def best(line: Wanted, known: Sequence[PimField], threshold: float = LIKELY) -> tuple[PimField, float] | None:
    """Return the PIM field for a line, and how sure that is; None if nothing is likely."""
    scored = [(score(line, one), one.filled, -index) for index, one in enumerate(known)]
    if not scored:
        return None
    top = max(scored)
    return (known[-top[2]], top[0]) if top[0] >= threshold else None


def score(line: Wanted, one: PimField) -> float:
    """Return how well a PIM field fits a line, from 0 to 1.

    Both its names and its values count.
    """
    by_name = named(line.concept, line.names, one)
    return by_name * _fits(line.field, one) if by_name else 0.0  # most have no word in common


def named(concept: str, names: Iterable[str], one: PimField) -> float:
    """Return how alike the names of a PIM field are to what it could be called for a line."""
    here = [words for text in (one.name, *one.titles) if (words := _words(text))]
    usual = [words for text in _vocabulary().get(concept, ()) if (words := _words(text))]
    own = [words for text in names if (words := _words(text))]
    found = 0.0
    for place, mine in enumerate(here):
        certain = 1.0 if place else 0.97  # a title says more than a technical name
        found = max([found, *(certain * _alike(mine, theirs) for theirs in usual)])
        found = max([found, *(certain * 0.95 * _alike(mine, theirs) for theirs in own)])
    return found


def value_of(unit: Field | None, one: PimField, known: Sequence[PimField]) -> Proposal:
    """Return the value that reads a PIM field: with its unit, where the Amazon field has one."""
    if one.series:
        names = [next(other for other in known if other.name == name) for name in one.series]
        return Proposal([f"{{{{ {other.expression} }}}}" for other in names], tuple(names))
    text = f"{{{{ {one.expression} }}}}"
    if unit is None:
        return Proposal(text, (one,))
    if one.has_units:
        return Proposal(text, (one,), note="the unit is read from the value")
    beside = next((other for other in known if other.name in _unit_names(one.name)), None)
    if beside is not None:
        return Proposal({"value": text, "unit": f"{{{{ {beside.expression} }}}}"}, (one, beside))
    return _measured(unit, one, text)


def _measured(unit: Field, one: PimField, text: str) -> Proposal:
    """Return a number whose unit only its name tells, or nothing."""
    written = _unit_of(one, unit)
    if written is not None:
        return Proposal({"value": text, "unit": written}, (one,))
    if len(unit.options) == 1:
        return Proposal({"value": text, "unit": unit.options[0].name}, (one,), note="the only unit")
    return Proposal({"value": text, "unit": ""}, (one,), note="say which unit it is in")


def _unit_names(name: str) -> Collection[str]:
    stem = re.sub(r"_?(?:value|valor|valeur|wert)$", "", name)
    return {f"{stem}_unit", f"{name}_unit", f"{stem}_unidad", f"{stem}_unite", f"{stem}_einheit"}


def _unit_of(one: PimField, unit: Field) -> str | None:
    """Return the displayed name of the unit that the field's name or titles end in.

    Examples: `height_cm`, `Height (cm)`.
    """
    codes = {str(option.value): option.name for option in unit.options}
    hints = [one.name.rpartition("_")[2]]
    hints += [hint for title in one.titles for hint in _UNIT_IN_TITLE.findall(title)]
    for hint in hints:
        code = unit_code(hint, codes) or {"lm": "lumens", "k": "kelvin"}.get(hint.casefold())
        if code in codes:
            return codes[code]
    return None


def _concept(item: Field) -> str:
    words = _vocabulary()
    attribute, last = item.attribute, item.path.split(".")
    side = next((name for name in last if name in _SIDES), "")
    if side and attribute.startswith("item_") and not _OF_SOMETHING_ELSE & set(attribute.split("_")):
        return side
    return attribute if attribute in words else ""


def _fits(item: Field, one: PimField) -> float:
    """Return whether the field's values can be what Amazon wants, from 0 to 1."""
    if not one.values or one.filled == 0:
        return 0.0
    if item.type == "url":
        return 1.0 if one.kind in {"image", "file"} else 0.0
    if one.kind in {"image", "file", "table"}:
        return 0.0
    many = item.max_values is None or item.max_values > 1
    fit = 1.0 if many == (one.kind == "list") else 0.95 if many else 0.4
    if item.type == "boolean":
        fit *= 1.0 if one.is_yes_no else 0.2
    elif item.json_type in {"number", "integer"}:
        fit *= 1.0 if one.is_numeric and not one.is_yes_no else 0.0
    elif item.options and not item.open:
        fit *= _options(item, one)
    elif one.is_yes_no or (one.kind == "number" and item.type == "string"):
        fit *= 0.5
    elif item.max is not None and one.length > item.max:
        fit *= 0.7
    return fit


def _options(item: Field, one: PimField) -> float:
    known = {normal(str(text)) for option in item.options for text in (option.value, option.name)}
    texts = [normal(text) for text in one.texts]
    share = sum(text in known for text in texts) / len(texts) if texts else 0.0
    return 1.0 if share >= _KNOWN_OPTIONS else 0.5 * share


def _alike(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """1 for the same words; less by each word that only one of them has."""
    common = len(mine & theirs)
    return common / len(mine | theirs)


@cache
def _words(text: str) -> frozenset[str]:
    """Return the words of a name that say something: without units, numbers and noise."""
    parts = [normal(part) for part in _WORD.findall(text.replace(".", " "))]
    whole = [part for part in parts if not part.isdigit()]
    if len(whole) > 1 and whole[-1] in _UNITS:
        whole = whole[:-1]
    singular = [part[:-1] if len(part) > 3 and part.endswith("s") else part for part in whole]  # noqa: PLR2004
    said = [part for part in singular if part not in _noise()]
    return frozenset(said or singular)


@cache
def _document() -> dict[str, Any]:
    text = (files("amazon_listings.authoring") / "proposal_words.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _vocabulary() -> dict[str, list[str]]:
    found: dict[str, list[str]] = _document()["words"]
    return found


@cache
def _noise() -> frozenset[str]:
    return frozenset(normal(word) for word in _document()["noise"])


def called(concept: str, known: Sequence[PimField], threshold: float = LIKELY) -> list[PimField]:
    """Return the PIM fields that a concept's words name, the surest first; empty ones and series not."""
    scored = [(named(concept, (), one), one) for one in known if one.filled > 0 and not one.series]
    return [one for likeness, one in sorted(scored, key=lambda each: -each[0]) if likeness >= threshold]


def product_type_field(items: Iterable[Item], product_type: str) -> str | None:
    """Return the PIM field that says which items are of a product type, if one does.

    Its value is the name of the product type.
    """
    counted: Counter[str] = Counter()
    for item in items:
        for record in (item["product"], item["variant"]):
            for name, value in (record["fields"] if record else {}).items():
                counted[name] += isinstance(value, str) and normal(value) == normal(product_type)
    found = [name for name, count in counted.most_common(1) if count]
    return found[0] if found else None


def sku_expression(known: Sequence[PimField]) -> str:
    """Return how each item's SKU is read: from a field called so, or the PIM's reference."""
    skus = [one for one in called("sku", known, CERTAIN) if one.kind == "text"]
    return f"{{{{ {skus[0].expression} or item.reference }}}}" if skus else "{{ item.reference }}"
