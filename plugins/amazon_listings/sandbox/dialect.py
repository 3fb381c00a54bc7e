"""Compiles the product types of `include/sandbox/product_types` into Amazon's dialect.

The output is what `getDefinitionsProductType` links to: JSON Schema 2019-09 with `selectors`,
`minUniqueItems`, `maxUniqueItems`, `maxUtf8ByteLength`, `enumNames`, `editable`, `hidden` and
`$lifecycle` (Amazon's "Product Type Definition Meta-Schema (v1)"), every attribute an array of
objects, requirements that depend on other attributes as `if`/`then` under `allOf`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from amazon_listings.sandbox.conditions import element_schema_of, schema_of, simplified

if TYPE_CHECKING:
    from amazon_listings.marketplaces import Marketplace

FOLDER = Path(__file__).resolve().parents[3] / "include" / "sandbox" / "product_types"
LANGUAGES = ("en", "es", "fr", "de")
META_SCHEMA = "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
_SCHEMA = "https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/"
_DATES = [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
_UNIT = ("{} Unit", "Unidad de {}", "Unité de {}", "Einheit: {}")
_SIDES = {
    "length": ("Length", "Longitud", "Longueur", "Länge"),
    "width": ("Width", "Anchura", "Largeur", "Breite"),
    "height": ("Height", "Altura", "Hauteur", "Höhe"),
}
_CONSTRAINTS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "max_bytes": "maxUtf8ByteLength",
    "min_bytes": "minUtf8ByteLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "format": "format",
    "default": "default",
}
_CHANNELS = {"NA": "AMAZON_NA", "EU": "AMAZON_EU", "FE": "AMAZON_JP"}


class Variant(NamedTuple):
    """Which document of a product type: what `getDefinitionsProductType` was asked for.

    `partner` is `seller` or `vendor`, `parentage` is `None` or one of `NONE`, `CHILD`, `PARENT`.
    """

    marketplace: Marketplace
    language: str
    requirements: str = "LISTING"
    enforced: bool = True
    parentage: str | None = None
    partner: str = "seller"


@cache
def product_type_names() -> tuple[str, ...]:
    """The product types written for the sandbox, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem.isupper()))


@cache
def read(name: str) -> dict[str, Any]:
    """One file of the folder: a product type, `attributes` or `vocabularies`."""
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        return dict(yaml.safe_load(file))


def text(texts: list[str] | tuple[str, ...], language: str) -> str:
    """The text of `language` (`fr`); English where the sandbox does not speak the language."""
    return texts[LANGUAGES.index(language) if language in LANGUAGES else 0]


