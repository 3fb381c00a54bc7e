import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.definitions.dialect import compile_document
from spapi_sandbox.definitions.product_type_files import Variant
from spapi_sandbox.listings import patches
from spapi_sandbox.marketplaces import MARKETPLACES

FR = MARKETPLACES["FR"]
SCHEMAS = compile_document("LAMP", Variant(FR, "fr"))[0]["properties"]
OFFER = {"currency": "EUR", "audience": "ALL", "marketplace_id": FR.id}
PRICE, SALE = [{"schedule": [{"value_with_tax": 9.0}]}], [{"schedule": [{"value_with_tax": 7.0}]}]


def apply(attributes, op, name, *value):
    patch = {"op": op, "path": f"/attributes/{name}", "value": list(value)}
    patches.check([patch])
    return patches.apply(attributes, patch, SCHEMAS.get(name, {}), FR)


def test_replace_drops_what_is_not_sent_and_merge_keeps_it():
    before = {"purchasable_offer": [{**OFFER, "our_price": PRICE, "discounted_price": SALE}]}
    replaced = apply(before, "replace", "purchasable_offer", {"currency": "EUR", "our_price": PRICE})
    assert replaced == {"purchasable_offer": [{**OFFER, "our_price": PRICE}]}
    merged = apply(before, "merge", "purchasable_offer", {"our_price": SALE})
    assert merged == {"purchasable_offer": [{**OFFER, "our_price": SALE, "discounted_price": SALE}]}


def test_merge_with_null_removes_a_field():
    before = {"purchasable_offer": [{**OFFER, "our_price": PRICE, "discounted_price": SALE}]}
    merged = apply(before, "merge", "purchasable_offer", {**OFFER, "discounted_price": None})
    assert merged == {"purchasable_offer": [{**OFFER, "our_price": PRICE}]}


def test_merge_adds_an_element_with_other_selector_values():
    before = {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}]}
    merged = apply(before, "merge", "fulfillment_availability", {"fulfillment_channel_code": "AMAZON_EU"})
    assert [entry["fulfillment_channel_code"] for entry in merged["fulfillment_availability"]] == [
        "DEFAULT",
        "AMAZON_EU",
    ]


def test_delete_goes_by_selector_values():
    names = [{"value": "a", "language_tag": "fr_FR"}, {"value": "b", "language_tag": "en_GB"}]
    left = apply({"item_name": names}, "delete", "item_name", {"language_tag": "fr_FR"})
    assert [entry["value"] for entry in left["item_name"]] == ["b"]
    assert apply(left, "delete", "item_name", {"language_tag": "en_GB", "marketplace_id": FR.id}) == {}
    assert apply(left, "delete", "item_name", {"language_tag": "de_DE"}) == left


def test_selectors_that_have_no_default_must_be_given():
    with pytest.raises(Refusal, match=r"Invalid parameters provided\."):
        apply({}, "merge", "fulfillment_availability", {"quantity": 1})
    odd = {"language_tag": ["fr_FR"], "value": "x"}
    assert apply({}, "merge", "item_name", odd)["item_name"][0]["language_tag"] == ["fr_FR"]
    with pytest.raises(Refusal):
        apply({}, "delete", "externally_assigned_product_identifier", {"value": "4006381333931"})


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        ({"op": "replace", "path": "/attributes/purchasable_offer/0", "value": [{}]}, "Invalid path"),
        ({"op": "replace", "path": "brand", "value": [{}]}, "Invalid path"),
        ({"op": "remove", "path": "/attributes/brand", "value": [{}]}, "Invalid operation"),
        ({"op": "replace", "path": "/attributes/brand", "value": {"value": "x"}}, "Invalid empty value"),
        ({"op": "delete", "path": "/attributes/brand"}, "Value is missing"),
        ({"op": "merge", "path": "/attributes/brand", "value": []}, "Invalid empty value"),
    ],
)
def test_wrong_shapes_are_refused_with_amazons_texts(patch, text):
    good = {"op": "add", "path": "/attributes/brand", "value": [{"value": "x"}]}
    with pytest.raises(Refusal, match=f"{text}.* at index of 1"):
        patches.check([good, patch])


def test_a_patch_over_several_marketplaces_is_shared_out():
    german = MARKETPLACES["DE"]
    value = [{"marketplace_id": FR.id, "currency": "EUR"}, {"marketplace_id": german.id, "currency": "EUR"}]
    patch = {"op": "replace", "path": "/attributes/purchasable_offer", "value": value}
    for place in (FR, german):
        part = patches.for_marketplace(patch, place, FR)
        assert [element["marketplace_id"] for element in part["value"]] == [place.id]
    assert patches.for_marketplace(patch, MARKETPLACES["ES"], FR) is None
    everywhere = {**patch, "value": [{"fulfillment_channel_code": "DEFAULT"}]}
    assert patches.for_marketplace(everywhere, german, FR)["value"] == everywhere["value"]


TEXTS = st.lists(
    st.fixed_dictionaries(
        {"language_tag": st.sampled_from(["fr_FR", "en_GB", "de_DE"]), "value": st.text(max_size=4)}
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda element: element["language_tag"],
)


@settings(max_examples=60)
@given(before=TEXTS, given_now=TEXTS, foreign=TEXTS)
def test_patches_are_repeatable_and_touch_one_attribute(before, given_now, foreign):
    held = {"item_name": before, "brand": foreign}
    for op in ("replace", "merge", "delete"):
        once = apply(held, op, "item_name", *given_now)
        assert apply(once, op, "item_name", *given_now) == once
        assert once["brand"] == foreign
        values = {entry["language_tag"]: entry["value"] for entry in once.get("item_name", [])}
        sent = {entry["language_tag"]: entry["value"] for entry in given_now}
        old = {entry["language_tag"]: entry["value"] for entry in before}
        wanted = {
            "replace": sent,
            "merge": old | sent,
            "delete": {tag: value for tag, value in old.items() if tag not in sent},
        }
        assert values == wanted[op]
