"""Short forms: `offers`, `stock`, `images` and the like, for what is deeply nested at Amazon.

Each becomes ordinary values of ordinary attributes before the mapping is compiled. Shapes after
"Submit modular titles", "Mapping product attributes" and "Manage purchasable offer" of the SP-API
documentation, names after the definitions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.expressions.compiled import Expression, as_expression, combined
from amazon_listings.mapping.faults import InvalidLine
from amazon_listings.mapping.formulas.limits import shown
from amazon_listings.mapping.short_forms.context import check_keys
from amazon_listings.mapping.short_forms.offers import offers
from amazon_listings.mapping.values.debris import cleaned, is_suspect
from amazon_listings.mapping.values.lengths import modular_title
from amazon_listings.mapping.values.options import ConversionError, Remarked
from amazon_listings.mapping.values.quantities import NotANumber, number
from amazon_listings.mapping.values.value import is_empty
from amazon_listings.marketplaces import UNION
from amazon_listings.messages import message
from amazon_product_types import gtin as trade_numbers
from amazon_product_types.rules import MODULAR_HIGHLIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.short_forms.context import MarketplaceContext, Placed
    from amazon_listings.mapping.values.value import Value
    from amazon_listings.messages import Message

_STOCK = {
    "quantity": "quantity",
    "channel": "fulfillment_channel_code",
    "handling_days": "lead_time_to_ship_max_days",
    "restock": "restock_date",
    "always": "is_inventory_available",
}


def spread(value: Any, slots: Sequence[str]) -> Placed:
    """Spread a list of pictures over several places, the first to the first.

    What does not fit is a warning.
    """
    if isinstance(value, dict):
        raise InvalidLine(message("mapping.pictures_are"))
    sources = [as_expression(one) for one in (value if isinstance(value, list) else [value])]

    listed = combined(sources, lambda values: [one for one in _flat(values) if not is_empty(one)], "")
    last: tuple[ItemRow | None, Any] = (None, [])

    def pictures(row: ItemRow) -> Any:
        nonlocal last
        found = listed.evaluate(row)
        last = (row, found)
        return found

    def nth(position: int) -> Callable[[ItemRow], Any]:
        def pick(row: ItemRow) -> Any:
            # Every place asks for the same list of the same item, one after the other.
            known, found = last
            if known is not row:
                found = pictures(row)
            if position >= len(found):
                return None
            if position == len(slots) - 1 and len(found) > len(slots):
                more = len(found) - len(slots)
                facts = {"limit": len(slots), "given": len(found), "more": more}
                return Remarked(found[position], "pictures", facts)
            return found[position]

        return pick

    return [
        (
            path,
            listed.derived(nth(position), f"picture {position + 1}"),
        )
        for position, path in enumerate(slots)
    ]


def images(value: object, context: MarketplaceContext) -> Placed:
    """`images`: the first picture is the main one, the others follow."""
    for kind in ("product", "offer"):
        main = f"main_{kind}_image_locator.media_location"
        if main in context.fields:
            return spread(value, [main, *context.numbered(f"other_{kind}_image_locator")])
    raise InvalidLine(message("mapping.no_images"))


def stock(value: object, context: MarketplaceContext) -> Placed:
    """`stock`: the merchant's own quantity, or a fulfilment channel of Amazon."""
    entry = dict(value) if isinstance(value, dict) else {"quantity": value}
    by_country = entry.pop("by_country", None)
    if by_country is not None:
        entry["quantity"] = _own_quantity(by_country, context)
    check_keys(entry, _STOCK, "`stock`")
    element = {_STOCK[name]: content for name, content in entry.items()}
    return [("fulfillment_availability", [{"fulfillment_channel_code": "DEFAULT", **element}])]


