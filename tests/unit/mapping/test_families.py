"""Parents and children."""

import pytest

from amazon_listings.mapping.faults import MappingErrors
from amazon_product_types.validation import compile_definition
from support.small_definition import record

MAPPING = {
    "item_name": "{{ item.name }}",
    "brand": "Acme",
    "size": "{{ item.size }}",
    "color": "{{ item.colour }}",
    "offers": "{{ item.price }}",
    "stock": 3,
    "gtin": "{{ item.ean }}",
    "bullet_point": "{{ item.point }}",
}
VARIATIONS = {"theme": "SIZE/COLOR", "parent_sku": "{{ product.reference }}-P"}


def family(*rows, **product):
    product = record(fields={"price": 10}, texts={"name": {"fr": "Chaise"}}) | product
    return [
        {
            "pim_id": f"variants/{n}",
            "group": "products/1",
            "sku": f"S{n}",
            "status": "V",
            "modified": None,
            "product": product,
            "variant": record(id=str(n), ref=f"V{n}", fields={"ean": "4006381333931", "point": "x", **row}),
        }
        for n, row in enumerate(rows)
    ]


RED, BLUE = {"size": "S", "colour": "Rouge"}, {"size": "M", "colour": "Bleu"}


def expanded(small, items, variations=VARIATIONS, mapping=MAPPING):
    compiled = small.compile(mapping, variations=variations)
    siblings = [item["variant"] for item in items if item["variant"]]
    return [(member, compiled.apply(member, siblings=siblings)) for member in compiled.expand_family(items)]


def test_a_product_with_variants_becomes_a_parent_and_its_children(small):
    (parent, of_parent), (one, of_one), (two, of_two) = expanded(small, family(RED, BLUE))
    here = {"marketplace_id": "A13V1IB3VIYZZH"}
    assert [member["sku"] for member in (parent, one, two)] == ["P1-P", "S0", "S1"]
    assert parent["pim_id"] == "products/1"
    assert of_parent.attributes["parentage_level"] == [{"value": "parent", **here}]
    assert of_parent.attributes["variation_theme"] == [{"name": "SIZE/COLOR"}]
    assert of_parent.attributes["child_parent_sku_relationship"] == [
        {"child_relationship_type": "variation", **here}
    ]
    assert of_one.attributes["parentage_level"] == [{"value": "child", **here}]
    assert of_two.attributes["child_parent_sku_relationship"] == [
        {"child_relationship_type": "variation", "parent_sku": "P1-P", **here}
    ]
    assert [mapped.issues for mapped in (of_parent, of_one, of_two)] == [[], [], []]


def test_a_parent_has_no_offer_no_identifier_and_no_theme_value(small):
    (_, of_parent), *_ = expanded(
        small, family(RED, BLUE, fields={"price": 10, "colour": "Gris", "ean": "4006381333931"})
    )
    assert set(of_parent.attributes) == {
        "item_name",
        "brand",
        "parentage_level",
        "variation_theme",
        "child_parent_sku_relationship",
    }


def test_only_the_shared_attributes_if_the_connector_names_them(small):
    (_, of_parent), *_ = expanded(small, family(RED), {**VARIATIONS, "shared": ["Marque"]})
    assert "item_name" not in of_parent.attributes
    assert "brand" in of_parent.attributes


def test_a_theme_attribute_missing_on_a_child_blocks_that_child(small):
    _, (_, of_one), (_, of_two) = expanded(small, family(RED, {"size": "M", "colour": ""}))
    assert of_one.issues == []
    assert [(i.severity, i.attribute) for i in of_two.issues] == [("ERROR", "color")]
    assert "SIZE/COLOR" in of_two.issues[0].message


def test_a_product_without_variants_stands_alone(small):
    item = small.item(
        fields={"price": 1, "ean": "", "size": "S", "colour": "", "point": ""},
        texts={"name": {"fr": "Chaise"}},
    )
    [(member, mapped)] = expanded(small, [item])
    assert "role" not in member
    assert "parentage_level" not in mapped.attributes


