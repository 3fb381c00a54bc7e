"""The product type definitions that the sandbox serves: its own and those of a folder.

Files of the folder are named `TYPE.COUNTRY.locale[.REQUIREMENTS][.version].json` and served byte
for byte; where only the whole `LISTING` document is there, the other variants are cut from it.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.marketplaces import ALIASES, MARKETPLACES, Marketplace
from amazon_listings.sandbox import dialect
from amazon_listings.sandbox.vocabulary import validator

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


class Key(NamedTuple):
    """What identifies one document."""

    product_type: str
    variant: dialect.Variant
    version: str = "LATEST"


@dataclass(frozen=True, eq=False)  # one object per document: identity is what caches need
class Definition:
    """One document with what `getDefinitionsProductType` says about it."""

    product_type: str
    locale: str
    version: str
    latest: bool
    display_name: str
    property_groups: dict[str, Any]
    content: bytes = field(repr=False)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document, parsed."""
        return dict(json.loads(self.content))

    @cached_property
    def checksum(self) -> str:
        """Base64 of the MD5 of the exact bytes, as Amazon computes it."""
        return checksum(self.content)

    @cached_property
    def validator(self) -> Any:
        """Validator of payloads against the document."""
        return validator(self.document)


@dataclass(frozen=True)
class _File:
    path: Path
    product_type: str
    country: str
    locale: str
    requirements: str
    version: str


def checksum(content: bytes) -> str:
    """Base64 of the MD5 of `content`."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


class DefinitionLibrary:
    """Finds, builds and keeps definitions; safe to use from several threads.

    Args:
        folder: Folder of real definition files, served besides the sandbox's own types.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._files = sorted(_files(folder), key=lambda file: file.version) if folder else []
        self._kept: dict[Key, Definition | None] = {}
        self._lock = threading.Lock()

    def product_types(self, marketplace: Marketplace, language: str) -> list[tuple[str, str, list[str]]]:
        """The types of a marketplace: (name, display name, words to be found by)."""
        found = {
            name: (
                name,
                dialect.text(declared["display_name"], language),
                list(_words(name, declared, language)),
            )
            for name in dialect.product_type_names()
            for declared in (dialect.read(name),)
        }
        for file in self._files:
            if file.country == marketplace.country:
                name = file.product_type
                display = name.replace("_", " ").title()
                found[name] = (name, display, display.lower().split())
        return [found[name] for name in sorted(found)]

    def version(self) -> str:
        """The version of the whole list of types."""
        names = ",".join([*dialect.product_type_names(), *(file.path.name for file in self._files)])
        return _version_of(names.encode())

    def find(self, key: Key) -> Definition | None:
        """The definition for `key`; `None` if the type is not sold in the marketplace or the version unknown."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._build(key)
            return self._kept[key]

    def in_force(
        self, product_type: str, marketplace: Marketplace, requirements: str, *, enforced: bool, partner: str
    ) -> Definition | None:
        """The definition that submissions are judged by: in the marketplace's own locale."""
        language = marketplace.languages[0][:2]
        variant = dialect.Variant(marketplace, language, requirements, enforced, None, partner)
        return self.find(Key(product_type, variant))

    def _build(self, key: Key) -> Definition | None:
        files = [
            file
            for file in self._files
            if (file.product_type, file.country) == (key.product_type, key.variant.marketplace.country)
        ]
        if files:
            return _from_files(files, key)
        if key.product_type not in dialect.product_type_names():
            return None
        return _own(key)


def _own(key: Key) -> Definition | None:
    document, groups = dialect.compile_document(key.product_type, key.variant)
    version = _version_of(json.dumps([dialect.read(key.product_type), dialect.read("attributes")]).encode())
    if key.version not in {"LATEST", "RELEASE_CANDIDATE", version}:
        return None
    language = key.variant.language
    spoken = language if language in dialect.LANGUAGES else "en"
    return Definition(
        product_type=key.product_type,
        locale=spoken,
        version=version,
        latest=True,
        display_name=dialect.text(dialect.read(key.product_type)["display_name"], language),
        property_groups=groups,
        content=_written(document),
    )


def _from_files(files: list[_File], key: Key) -> Definition | None:
    wanted = key.variant.requirements
    if key.version not in {"LATEST", "RELEASE_CANDIDATE"}:
        files = [file for file in files if _version_of(file.path.name.encode()) == key.version]
    same = [file for file in files if file.requirements == wanted] or [
        file for file in files if file.requirements == "LISTING"
    ]
    if not same:
        return None
    spoken = [file for file in same if file.locale[:2] == key.variant.language] or same
    file = spoken[-1]
    content = file.path.read_bytes()
    document = json.loads(content)
    if file.requirements != wanted or not key.variant.enforced:
        document = _cut(
            document, wanted if file.requirements != wanted else "", enforced=key.variant.enforced
        )
        content = _written(document)
    return Definition(
        product_type=key.product_type,
        locale=file.locale,
        version=_version_of(file.path.name.encode()),
        latest=file == same[-1],
        display_name=file.product_type.replace("_", " ").title(),
        property_groups=_groups_of(list(document["properties"])),
        content=content,
    )


def _cut(document: dict[str, Any], requirements: str, *, enforced: bool) -> dict[str, Any]:
    """The variant of a whole document: fewer attributes, or no requirements."""
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
    document["allOf"] = [
        rule for rule in document.get("allOf", []) if enforced and _requires_only(rule, set(properties))
    ]
    return document


def _requires_only(rule: Any, names: set[str]) -> bool:
    """Whether a rule asks for nothing that the cut document no longer has."""
    if isinstance(rule, list):
        return all(_requires_only(part, names) for part in rule)
    if not isinstance(rule, dict):
        return True
    then = rule.get("then", {})
    return set(then.get("required", [])) <= names and _requires_only(rule.get("allOf", []), names)


def _files(folder: Path) -> Iterator[_File]:
    for path in sorted(folder.glob("*.json")):
        parts = path.name.removesuffix(".json").split(".")
        if len(parts) < 3 or ALIASES.get(parts[1], parts[1]) not in MARKETPLACES:  # noqa: PLR2004 - TYPE.COUNTRY.locale
            continue
        rest = parts[3:]
        requirements = rest.pop(0) if rest and rest[0] in REQUIREMENTS else "LISTING"
        country = ALIASES.get(parts[1], parts[1])
        yield _File(path, parts[0], country, parts[2], requirements, ".".join(rest))


def _groups_of(names: list[str]) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    for name in names:
        code, title = next((code, title) for code, title, pattern in _GROUPS if pattern.search(name))
        group = groups.setdefault(code, {"title": title, "description": "", "propertyNames": []})
        group["propertyNames"].append(name)
    return groups


def _words(name: str, declared: dict[str, Any], language: str) -> Iterator[str]:
    yield name.lower().replace("_", " ")
    position = dialect.LANGUAGES.index(language) if language in dialect.LANGUAGES else 0
    yield from declared["keywords"][position]


def _version_of(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return "U" + base64.urlsafe_b64encode(digest).decode().rstrip("=")[:36] + "="


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
