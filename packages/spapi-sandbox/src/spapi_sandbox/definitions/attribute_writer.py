"""Writes one attribute of a product type in Amazon's dialect: an array of objects with its keywords."""

from __future__ import annotations

import unicodedata
from typing import Any

from spapi_sandbox.definitions.product_type_files import Variant, read, text

_DATES = [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
_UNIT = ("{} Unit", "Unidad de {}", "Unité de {}", "Einheit: {}")
_NO, _YES = ("No", "No", "Non", "Nein"), ("Yes", "Sí", "Oui", "Ja")
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


class AttributeWriter:
    """Writes attributes in the language and for the marketplace of one variant."""

    def __init__(self, variant: Variant, declared: dict[str, Any]) -> None:
        self._language = variant.language
        self._marketplace = variant.marketplace
        self._declared = declared

    def attribute(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of an attribute as declared in the product type files."""
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
            sides: dict[str, dict[str, Any]] = {
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
            names = [text(texts, self._language) for texts in (_NO, _YES)]
            return {**written, "enum": [False, True], "enumNames": names}
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