@pytest.mark.parametrize(
    ("sku", "said"),
    [
        ("{{ product.nothing }}", "nothing"),
        ("{{ product.blank }}", "is empty"),
        ("S0", "is that of a child too"),
        ("{{ 1 / 0 }}", "zero"),
    ],
)
def test_without_a_parents_sku_no_parent_and_every_child_says_why(small, sku, said):
    found = expanded(
        small, family(RED, BLUE, fields={"price": 1, "blank": ""}), {**VARIATIONS, "parent_sku": sku}
    )
    assert [member["role"] for member, _ in found] == ["child", "child"]
    for _, mapped in found:
        assert [issue.severity for issue in mapped.issues] == ["ERROR"]
        assert said in mapped.issues[0].message


def test_the_theme_may_come_from_the_pim_and_is_checked_there(small):
    variations = {**VARIATIONS, "theme": "{{ product.theme }}"}
    found = expanded(small, family(RED, fields={"price": 1, "theme": "Taille/Couleur"}), variations)
    assert found[0][1].attributes["variation_theme"] == [{"name": "SIZE/COLOR"}]
    found = expanded(small, family(RED, fields={"price": 1, "theme": "SMELL"}), variations)
    assert "“SMELL” is not among the options" in found[0][1].issues[0].message


def test_a_theme_that_amazon_withdraws_is_told_by_the_definition(small):
    (_, mapped), *_ = expanded(small, family(RED), {**VARIATIONS, "theme": "COLOR_NAME"})
    assert mapped.issues == []
    warnings = compile_definition(small.definition).issues(mapped.attributes)
    assert [i.path for i in warnings if i.code == "deprecated_option"] == ["variation_theme/0/name"]


@pytest.mark.parametrize(
    ("variations", "said"),
    [
        ({"theme": "SIZE/COLR", "parent_sku": "x"}, "not among the options"),
        ({"theme": "SIZE/COLOR"}, "needs parent_sku"),
        ({**VARIATIONS, "parents": 1}, "no 'parents'"),
        ({**VARIATIONS, "parent_sku": "{{ product.ref }"}, "mistake"),
        ({"theme": "MYSTERY", "parent_sku": "x"}, "which attribute is MYSTERY"),
        ({**VARIATIONS, "shared": ["Nulle part"]}, "No Amazon field"),
    ],
)
def test_wrong_variations_say_what_is_right(small, variations, said):
    with pytest.raises(MappingErrors, match=said):
        small.compile(MAPPING, variations=variations)


def test_a_theme_may_be_explained_by_the_connector(small):
    variations = {"theme": "MYSTERY", "parent_sku": "{{ product.reference }}", "attributes": ["Taille"]}
    found = expanded(small, family({"size": "", "colour": "x"}), variations)
    assert [issue.attribute for issue in found[1][1].issues] == ["size"]


def test_family_attributes_are_not_mapped_twice(small):
    with pytest.raises(MappingErrors, match="written by `variations`"):
        small.compile({**MAPPING, "parentage_level": "Enfant"}, variations=VARIATIONS)


def test_a_definition_without_families_says_so(small):
    del small.definition["properties"]["variation_theme"]
    with pytest.raises(MappingErrors, match="make no families"):
        small.compile(MAPPING, variations=VARIATIONS)


def test_what_is_wrong_with_a_family_stands_at_the_attribute_it_cannot_fill(small):
    items = family(RED, {"size": "M", "colour": ""}, fields={"price": 1, "theme": ""})
    variations = {**VARIATIONS, "theme": "{{ product.theme }}", "parent_sku": "S0"}
    _, (_, mapped) = expanded(small, items, variations)
    assert [(i.identity, i.origin.key) for i in mapped.issues] == [
        (("missing", "child_parent_sku_relationship"), "variations"),
        (("missing", "variation_theme"), "variations"),
    ]
    _, _, (_, mapped) = expanded(small, items)
    [issue] = mapped.issues
    assert (issue.identity, issue.label, issue.origin.field) == (("missing", "color"), "Couleur", "colour")