def _own_quantity(by_country: object, context: MarketplaceContext) -> Expression:
    """Return this marketplace's quantity, refused where another one of the same stock contradicts it."""
    country, notation = context.marketplace.country, replace(context.notation, exact=True)
    if not isinstance(by_country, dict) or country not in by_country:
        raise InvalidLine(message("mapping.by_country_needs", country=country))
    shared = [country, *(c for c in by_country if c != country and {c, country} <= UNION)]

    parts = [as_expression(by_country[name], notation) for name in shared]
    readings = {name: notation.numbers(part.fields) for name, part in zip(shared, parts, strict=True)}

    def agreed(values: list[Any]) -> Any:
        found = {name: value for name, value in zip(shared, values, strict=True) if not is_empty(value)}
        try:
            different = {number(value, readings[name]) for name, value in found.items()}
        except NotANumber as reason:
            raise ConversionError("quantity_no_number", reason=reason) from None
        if len(different) > 1:
            said = ", ".join(f"{name} {shown(value)}" for name, value in found.items())
            raise ConversionError("quantities_differ", said=said)
        return found.get(country)

    return combined(parts, agreed, f"quantity of {country}, the same in all of the EU")


def asin(value: Any, context: MarketplaceContext) -> Placed:
    """`asin`: an offer on a product that Amazon has already."""
    _needs(context, "merchant_suggested_asin.value")
    expression = as_expression(value).then(lambda found: shown(found).strip().upper(), "ASIN")
    return [("merchant_suggested_asin.value", expression)]


def gtin(value: Any, context: MarketplaceContext) -> Placed:
    """`gtin`: EAN, UPC or GTIN, told apart by length; `exempt_when_empty: true` asks for the exemption."""
    _needs(context, "externally_assigned_product_identifier.value")
    entry = dict(value) if isinstance(value, dict) else {"value": value}
    check_keys(entry, ("value", "type", "exempt_when_empty"), "`gtin`")
    if "value" not in entry:
        raise InvalidLine(message("mapping.gtin_needs_value"))
    source = as_expression(entry["value"])
    digits = source.then(_trade_number, "trade number")
    kind = entry.get("type") or digits.then(_gtin_type, "kind by length")
    placed: Placed = [("externally_assigned_product_identifier", [{"type": kind, "value": digits}])]
    if entry.get("exempt_when_empty"):
        exempt = combined([source], lambda values: is_empty(values[0]) or None, "exempt: no trade number")
        placed += gtin_exemption(exempt, context)
    return placed


def _trade_number(found: Value) -> str:
    """Return the digits of a trade number; what a spreadsheet made of one is named."""
    text = shown(found)
    return trade_numbers.digits(cleaned(text).text if is_suspect(text) else text)


def _gtin_type(found: Value) -> str:
    digits = shown(found)
    if kind := trade_numbers.TYPES.get(len(digits)):
        return kind
    raise ConversionError(
        "trade_number_length", found=digits, digits=len(digits), lengths=tuple(trade_numbers.TYPES)
    )


def gtin_exemption(value: object, context: MarketplaceContext) -> Placed:
    """`gtin_exemption`: the exemption that Amazon granted for brand and category."""
    path = "supplier_declared_has_product_identifier_exemption.value"
    _needs(context, path)
    return [(path, value)]


def modular(value: Any, context: MarketplaceContext) -> Placed:
    """`modular_title`: a full title as `item_name` (75 characters) and `title_differentiation` (125)."""
    _needs(context, "item_name.value")
    _needs(
        context,
        "title_differentiation.value",
        message("mapping.no_differentiation", introduced=date(2026, 7, 27)),
    )
    title = as_expression(value)

    def highlights(found: object) -> Any:
        parts = modular_title(shown(found))
        if not parts.left_out:
            return parts.highlights
        return Remarked(
            parts.highlights, "text", {"limit": MODULAR_HIGHLIGHTS.characters, "rest": parts.left_out}
        )

    return [
        (
            "item_name.value",
            title.then(lambda found: modular_title(shown(found)).name, "name of a modular title"),
        ),
        ("title_differentiation.value", title.then(highlights, "highlights of a modular title")),
    ]


def _flat(values: Iterable[object]) -> list[Any]:
    return [one for value in values for one in (value if isinstance(value, list | tuple) else [value])]


def _needs(context: MarketplaceContext, path: str, problem: Message | None = None) -> None:
    if path not in context.fields:
        raise InvalidLine(problem or message("mapping.definition_lacks", field=path))


SHORT_FORMS: dict[str, Callable[[Any, MarketplaceContext], Placed]] = {
    "asin": asin,
    "gtin": gtin,
    "gtin_exemption": gtin_exemption,
    "images": images,
    "modular_title": modular,
    "offers": offers,
    "stock": stock,
}
