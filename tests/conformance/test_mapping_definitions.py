"""Mappings against Amazon's own definitions: every leaf, offers as captured, families."""

from __future__ import annotations

import copy
import json
from functools import cache
from itertools import zip_longest

import pytest
from fields_documents import REAL_NAMES, SHARED, document
from test_mapping_french import FRENCH

from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.mapping.short_forms.forms import SHORT_FORMS
from amazon_listings.marketplaces import marketplace
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from amazon_product_types.matching import normal
from amazon_product_types.validation import compile_definition

COUNTRY = {"US": "en_US", "FR": "fr_FR", "GB": "en_GB"}
CAPTURE = "putListingsItem__PRODUCT_OFFER_ONLY_GB_2024-09__lineofflight-peddler.json"


@cache
def index_of(name):
    requirements = "LISTING_OFFER_ONLY" if "OFFER_ONLY" in name else "LISTING"
    return FieldIndex(fields(Definition(document(name))), requirements=requirements)


def compiled(name, mapping, definition=None, **options):
    index = index_of(name) if definition is None else FieldIndex(fields(Definition(definition)))
    definition = definition or document(name)
    country = name.split(".")[1]
    language = COUNTRY[country]
    requirements = "LISTING_OFFER_ONLY" if "OFFER_ONLY" in name else "LISTING"
    return compile_mapping(
        mapping,
        index=index,
        definition=definition,
        marketplace=marketplace(country),
        languages={language[:2]: language},
        requirements=requirements,
        **options,
    )


def record(**given):
    return {
        "id": "1",
        "ref": "P1",
        "status": "V",
        "modified": None,
        "fields": {},
        "texts": {},
        "images": {},
        **given,
    }


def item(*, variant=None, sku="S1", **given):
    return {
        "pim_id": "variants/1",
        "group": "products/1",
        "sku": sku,
        "status": "V",
        "modified": None,
        "product": record(**given),
        "variant": variant,
    }


def sample(field):
    """A value the field takes, written as a person would."""
    if field.options:
        return field.options[0].name if field.json_type == "string" else field.options[0].value
    if field.type == "date":
        return "31.12.2026"
    if field.type == "url":
        return "https://cdn.example/1.jpg"
    return {"number": "1,5", "integer": "3", "boolean": "yes"}.get(field.json_type, "0123")


def beside_one_another(found):
    """Lists of fields, each of other attributes: they are mapped together, because compiling takes long."""
    by_attribute = {}
    for field in found:
        by_attribute.setdefault(field.attribute, []).append(field)
    return [list(filter(None, some)) for some in zip_longest(*by_attribute.values())]


@pytest.mark.parametrize("name", REAL_NAMES)
def test_every_leaf_can_be_mapped_and_stands_at_its_place(name):
    mappable = []
    for field in index_of(name).fields:
        if field.max_values == 0 or any(level.max_items == 0 for level in field.levels):
            with pytest.raises(MappingErrors, match="Amazon Business"):
                compiled(name, {field.path: sample(field)})
        else:
            mappable.append(field)
    for some in beside_one_another(mappable):
        values = {f"x{number}": sample(field) for number, field in enumerate(some)}
        for field, (column, value) in zip(some, values.items(), strict=True):
            if isinstance(value, str) and [option.name for option in field.options].count(value) > 1:
                values[column] = field.options[0].value
        mapping = {field.path: f"{{{{ item.{column} }}}}" for field, column in zip(some, values, strict=True)}
        mapped = compiled(name, mapping).apply(item(fields=values))
        assert not [issue for issue in mapped.issues if issue.severity == "ERROR"], mapped.issues
        assert mapped.attributes.keys() == {field.attribute for field in some}
        for field in some:
            check_place(field, mapped.attributes[field.attribute])


def check_place(field, found):
    """At the field's place stands a value of its type, and of its options where it has some."""
    for level in field.levels:
        found = found if level is field.levels[0] else found[level.name]
        found = found[0] if level.is_array else found
    kinds = {"number": (int, float), "integer": int, "boolean": bool, "string": str}
    assert isinstance(found, kinds[field.json_type]), field.path
    assert not isinstance(found, bool) or field.json_type == "boolean"
    if field.options and not field.open:
        assert found in [option.value for option in field.options]


@pytest.mark.parametrize("name", REAL_NAMES)
def test_no_short_form_is_the_name_of_a_field(name):
    definition = document(name)
    labels = {normal(label) for field in fields(Definition(definition)) for label in field.labels}
    for short in SHORT_FORMS:
        assert short not in definition["properties"]
        assert normal(short) not in labels


