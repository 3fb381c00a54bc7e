"""Compiles the product types of `data/product_types` into Amazon's dialect.

The output is what `getDefinitionsProductType` links to: JSON Schema 2019-09 with `selectors`,
`minUniqueItems`, `maxUniqueItems`, `maxUtf8ByteLength`, `enumNames`, `editable`, `hidden` and
`$lifecycle` (Amazon's "Product Type Definition Meta-Schema (v1)"), every attribute an array of
objects, requirements that depend on other attributes as `if`/`then` under `allOf`.
"""

from __future__ import annotations

from typing import Any

from spapi_sandbox.definitions.attribute_writer import AttributeWriter
from spapi_sandbox.definitions.conditions import element_schema_of, schema_of, simplified
from spapi_sandbox.definitions.product_type_files import Variant, read, text

META_SCHEMA = "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
_SCHEMA = "https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/"


def compile_document(product_type: str, variant: Variant) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the document of a product type and its property groups, for one variant."""
    declared = read(product_type)
    specs = _specs(declared, variant)
    writer = AttributeWriter(variant, declared)
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
    }
    if rules:  # JSON Schema allows no empty list here
        document["allOf"] = rules
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
    attribute: str, field: str, wanted: object, *, specs: dict[str, dict[str, Any]], variant: Variant
) -> bool | None:
    if attribute not in specs:
        return False
    if attribute == "parentage_level" and field == "value" and variant.parentage:
        return bool(wanted == "present" or variant.parentage.lower() == wanted)
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
