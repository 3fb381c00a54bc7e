"""Which PIM field is proposed for which Amazon field, and which is not."""

import copy

import pytest

from amazon_listings.authoring.pim_fields import PimField, pim_fields
from amazon_listings.authoring.proposals import called, product_type_field, sku_expression
from amazon_listings.authoring.starter import starter_lines
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from support.small_definition import DEFINITION, make_item, plain

OPTIONS = {"type": "string", "enum": ["desk", "floor"], "enumNames": ["Bureau", "Sol"]}


def proposed(values, *, titles=None, texts=None, images=None, **attributes):
    """The value proposed for each attribute, by the path of its first field."""
    definition = copy.deepcopy(DEFINITION)
    definition["properties"] |= attributes
    item = make_item(fields=values, texts=texts or {})
    item["product"]["images"] = {
        name: [{"url": url} for url in urls] for name, urls in (images or {}).items()
    }
    lines = starter_lines(FieldIndex(fields(Definition(definition))), pim_fields([item], titles))
    return {line.fields[0].path: line.value for line in lines if line.proposal}


@pytest.mark.parametrize("name", ["marca", "marque", "Marke", "brand_name", "BRAND"])
def test_names_in_four_languages(name):
    assert proposed({name: "Acme"})["brand.value"] == f"{{{{ item.{name} }}}}"


def test_a_title_says_what_a_technical_name_does_not():
    assert (
        proposed({"f_17": "Acme"}, titles={"f_17": ["Hersteller", "Marque"]})["brand.value"]
        == "{{ item.f_17 }}"
    )


def test_the_values_decide_whether_a_number_has_its_unit():
    assert proposed({"peso": "1,2 kg"})["item_weight.value"] == "{{ item.peso }}"
    assert proposed({"weight_g": 12})["item_weight.value"] == {
        "value": "{{ item.weight_g }}",
        "unit": "Grammes",
    }
    beside = proposed({"weight_value": 1.2, "weight_unit": "kg"})
    assert beside["item_weight.value"] == {
        "value": "{{ item.weight_value }}",
        "unit": "{{ item.weight_unit }}",
    }
    assert proposed({"weight": 12})["item_weight.value"] == {"value": "{{ item.weight }}", "unit": ""}


def test_a_trade_number_is_known_by_its_digits():
    values = {"ean": "n/a", "field_7": "4006381333931"}
    assert proposed(values)["externally_assigned_product_identifier.value"] == "{{ item.field_7 }}"


def test_what_does_not_fit_the_type_is_not_proposed():
    assert "item_weight.value" not in proposed({"weight": "heavy"})
    assert "brand.value" not in proposed({}, images={"brand": ["https://img.example/1.jpg"]})
    assert "brand.value" not in proposed({"brand": ""})


def test_options_are_only_filled_from_values_that_are_options():
    lamp = {"lamp_type": plain("Type de lampe", **OPTIONS)}
    assert proposed({"lamp_type": "bureau"}, **lamp)["lamp_type.value"] == "{{ item.lamp_type }}"
    assert "lamp_type.value" not in proposed({"lamp_type": "nice"}, **lamp)


def test_pictures_and_lists():
    urls = ["https://img.example/1.jpg", "https://img.example/2.jpg"]
    found = proposed(
        {},
        texts={"merkmal_1": {"fr": "Solide"}, "merkmal_2": {"fr": "Léger"}},
        images={"autres_images": urls, "photo": urls[:1], "notice": ["https://img.example/m.pdf"]},
    )
    assert found["main_product_image_locator.media_location"] == "{{ item.photo | image }}"
    assert found["other_product_image_locator_1.media_location"] == "{{ item.autres_images | images }}"
    assert found["bullet_point.value"] == ["{{ item.merkmal_1 }}", "{{ item.merkmal_2 }}"]


def test_prices_and_stock():
    values = {
        "precio": "19,90",
        "existencias": 4,
        "sale_price": 15,
        "sale_from": "2026-01-01",
        "sale_to": "2026-02-01",
    }
    found = proposed(values)
    assert found["purchasable_offer.our_price.schedule.value_with_tax"] == {
        "price": "{{ item.precio }}",
        "sale": {
            "price": "{{ item.sale_price }}",
            "from": "{{ item.sale_from }}",
            "to": "{{ item.sale_to }}",
        },
    }
    assert found["fulfillment_availability.quantity"] == "{{ item.existencias }}"


def test_the_field_that_names_the_product_type_and_the_one_with_the_sku():
    items = [make_item(fields={"typ": "Chair", "format_sku": "S-1"}), make_item(fields={"typ": "TABLE"})]
    assert product_type_field(items, "CHAIR") == "typ"
    assert product_type_field(items, "LAMP") is None
    assert sku_expression(pim_fields(items)) == "{{ item.format_sku or item.reference }}"
    assert sku_expression([]) == "{{ item.reference }}"


def test_what_is_likely_for_a_field_that_some_items_need_stands_in_the_comment():
    definition = copy.deepcopy(DEFINITION)
    definition["properties"]["pattern_kind"] = plain("Type de motif imprimé", type="string")
    rule = {"if": {"required": ["brand"]}, "then": {"required": ["pattern_kind"]}}
    definition["allOf"] = [rule]
    item = make_item(fields={"motif imprimé": "rayures"})
    lines = starter_lines(FieldIndex(fields(Definition(definition))), pim_fields([item]))
    (line,) = [line for line in lines if line.fields[0].attribute == "pattern_kind"]
    assert (line.section, line.active) == ("conditional", False)
    assert line.value == '{{ item["motif imprimé"] }}'


def test_a_field_that_no_item_fills_names_nothing():
    empty, filled = PimField("sku"), PimField("SKU", filled=0.01)
    assert called("sku", [empty, filled]) == [filled]


def test_the_asin_identifies_where_there_is_no_trade_number():
    def lines(**values):
        item = make_item(fields={"ASIN": "B000000001", **values})
        made = starter_lines(FieldIndex(fields(Definition(DEFINITION))), pim_fields([item]))
        return {line.key: (line.active, line.value) for line in made if line.key in {"gtin", "asin"}}

    assert lines() == {"gtin": (False, ""), "asin": (True, "{{ item.ASIN }}")}
    assert lines(ean="4006381333931") == {
        "gtin": (True, "{{ item.ean }}"),
        "asin": (False, "{{ item.ASIN }}"),
    }