OFFER = {
    "asin": "{{ item.asin }}",
    "condition_type": "New",
    "Merchant Shipping Group": "legacy-template-id",
    "stock": {"quantity": "{{ item.stock }}", "handling_days": 3},
    "offers": {"price": "{{ item.price }}", "minimum": "{{ item.low }}", "maximum": "{{ item.high }}"},
}
OFFERED = {"asin": "188864544x", "stock": "1", "price": "400,00", "low": 350, "high": "450"}


@pytest.mark.parametrize("name", [name for name in REAL_NAMES if "OFFER_ONLY" in name])
def test_an_offer_on_an_existing_asin_is_what_was_captured_at_amazon(name):
    definition = document(name)
    captured = json.loads((SHARED / "amazon/examples/captures" / CAPTURE).read_bytes())
    wanted = captured["request"]["body"]["attributes"]
    mapped = compiled(name, OFFER).apply(item(fields=OFFERED))
    assert mapped.issues == []
    assert compile_definition(definition).is_valid(mapped.attributes)
    mapped.attributes["purchasable_offer"][0].pop("audience")  # the default, which the capture left out
    assert mapped.attributes == wanted


def test_prices_for_businesses_in_the_definition_of_an_enrolled_account():
    name = REAL_NAMES[-1]
    definition = copy.deepcopy(document(name))
    offer = definition["properties"]["purchasable_offer"]["items"]["properties"]
    offer["audience"] |= {"enum": ["ALL", "B2B"], "enumNames": ["All", "Business"]}
    del offer["quantity_discount_plan"]["maxItems"]
    mapping = OFFER | {
        "offers": {
            "price": "{{ item.price }}",
            "sale": {"price": 390, "from": "1.12.2026", "to": "2026-12-10"},
            "business": {"price": 380, "quantity_discounts": {"type": "fixed", "levels": {5: 370, 10: 360}}},
        }
    }
    mapped = compiled(name, mapping, definition).apply(item(fields=OFFERED))
    assert mapped.issues == []
    assert [offer["audience"] for offer in mapped.attributes["purchasable_offer"]] == ["ALL", "B2B"]
    assert compile_definition(definition).is_valid(mapped.attributes)


def test_a_field_outside_the_requirements_says_so():
    with pytest.raises(MappingErrors, match="LISTING_OFFER_ONLY"):
        compiled(REAL_NAMES[-1], {**OFFER, "Brand Name": "Acme"})


def test_a_family_of_home_is_accepted_parent_and_children():
    name = "HOME.FR.fr_FR.2025-01"
    definition = document(name)
    texts = {
        "prod_title": {"fr": "Table"},
        "prod_description": {"fr": "Une table."},
        "feature_1": {"fr": "Solide"},
    }
    facts = {
        "brand": "Acme",
        "manufacturer": "Acme",
        "model_number": "T1",
        "country_of_origin": "FR",
        "weight": "12,5 kg",
        "weight_value": 13,
        **dict.fromkeys(("depth_cm", "width_cm", "height_cm"), 40),
        "price": 99,
        "stock": 3,
        "amazon_product_type": "TABLE",
        **dict.fromkeys(("batteries_required", "batteries_included"), False),
    }
    images = {"product_image": [{"url": "https://cdn.example/1.jpg"}]}
    rows = [{"size": "S", "color": "Rouge"}, {"size": "M", "color": "Bleu"}]
    family = [
        item(
            sku=f"S{number}",
            fields=facts,
            texts=texts,
            images=images,
            variant=record(id=str(number), ref=f"V{number}", fields={**row, "ean": "4006381333931"}),
        )
        for number, row in enumerate(rows)
    ]
    variations = {"theme": "SIZE/COLOR", "parent_sku": "{{ product.reference }}-P"}
    mapping = compiled(name, FRENCH, variations=variations)
    judge = compile_definition(definition)
    members = mapping.expand_family(family)
    assert [member["role"] for member in members] == ["parent", "child", "child"]
    for member in members:
        mapped = mapping.apply(member, siblings=[one["variant"] for one in family])
        errors = [issue for issue in mapped.issues if issue.severity == "ERROR"]
        errors += [issue for issue in judge.issues(mapped.attributes) if issue.severity == "ERROR"]
        assert [issue.message for issue in errors] == []
        if member["role"] == "parent":
            assert not mapped.attributes.keys() & {
                "purchasable_offer",
                "externally_assigned_product_identifier",
            }