def compile_document(product_type: str, variant: Variant) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document of a product type and its property groups, for one variant."""
    declared = read(product_type)
    specs = _specs(declared, variant)
    writer = _Writer(variant, declared)
    properties = {name: writer.attribute(spec) for name, spec in specs.items()}
    required, rules = _requirements(declared, specs, variant) if variant.enforced else ([], [])
    marketplace = variant.marketplace
    document = {
        "$schema": META_SCHEMA,
        "$id": f"{_SCHEMA}{product_type}",
        "$comment": f"Product type definition for {product_type}, written for the sandbox",
        "$defs": {
            "marketplace_id": _hidden_choice(marketplace.id, [marketplace.id], [marketplace.name]),
            "language_tag": _hidden_choice(
                marketplace.languages[0], list(marketplace.languages), list(marketplace.languages)
            ),
        },
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
        "allOf": rules,
    }
    return document, _groups(specs, variant.language)


def _hidden_choice(default: str, values: list[str], names: list[str]) -> dict[str, Any]:
    return {
        "default": default,
        "editable": False,
        "hidden": True,
        "examples": names[:1],
        "type": "string",
        "anyOf": [{"type": "string"}, {"type": "string", "enum": values, "enumNames": names}],
    }


def _specs(declared: dict[str, Any], variant: Variant) -> dict[str, dict[str, Any]]:
    left_out = set(declared["leave_out"])
    if variant.parentage == "NONE":
        left_out |= {"parentage_level", "child_parent_sku_relationship", "variation_theme"}
    shared: dict[str, dict[str, Any]] = read("attributes")["attributes"]
    specs: dict[str, dict[str, Any]] = {}
    for name, spec in {**shared, **declared["attributes"]}.items():
        if name not in left_out and _belongs(spec, variant):
            for number in range(1, spec.get("numbered", 0) + 1):
                specs[f"{name}_{number}"] = {
                    **spec,
                    "title": [f"{title} {number}" for title in spec["title"]],
                }
            if "numbered" not in spec:
                specs[name] = spec
    return specs


def _belongs(spec: dict[str, Any], variant: Variant) -> bool:
    part = spec.get("part", "facts")
    if variant.requirements == "LISTING_OFFER_ONLY" and part == "facts":
        return False
    if variant.requirements == "LISTING_PRODUCT_ONLY" and part == "offer":
        return False
    if spec.get("for", variant.partner) != variant.partner:
        return False
    return variant.marketplace.region in spec.get("regions", [variant.marketplace.region])


def _groups(specs: dict[str, dict[str, Any]], language: str) -> dict[str, Any]:
    groups = {}
    for group, title in read("attributes")["groups"].items():
        names = [name for name, spec in specs.items() if spec["group"] == group]
        if names:
            groups[group] = {"title": text(title, language), "description": "", "propertyNames": names}
    return groups


def _requirements(
    declared: dict[str, Any], specs: dict[str, dict[str, Any]], variant: Variant
) -> tuple[list[str], list[dict[str, Any]]]:
    required = [name for name in declared["required"] if name in specs]
    if variant.partner == "vendor" and "cost_price" in specs:
        required.append("cost_price")
    rules = []
    for rule in [*read("attributes")["rules"], *_theme_rules(declared), *declared["rules"]]:
        names = [name for name in rule["require"] if name in specs]
        condition = simplified(rule["when"], lambda *test: _known(*test, specs=specs, variant=variant))
        if not names or condition is False:
            continue
        then: dict[str, Any] = {"required": names}
        fields = {name: needs for name, needs in rule.get("fields", {}).items() if name in specs}
        if fields:
            then["properties"] = {name: {"items": {"required": needs}} for name, needs in fields.items()}
        if condition is True:
            required += [name for name in names if name not in required]
            if fields:
                rules.append({"properties": then["properties"]})
        else:
            rules.append({"if": schema_of(condition), "then": then})
    rules += [
        _element_rule(rule) for rule in read("attributes")["element_rules"] if rule["attribute"] in specs
    ]
    if variant.parentage in {"CHILD", "PARENT"} and "parentage_level" in specs:
        required.append("parentage_level")
    return sorted(set(required)), rules


def _known(
    attribute: str, field: str, wanted: Any, *, specs: dict[str, dict[str, Any]], variant: Variant
) -> bool | None:
    if attribute not in specs:
        return False
    if attribute == "parentage_level" and field == "value" and variant.parentage:
        return wanted == "present" or variant.parentage.lower() == wanted
    return None


def _theme_rules(declared: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "when": {
                "all": [
                    {"child_parent_sku_relationship.parent_sku": "present"},
                    {"not": {"parentage_level.value": "parent"}},
                    {"variation_theme.name": theme},
                ]
            },
            "require": attributes,
        }
        for theme, attributes in declared["themes"].items()
    ]


def _element_rule(rule: dict[str, Any]) -> dict[str, Any]:
    then: dict[str, Any] = {"required": rule["require"]} if "require" in rule else {}
    if "forbid" in rule:
        then = {"not": {"anyOf": [{"required": [name]} for name in rule["forbid"]]}}
    element = {"if": element_schema_of(rule["when"]), "then": then}
    return {"properties": {rule["attribute"]: {"items": element}}}


class _Writer:
    """Writes attributes in the language and for the marketplace of one variant."""

    def __init__(self, variant: Variant, declared: dict[str, Any]) -> None:
        self._language = variant.language
        self._marketplace = variant.marketplace
        self._declared = declared

    def attribute(self, spec: dict[str, Any]) -> dict[str, Any]:
        localized = spec["kind"] == "text" or spec.get("localized", False)
        fields, needs = self._fields_of(spec)
        properties = {name: self._node(field) for name, field in fields.items()}
        selectors = ["marketplace_id"]
        if localized:
            properties["language_tag"] = {"$ref": "#/$defs/language_tag"}
            needs = ["language_tag", *needs]
            selectors.append("language_tag")
        if spec.get("marketplace", True):
            properties["marketplace_id"] = {"$ref": "#/$defs/marketplace_id"}
        written = {**self._texts(spec), "type": "array", "minItems": 1}
        if spec.get("selectors", selectors):
            written |= {
                "minUniqueItems": 1,
                "maxUniqueItems": spec.get("max_unique", 1),
                "selectors": spec.get("selectors", selectors),
            }
        if "max_items" in spec:
            written["maxItems"] = spec["max_items"]
        written["items"] = {
            "type": "object",
            "required": needs,
            "properties": properties,
            "additionalProperties": False,
        }
        return written

    def _fields_of(self, spec: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        kind = spec["kind"]
        if kind == "fields":
            return spec["fields"], list(spec.get("needs", []))
        if kind == "measure":
            return self._measure(spec), ["unit", "value"]
        if kind == "dimensions":
            sides = {
                side: {
                    "title": [f"{title}: {name}" for title, name in zip(spec["title"], names, strict=True)],
                    "needs": ["unit", "value"],
                }
                for side, names in _SIDES.items()
            }
            for side in sides.values():
                side["fields"] = self._measure({**side, "unit": "length_unit", "minimum": 0})
            return sides, sorted(sides)
        leaf = {
            key: value
            for key, value in spec.items()
            if key not in {"kind", "group", "part", "for", "regions"}
        }
        leaf["title"] = spec.get("value_title", spec["title"])
        if kind == "image":
            return {"media_location": {**leaf, "format": "uri", "pattern": "^(https?|s3)://"}}, [
                "media_location"
            ]
        return {"value": {**leaf, "type": "string" if kind in {"text", "string"} else kind}}, ["value"]

    @staticmethod
    def _measure(spec: dict[str, Any]) -> dict[str, Any]:
        limits = {key: spec[key] for key in ("minimum", "maximum") if key in spec}
        unit_titles = [form.format(title) for form, title in zip(_UNIT, spec["title"], strict=True)]
        return {
            "value": {"type": "number", "title": spec["title"], **limits},
            "unit": {"choices": spec["unit"], "title": unit_titles},
        }

    def _node(self, spec: dict[str, Any]) -> dict[str, Any]:
        if "of" in spec:
            limit = {"maxItems": spec["max_items"]} if "max_items" in spec else {}
            element = self._leaf({"title": spec["title"], **spec["of"]})
            return {**self._texts(spec), "type": "array", "minItems": 1, **limit, "items": element}
        if "fields" not in spec:
            return self._leaf(spec)
        body = {
            "type": "object",
            "required": list(spec.get("needs", [])),
            "properties": {name: self._node(field) for name, field in spec["fields"].items()},
            "additionalProperties": False,
        }
        if not spec.get("list"):
            return {**self._texts(spec), **body}
        limit = {"maxItems": spec["max_items"]} if "max_items" in spec else {}
        return {**self._texts(spec), "type": "array", "minItems": 1, **limit, "items": body}

    def _leaf(self, spec: dict[str, Any]) -> dict[str, Any]:
        written = {
            **self._texts(spec),
            "editable": spec.get("editable", True),
            "hidden": spec.get("hidden", False),
        }
        if "examples" in spec:
            written["examples"] = [text(spec["examples"], self._language)]
        written |= {keyword: spec[key] for key, keyword in _CONSTRAINTS.items() if key in spec}
        kind = spec.get("type", "string")
        if kind == "date":
            return {**written, "type": "string", "oneOf": _DATES}
        written["type"] = kind
        if kind == "boolean":
            names = text([("No", "Yes"), ("No", "Sí"), ("Non", "Oui"), ("Nein", "Ja")], self._language)
            return {**written, "enum": [False, True], "enumNames": list(names)}
        if "currency" in spec:
            return self._currency(written, closed=spec["currency"] == "closed")
        if "choices" in spec:
            return self._choice(written, spec)
        return written

    def _currency(self, written: dict[str, Any], *, closed: bool) -> dict[str, Any]:
        currency = self._marketplace.currency
        choice = {"type": "string", "enum": [currency], "enumNames": [currency]}
        if closed:
            return {**written, **choice}
        return {**written, "default": currency, "anyOf": [{"type": "string"}, choice]}

    def _choice(self, written: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        codes, names = self._codes(spec["choices"])
        if spec["choices"] == "variation_theme":
            written["$lifecycle"] = {"enumDeprecated": self._declared["deprecated_themes"]}
        choice = {"enum": codes, "enumNames": names}
        if spec.get("open"):
            return {**written, "anyOf": [{"type": "string"}, {"type": "string", **choice}]}
        return {**written, **choice}

    def _codes(self, vocabulary: str) -> tuple[list[str], list[str]]:
        if vocabulary == "variation_theme":
            themes = list(self._declared["themes"])
            return themes, [theme.replace("_", " ").title() for theme in themes]
        values = dict(read("vocabularies")[vocabulary])
        localised = values.pop("localised_codes", False)
        if vocabulary == "channel":
            values = {
                code: names
                for code, names in values.items()
                if code in {"DEFAULT", _CHANNELS[self._marketplace.region]}
            }
        names = [text(texts, self._language) for texts in values.values()]
        codes = [_code_of(name) for name in names] if localised else list(values)
        return codes, names

    def _texts(self, spec: dict[str, Any]) -> dict[str, Any]:
        title = text(spec["title"], self._language)
        return {
            "title": title,
            "description": text(spec["help"], self._language) if "help" in spec else title,
        }


def _code_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "_")
