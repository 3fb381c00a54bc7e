import itertools
import json

import pytest
from amazon_client import lamp
from jsonschema import Draft201909Validator

from spapi_sandbox.definitions.dialect import compile_document
from spapi_sandbox.definitions.product_type_files import LANGUAGES, Variant, product_type_names, read
from spapi_sandbox.definitions.vocabulary import validator
from spapi_sandbox.marketplaces import MARKETPLACES

WRITTEN = ("BACKPACK", "DRINKING_CUP", "LAMP")
SALE = {"value_with_tax": 1, "start_at": "2026-12-01", "end_at": "2026-12-02"}
IDENTITY = {"externally_assigned_product_identifier", "merchant_suggested_asin"}


def document(product_type="LAMP", country="FR", language="fr", **variant):
    return compile_document(product_type, Variant(MARKETPLACES[country], language, **variant))[0]


def missing(attributes, **variant):
    """The attributes that a document says are missing."""
    errors = list(validator(document(**variant)).iter_errors(attributes))
    assert all(error.validator == "required" and not error.absolute_path for error in errors), errors
    return {name for error in errors for name in error.validator_value if name not in attributes}


def leaves(node, path=""):
    if isinstance(node, dict):
        yield path, node
        for name, inner in node.items():
            yield from leaves(inner, f"{path}/{name}")


def test_the_types_are_big_enough_to_be_believed():
    assert set(WRITTEN) < set(product_type_names())
    for name in WRITTEN:
        made = document(name)
        assert len(made["properties"]) >= 45
        assert len(made["allOf"]) >= 10
        Draft201909Validator.check_schema(made)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_language_says_the_same_in_its_own_words(name):
    made = {language: document(name, language=language) for language in LANGUAGES}
    shapes = {language: dict(leaves(tree["properties"])) for language, tree in made.items()}
    localised = set()
    for language in LANGUAGES:
        assert shapes[language].keys() == shapes["en"].keys()
        for path, node in shapes[language].items():
            if "enum" in node:
                assert len(node["enum"]) == len(node.get("enumNames", node["enum"])) == len(set(node["enum"]))
                if node["enum"] != shapes["en"][path]["enum"]:
                    localised.add(path.split("/")[1])
    assert localised == {"style"}  # the one list whose codes are words of the language
    titles = {
        language: [spec["title"] for spec in tree["properties"].values()] for language, tree in made.items()
    }
    assert all(title.strip() for language in LANGUAGES for title in titles[language])
    for one, other in itertools.combinations(LANGUAGES, 2):
        same = sum(a == b for a, b in zip(titles[one], titles[other], strict=True))
        assert same < len(titles[one]) / 4


@pytest.mark.parametrize("name", product_type_names())
def test_groups_hold_each_attribute_once(name):
    made, groups = compile_document(name, Variant(MARKETPLACES["US"], "en"))
    shown = [attribute for group in groups.values() for attribute in group["propertyNames"]]
    assert sorted(shown) == sorted(made["properties"])


def test_a_whole_payload_is_valid_and_its_parts_are_missed():
    assert missing(lamp()) == set()
    assert missing(lamp(brand=None, item_weight=None)) == {"brand", "item_weight"}


def test_identity_takes_one_of_three_ways():
    without = lamp(externally_assigned_product_identifier=None)
    assert missing(without) == IDENTITY
    assert missing({**without, "merchant_suggested_asin": [{"value": "B000000001"}]}) == set()
    exempt = "supplier_declared_has_product_identifier_exemption"
    assert missing({**without, exempt: [{"value": True}]}) == set()
    assert missing({**without, exempt: [{"value": False}]}) == IDENTITY


def test_batteries_ask_step_by_step():
    asked = lamp(batteries_required=[{"value": True}])
    assert missing(asked) == {"batteries_included"}
    asked["batteries_included"] = [{"value": True}]
    assert missing(asked) == {"num_batteries", "battery"}
    asked["num_batteries"] = [{"quantity": 2, "type": "aa"}]
    asked["battery"] = [{"cell_composition": [{"value": "alkaline"}]}]
    assert missing(asked) == set()


