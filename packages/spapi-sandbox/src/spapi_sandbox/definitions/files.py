"""A folder of real product type definitions, and the variants that can be cut from a whole one."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spapi_sandbox.marketplaces import ALIASES, MARKETPLACES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
#: Attributes that are terms of a sale in Amazon's own documents.
_OFFER = re.compile(
    r"^(skip_offer|fulfillment_availability|map_policy|purchasable_offer|condition_\w+|list_price|cost_price"
    r"|product_tax_code|merchant_release_date|merchant_shipping_group|max_order_quantity|gift_options"
    r"|(main|other)_offer_image_locator\w*|supplemental_condition_information)$"
)
_BOTH = re.compile(
    r"^(externally_assigned_product_identifier|merchant_suggested_asin|country_of_origin|batter\w+|num_batteries"
    r"|item_(package_)?(dimensions|weight)|supplier_declared_dg_hz_regulation|hazmat|ghs\w*|safety_data_sheet_url)$"
)
_GROUPS = (
    ("offer", "Offer", _OFFER),
    ("images", "Images", re.compile(r"image_locator")),
    (
        "variations",
        "Variations",
        re.compile(r"^(parentage_level|child_parent_sku_relationship|variation_theme)$"),
    ),
    ("shipping", "Shipping", re.compile(r"package_(dimensions|weight)|number_of_boxes|ships_globally")),
    (
        "safety_and_compliance",
        "Safety & Compliance",
        re.compile(r"batter|hazmat|ghs|gpsr|compliance|safety|country_of_origin|dg_hz"),
    ),
    (
        "product_identity",
        "Product Identity",
        re.compile(
            r"^(item_name|brand|externally_assigned.*|merchant_suggested_asin|model_.*|manufacturer)$"
        ),
    ),
    ("product_details", "Product Details", re.compile("")),
)


@dataclass(frozen=True)
class DefinitionFile:
    """One file: `TYPE.COUNTRY.locale[.REQUIREMENTS][.version].json`."""

    path: Path
    product_type: str
    country: str
    locale: str
    requirements: str
    version: str


def cut_variant(document: dict[str, Any], requirements: str, *, enforced: bool) -> dict[str, Any]:
    """Return the variant of a whole document: fewer attributes, or no requirements."""
    document = copy.deepcopy(document)
    properties = document["properties"]
    if requirements == "LISTING_PRODUCT_ONLY":
        properties = {name: spec for name, spec in properties.items() if not _OFFER.search(name)}
    elif requirements == "LISTING_OFFER_ONLY":
        properties = {
            name: spec for name, spec in properties.items() if _OFFER.search(name) or _BOTH.search(name)
        }
    document["properties"] = properties
    document["required"] = [name for name in document.get("required", []) if enforced and name in properties]
    rules = [rule for rule in document.pop("allOf", []) if enforced and _requires_only(rule, set(properties))]
    if rules:  # JSON Schema allows no empty list here
        document["allOf"] = rules
    return document


def _requires_only(rule: object, names: set[str]) -> bool:
    """Return whether a rule asks for nothing that the cut document no longer has."""
    if isinstance(rule, list):
        return all(_requires_only(part, names) for part in rule)
    if not isinstance(rule, dict):
        return True
    then = rule.get("then", {})
    return set(then.get("required", [])) <= names and _requires_only(rule.get("allOf", []), names)


def definition_files(folder: Path) -> Iterator[DefinitionFile]:
    """Yield the definition files of a folder; other files are left alone."""
    for path in sorted(folder.glob("*.json")):
        parts = path.name.removesuffix(".json").split(".")
        if len(parts) < 3 or ALIASES.get(parts[1], parts[1]) not in MARKETPLACES:  # noqa: PLR2004 - TYPE.COUNTRY.locale
            continue
        rest = parts[3:]
        requirements = rest.pop(0) if rest and rest[0] in REQUIREMENTS else "LISTING"
        country = ALIASES.get(parts[1], parts[1])
        yield DefinitionFile(path, parts[0], country, parts[2], requirements, ".".join(rest))


def property_groups(names: list[str]) -> dict[str, Any]:
    """Property groups as Amazon would show them, guessed from the attributes' names."""
    groups: dict[str, Any] = {}
    for name in names:
        code, title = next((code, title) for code, title, pattern in _GROUPS if pattern.search(name))
        group = groups.setdefault(code, {"title": title, "description": "", "propertyNames": []})
        group["propertyNames"].append(name)
    return groups
