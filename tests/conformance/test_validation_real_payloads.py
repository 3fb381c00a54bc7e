"""Payloads that Amazon accepted, and bodies Amazon wrote for its workshop, read against the definitions."""

from __future__ import annotations

import json

import pytest
from fields_documents import SHARED, document

from amazon_product_types.validation import amazon_issues, compile_definition, merge_issues

EXAMPLES = SHARED / "amazon" / "examples"
BRACELET = "BRACELET.US.en_US.2026-05"
OFFERS = ("PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2024-09", "PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2025-09")


def example(pattern):
    if not EXAMPLES.is_dir():
        pytest.skip(f"Amazon's examples are not at {EXAMPLES}; set AMAZON_LISTINGS_SHARED to their folder")
    (path,) = EXAMPLES.glob(pattern)
    return json.loads(path.read_bytes())


def accepted():
    put = example("captures/putListingsItem__*.json")
    feed = example("captures/JSON_LISTINGS_FEED__*.json")
    return {
        "put": put["request"]["body"]["attributes"],
        "feed": feed["messages"][0]["attributes"],
    }


@pytest.mark.parametrize("source", ["put", "feed"])
@pytest.mark.parametrize("name", OFFERS)
def test_what_amazon_accepted_validates(source, name):
    definition = compile_definition(document(name))
    assert definition.is_valid(accepted()[source])
    assert definition.issues(accepted()[source]) == []


UNKNOWN = {("unknown_attribute", "other_product_image_locator_1"), ("unknown_attribute", "metal_type")}
NO_PRICE = ("missing_field", "purchasable_offer/0/our_price")
ELSEWHERE = {
    ("not_an_option", "externally_assigned_product_identifier/0/type"),  # "UPC": the list has "upc"
    ("missing_attribute", "fulfillment_availability"),
    ("missing_attribute", "condition_type"),
    ("unknown_attribute", "item_name"),
    ("unknown_attribute", "package_level"),
}
#: What a reading of the offer definition gives for each body of the workshop.
WORKSHOP = {
    "02": UNKNOWN,  # product facts, in a definition of offers
    "03": UNKNOWN,
    "04": {
        ("unknown_field", "fulfillment_availability/0/PROVIDE VALUE"),
        ("missing_field", "fulfillment_availability/0/fulfillment_channel_code"),
    },
    "05": {("empty_value", "fulfillment_availability/0/fulfillment_channel_code")},
    "06": set(),
    "08": {("wrong_type", "purchasable_offer/0/discounted_price"), NO_PRICE},  # null, in three elements
    "09": {NO_PRICE},  # a discount needs the price it is taken from
    "10": {("wrong_type", "purchasable_offer/0/discounted_price"), NO_PRICE},
    "11": ELSEWHERE,
    "12": ELSEWHERE | {("unknown_attribute", "package_contains_sku")},
    "13": ELSEWHERE | {("unknown_attribute", "package_contains_sku")},
}


@pytest.mark.parametrize("number", WORKSHOP)
@pytest.mark.parametrize("name", OFFERS)
def test_the_workshops_bodies_give_exactly_what_the_definition_says(number, name):
    definition = compile_definition(document(name))
    body = example(f"listings-lab/{number}_*.json")["body"]
    parts = [{patch["path"].rsplit("/", 1)[1]: patch.get("value")} for patch in body.get("patches", ())]
    found = set()
    for attributes in parts or [body["attributes"]]:
        for issue in definition.issues(attributes):
            # A patch is a part of a listing: what it leaves out is no fault of it.
            if issue.severity == "ERROR" and (not parts or issue.attribute in attributes):
                found.add((issue.code, issue.path))
    assert found == WORKSHOP[number]


def test_the_workshops_product_gives_exactly_what_the_definition_says():
    attributes = example("listings-lab/01_*.json")["body"]["attributes"]
    issues = compile_definition(document(BRACELET)).issues(attributes)
    assert {(issue.code, issue.path) for issue in issues if issue.severity == "ERROR"} == {
        ("unknown_attribute", "care_instructions"),
        ("unknown_attribute", "fabric_type"),
        ("unknown_attribute", "import_designation"),
        ("unknown_field", "item_type_keyword/0/language_tag"),
        ("unknown_field", "target_gender/0/language_tag"),
        ("not_an_option", "target_gender/0/value"),
        ("missing_attribute", "jewelry_material_categorization"),
        ("missing_attribute", "stones"),
        ("missing_attribute", "part_number"),
        ("missing_attribute", "clasp_type"),
        ("missing_attribute", "item_length"),
        ("missing_attribute", "fulfillment_availability"),
        ("missing_attribute", "cpsia_cautionary_statement"),
    }
    assert {(issue.code, issue.path) for issue in issues if issue.severity == "WARNING"} == {
        ("not_suggested", "material/0/value"),
        ("not_suggested", "item_type_keyword/0/value"),
        ("not_suggested", "department/0/value"),
        ("not_suggested", "gem_type/0/value"),
        ("not_suggested", "metal_type/0/value"),
    }
    why = {issue.path: issue.why for issue in issues}
    assert why["part_number"] == "required unless “Parentage Level” is Parent"
    assert why["stones"] == "required unless “Gem Type” is No Gemstone or “Parentage Level” is Parent"
    assert why["fulfillment_availability"] == (
        "required unless “Parentage Level” is Parent or “Skip Offer” is Yes"
    )


def test_neither_identifier_is_one_issue_that_meets_both_of_amazons():
    """Amazon's real answer names both attributes (90220) when neither is sent; it is one mistake."""
    attributes = example("listings-lab/01_*.json")["body"]["attributes"]
    del attributes["supplier_declared_has_product_identifier_exemption"]
    local = compile_definition(document(BRACELET)).issues(attributes)
    (either,) = [issue for issue in local if issue.code == "missing_one_of"]
    assert either.why == ("required unless “Parentage Level” is Parent or “Has GTIN exemption?” is Yes")
    names = either.allowed["one_of"]
    assert names == ["externally_assigned_product_identifier", "merchant_suggested_asin"]
    answers = example("issue_responses.json")["examples"]
    (quoted,) = [entry for entry in answers if entry["url"].endswith("/3537")]
    preview = amazon_issues(quoted["response_partial"]["issues"], source="preview")
    merged = [issue for issue in merge_issues([either, *preview]) if issue.family == "missing"]
    assert len(merged) == 1
    assert merged[0].sources == ("schema", "preview")


def test_a_variation_child_needs_what_its_theme_names():
    definition = compile_definition(document(BRACELET))
    attributes = {
        "parentage_level": [{"value": "child"}],
        "child_parent_sku_relationship": [{"child_relationship_type": "variation"}],
        "variation_theme": [{"name": "METAL_TYPE/ITEM_LENGTH"}],
    }
    issues = {issue.path: issue for issue in definition.issues(attributes) if issue.severity == "ERROR"}
    parent = issues["child_parent_sku_relationship/0/parent_sku"]
    assert (parent.code, parent.why) == ("missing_field", "required because “Parentage Level” is Child")


def test_each_answer_with_issues_that_was_ever_quoted_is_understood():
    def lists(value):
        if isinstance(value, dict):
            yield from (value["issues"],) if isinstance(value.get("issues"), list) else ()
            for part in value.values():
                yield from lists(part)
        elif isinstance(value, list):
            for part in value:
                yield from lists(part)

    found = list(lists(example("issue_responses.json")))
    assert len(found) > 10
    for issues in found:
        for issue in amazon_issues(issues, source="submission", language="de"):
            assert issue.family
            assert issue.action