def test_families():
    child = lamp(parentage_level=[{"value": "child"}])
    assert missing(child) == {"child_parent_sku_relationship", "variation_theme"}
    relation = {"child_relationship_type": "variation"}
    child |= {"variation_theme": [{"name": "SIZE/COLOR"}], "child_parent_sku_relationship": [relation]}
    errors = list(validator(document()).iter_errors(child))
    assert [(error.validator, list(error.absolute_path)) for error in errors] == [
        ("required", ["child_parent_sku_relationship", 0])
    ]
    relation["parent_sku"] = "P1"
    assert missing(child) == {"size", "color"}
    parent = {name: child[name] for name in ("item_name", "brand", "product_description", "bullet_point")}
    for name in ("country_of_origin", "supplier_declared_dg_hz_regulation", "lamp_type", "light_source_type"):
        parent[name] = child[name]
    parent |= {"parentage_level": [{"value": "parent"}], "variation_theme": [{"name": "COLOR"}]}
    assert missing(parent) == {"child_parent_sku_relationship"}


def test_a_parentage_level_asked_for_is_resolved():
    child, parent, alone = (document(parentage=level) for level in ("CHILD", "PARENT", "NONE"))
    assert {"parentage_level", "variation_theme", "child_parent_sku_relationship"} <= set(child["required"])
    assert "condition_type" not in parent["required"]
    assert "parentage_level" not in alone["properties"]
    assert "manufacturer" in alone["required"]
    assert all(
        len(json.dumps(made["allOf"])) < len(json.dumps(document()["allOf"]))
        for made in (child, parent, alone)
    )


def test_requirements_partners_and_regions_choose_attributes():
    facts = document(requirements="LISTING_PRODUCT_ONLY")["properties"]
    terms = document(requirements="LISTING_OFFER_ONLY")["properties"]
    assert "item_name" in facts
    assert "purchasable_offer" not in facts
    assert "item_name" not in terms
    assert {"purchasable_offer", "merchant_suggested_asin", "condition_type"} <= set(terms)
    vendor = document(partner="vendor")
    assert "cost_price" in vendor["required"]
    assert not {"purchasable_offer", "fulfillment_availability", "condition_type"} & set(vendor["properties"])
    assert "gpsr_safety_attestation" in document()["properties"]
    assert "gpsr_safety_attestation" not in document(country="US")["properties"]


def test_not_enforced_keeps_the_structure_and_drops_the_requirements():
    loose = document(enforced=False)
    assert loose["required"] == []
    assert "allOf" not in loose
    assert loose["properties"] == document()["properties"]


def test_deprecated_themes_are_named():
    theme = read("LAMP")["deprecated_themes"]
    name = document()["properties"]["variation_theme"]["items"]["properties"]["name"]
    assert name["$lifecycle"]["enumDeprecated"] == theme
    assert set(theme) < set(name["enum"])


@pytest.mark.parametrize(
    ("offer", "keyword"),
    [
        ({"our_price": [{"schedule": [{"value_with_tax": 0.07}]}]}, None),
        # Amazon's definitions know no decimals of a currency; its rules do.
        ({"our_price": [{"schedule": [{"value_with_tax": 0.075}]}]}, None),
        ({"our_price": [{"schedule": [{}]}]}, "required"),
        ({"discounted_price": [{"schedule": [SALE]}]}, "required"),
        ({"audience": "B2B", "minimum_seller_allowed_price": [{}]}, "not"),
        ({"start_at": {"value": "1.12.2026"}}, "oneOf"),
    ],
)
def test_offers(offer, keyword):
    errors = list(validator(document()).iter_errors(lamp(purchasable_offer=[{"currency": "EUR", **offer}])))
    assert [error.validator for error in errors] == ([keyword] if keyword else [])
