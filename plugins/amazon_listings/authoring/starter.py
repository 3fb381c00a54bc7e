"""The first mapping of a new connector: a line for what Amazon requires, with proposals from the PIM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from amazon_listings.authoring.proposals import (
    CERTAIN,
    LIKELY,
    Proposal,
    best,
    called,
    value_of,
    wanted,
)
from amazon_product_types.matching import chain, normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from amazon_listings.authoring.pim_fields import PimField
    from amazon_product_types.fields import Field
    from amazon_product_types.labels import FieldIndex

#: Written by `variations`, or for special cases only: no line of a first mapping.
_LATER = frozenset({"parentage_level", "child_parent_sku_relationship", "variation_theme", "skip_offer"})
#: Below this a PIM field is not even worth a remark.
_PERHAPS = 0.45
#: Characters of an example in a comment.
_LONGEST = 60

SECTIONS = {
    "required": "Required of every item",
    "some": "Required of some of the products that were looked at",
    "offer": "Price and stock",
    "found": "Not always required; the PIM seems to have it",
    "conditional": "Required of some items only: take the # away where it concerns yours",
}


@dataclass(frozen=True)
class StarterLine:
    """One line of a first mapping.

    `key` and `value` are as in a connector's mapping; an `active` line is written, another as a comment.
    `fields` are the Amazon fields that it is about, the one with the value first. `perhaps` names a PIM
    field that could be meant, where none is likely enough.
    """

    section: str
    key: str
    proposal: Proposal | None
    fields: tuple[Field, ...]
    active: bool = True
    perhaps: PimField | None = None

    @property
    def value(self) -> Any:
        """The value to write; empty text where nothing is proposed."""
        return self.proposal.value if self.proposal else ""


def starter_lines(
    index: FieldIndex,
    known: Sequence[PimField],
    own_labels: dict[str, str] | None = None,
    lacking: AbstractSet[str] = frozenset(),
) -> list[StarterLine]:
    """Return the lines of a first mapping, in the order of `SECTIONS`.

    Args:
        index: The fields by their labels in the connector's locale.
        known: The PIM's fields.
        own_labels: Labels by path in another language that PIM fields may be named in.
        lacking: Paths that a first try showed to be required of items that lack them.
    """
    made = [*_short_forms(index, known)]
    done = {item.attribute for line in made for item in line.fields}
    made += _plain(index, known, done, own_labels or {})
    made += _beside_short_forms(index, made, lacking)
    return with_required(made, lacking)


def _beside_short_forms(
    index: FieldIndex, made: Sequence[StarterLine], lacking: AbstractSet[str]
) -> Iterator[StarterLine]:
    """Yield a line of its own for a part of an offer or a stock that its short form leaves out."""
    plain = {line.fields[0].path for line in made}
    short = {item.path for line in made if line.active and len(line.fields) > 1 for item in line.fields}
    for item in index.fields:
        if item.path in lacking & short and item.path not in plain:
            yield StarterLine("some", item.path, None, (item,))


def with_required(lines: Sequence[StarterLine], lacking: AbstractSet[str]) -> list[StarterLine]:
    """Return the lines with those written that items turned out to need.

    Args:
        lines: The lines of a first mapping.
        lacking: The paths that Amazon required of some items, and that they lacked.
    """
    made = [
        replace(line, section="some", active=True)
        if not line.active and any(item.path in lacking for item in line.fields)
        else line
        for line in lines
    ]
    order = list(SECTIONS)
    return sorted(made, key=lambda line: order.index(line.section))


def _short_forms(index: FieldIndex, known: Sequence[PimField]) -> Iterator[StarterLine]:
    by_attribute: dict[str, list[Field]] = {}
    for item in index.fields:
        by_attribute.setdefault(item.attribute, []).append(item)
    yield from _identifier(by_attribute, known)
    yield from _pictures(index, by_attribute, known)
    if prices := by_attribute.get("purchasable_offer"):
        main = next((item for item in prices if "our_price" in item.path), prices[0])
        yield StarterLine("offer", "offers", _price(known), (main, *prices))
    if stock := by_attribute.get("fulfillment_availability"):
        found = _numeric("stock", known)
        main = next((item for item in stock if item.path.endswith("quantity")), stock[0])
        yield StarterLine(
            "offer", "stock", Proposal(_read(found), (found,)) if found else None, (main, *stock)
        )


def _identifier(by_attribute: dict[str, list[Field]], known: Sequence[PimField]) -> Iterator[StarterLine]:
    fields = by_attribute.get("externally_assigned_product_identifier", [])
    value = next((item for item in fields if item.path.endswith(".value")), None)
    asin = by_attribute.get("merchant_suggested_asin")
    numbers = sorted((one for one in known if one.is_gtin), key=lambda one: one not in called("gtin", known))
    known_asin = next(iter(called("asin", known)), None) if asin else None
    # Amazon wants one of both: what the PIM has.
    by_asin = known_asin is not None and not numbers
    if value is not None:
        proposal = Proposal(_read(numbers[0]), (numbers[0],)) if numbers else None
        level = "conditional" if by_asin else "required"
        yield StarterLine(level, "gtin", proposal, (value, *fields), active=not by_asin)
    if asin:
        proposal = Proposal(_read(known_asin), (known_asin,)) if known_asin else None
        level = "required" if by_asin else "conditional"
        yield StarterLine(level, "asin", proposal, tuple(asin), active=by_asin)


def _pictures(
    index: FieldIndex, by_attribute: dict[str, list[Field]], known: Sequence[PimField]
) -> Iterator[StarterLine]:
    pictures = [one for one in known if one.kind == "image" and one.filled > 0]
    others = called("other_images", pictures, CERTAIN)
    first = [one for one in called("main_image", pictures, _PERHAPS) if one not in others] or [
        one for one in pictures if one not in others
    ]
    main = by_attribute.get("main_product_image_locator")
    if main:
        # A variant's own picture shows what is sold; the product's stands in.
        first = sorted(first, key=lambda one: not one.variants)[:2]
        chosen = " or ".join(one.expression for one in first)
        text = f"{{{{ ({chosen}) | image }}}}" if len(first) > 1 else f"{{{{ {chosen} | image }}}}"
        proposal = Proposal(text, tuple(first)) if first else None
        yield StarterLine("required", index.name(main[0].path), proposal, tuple(main))
    numbered = tuple(
        item
        for name, fields in by_attribute.items()
        if name.startswith("other_product_image_locator")
        for item in fields
    )
    if numbered:
        proposal = Proposal(f"{{{{ {others[0].expression} | images }}}}", (others[0],)) if others else None
        section = "found" if proposal else "conditional"
        key = "other_product_image_locator"
        yield StarterLine(section, key, proposal, numbered, active=proposal is not None)


def _price(known: Sequence[PimField]) -> Proposal | None:
    price = _numeric("price", known)
    if price is None:
        return None
    sale = _numeric("sale_price", known)
    dates = [next(iter(called(name, known, CERTAIN)), None) for name in ("sale_from", "sale_to")]
    if sale is None or sale is price or None in dates:
        return Proposal(_read(price), (price,))
    start, end = (one for one in dates if one is not None)
    reduced = {"price": _read(sale), "from": _read(start), "to": _read(end)}
    return Proposal({"price": _read(price), "sale": reduced}, (price, sale, start, end))


def _numeric(concept: str, known: Sequence[PimField]) -> PimField | None:
    return next((one for one in called(concept, known) if one.is_numeric and not one.is_yes_no), None)


def _read(one: PimField) -> str:
    return f"{{{{ {one.expression} }}}}"


def _plain(
    index: FieldIndex, known: Sequence[PimField], done: set[str], own_labels: dict[str, str]
) -> Iterator[StarterLine]:
    """Yield one line for each field that no short form speaks of; a unit goes with its value."""
    by_path = {item.path: item for item in index.fields}
    read: set[tuple[str, str]] = set()
    for item in index.fields:
        if item.attribute in done | _LATER or _beside(item, by_path):
            continue
        unit = by_path.get(item.unit) if item.unit else None
        about = (item, unit) if unit else (item,)
        key = index.name(item.path.rpartition(".")[0] if unit else item.path)
        required = item.requirement == "required" or item.needed_alone
        proposal, perhaps = _proposed(
            item, unit, known, required=required, label=own_labels.get(item.path, "")
        )
        sources = {(item.attribute, one.name) for one in proposal.sources} if proposal else set()
        if sources & read and not required:
            continue  # what fills a part of the attribute is not what fills the next one
        read |= sources
        if required:
            yield StarterLine("required", key, proposal, about, perhaps=perhaps[0] if perhaps else None)
        elif proposal is not None:
            yield StarterLine("found", key, proposal, about)
        elif item.requirement == "conditional":
            # Likely is enough where a person must take the mark of a comment away.
            likely = value_of(unit, perhaps[0], known) if perhaps and perhaps[1] >= LIKELY else None
            left = perhaps[0] if perhaps and not likely else None
            yield StarterLine("conditional", key, likely, about, active=False, perhaps=left)


def _beside(item: Field, by_path: dict[str, Field]) -> bool:
    """Return whether the line of another field speaks for this one.

    It does for a unit, and for a currency that the engine adds.
    """
    above = item.path.rpartition(".")[0]
    if item.is_unit:
        return any(other.unit == item.path for other in by_path.values())
    return item.levels[-1].name == "currency" and any(
        path != item.path and path.rpartition(".")[0] == above for path in by_path
    )


def _proposed(
    item: Field, unit: Field | None, known: Sequence[PimField], *, required: bool, label: str
) -> tuple[Proposal | None, tuple[PimField, float] | None]:
    """Return what is sure enough to be written, or the field that could be meant and how sure that is."""
    if item.path == "condition_type.value":
        new = next((option for option in item.options if option.value == "new_new"), None)
        return (Proposal(new.name, note="assumed: everything is new") if new else None), None
    found = best(wanted(item, labels=[label]), known, _PERHAPS)
    if found is None:
        return None, None
    one, sure = found
    if sure < (LIKELY if required else CERTAIN):
        return None, found
    return value_of(unit, one, known), None


def described(line: StarterLine) -> Iterator[str]:
    """Yield what a person should know to fill in a line, as short texts."""
    item = line.fields[0]
    name = f"{chain(item.labels)} ({item.path}): {_shape(item)}"
    yield name if normal(item.help) in {"", *map(normal, item.labels)} else f"{name}. {item.help}"
    if item.condition and line.section != "required":
        yield item.condition
    unit = next((other for other in line.fields[1:] if other.is_unit), None)
    for options in (item, unit):
        if options is not None and options.options and options.type != "boolean":
            yield ("units: " if options is unit else "one of: ") + _options(options)
    if line.proposal and line.proposal.sources:
        sample = next((text for one in line.proposal.sources for text in one.texts), "")
        names = ", ".join(
            f"{one.name} ({one.titles[0]})" if one.titles else one.name for one in line.proposal.sources
        )
        share = f"{max(one.filled for one in line.proposal.sources):.0%} of the sample"
        yield f"proposed: {names}, {share}" + (f", e.g. {_short(sample)}" if sample else "")
    if line.proposal and line.proposal.note:
        yield line.proposal.note
    if line.active and not line.proposal:
        yield "nothing in the PIM looks like it: fill in a constant or an expression"
    if line.perhaps:
        yield f"perhaps {line.perhaps.expression}, e.g. {_short(next(iter(line.perhaps.texts), ''))}"


def _shape(item: Field) -> str:
    parts = [item.type]
    if item.max is not None:
        parts.append(f"at most {item.max:,.10g}" + (" characters" if item.json_type == "string" else ""))
    if item.max_bytes is not None:
        parts.append(f"at most {item.max_bytes:,} bytes")
    if item.max_values is None or item.max_values > 1:
        parts.append("several values" if item.max_values is None else f"up to {item.max_values} values")
    return ", ".join(parts)


def _options(item: Field, shown: int = 12) -> str:
    names = [option.name for option in item.options if not option.deprecated]
    more = f", … ({len(names)} in all, see `amazon-listings fields`)" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}”"
