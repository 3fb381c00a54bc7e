from amazon_listings.authoring.coverage import coverage
from amazon_listings.authoring.local_check import local_check
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from support.small_definition import DEFINITION, make_item, record

CHECK = local_check(DEFINITION)


def test_mapped_and_filled_are_two_things(small):
    mapping = small.compile(
        {"Marque": "{{ item.brand }}", "Poids de l'article": "{{ item.weight }}", "Numéro de modèle": ""}
    )
    items = [
        make_item(number=1, fields={"brand": "Acme", "weight": "1,5 kg"}),
        make_item(number=2, fields={"brand": "Acme", "weight": ""}),
        make_item(number=3, fields={"brand": "", "weight": ""}),
        make_item(number=4, fields={"brand": "", "weight": "heavy"}),
    ]
    found = coverage(fields(Definition(DEFINITION)), mapping, items, CHECK)
    by_path = {one.path: one for one in found.fields}
    assert found.items == 4
    brand, weight, unit = (by_path[path] for path in ("brand.value", "item_weight.value", "item_weight.unit"))
    assert (brand.mapped, brand.line, brand.key, found.share(brand)) == (True, 10, "Marque", 0.5)
    assert (weight.mapped, found.share(weight)) == (True, 0.25)
    assert (unit.mapped, unit.line, found.share(unit)) == (True, 11, 0.25)
    # A line that is left empty fills nothing.
    assert (by_path["model_number.value"].mapped, by_path["model_number.value"].with_value) == (False, 0)
    mapped, total = found.levels()["required"]
    assert mapped == sum(one.mapped for one in found.fields if one.level == "required") < total
    assert (found.passing, found.complete) == (0, False)
    assert sum(count for _, count in found.levels().values()) == len(fields(Definition(DEFINITION)))


def test_without_items_no_share_is_made_up(small):
    found = coverage(fields(Definition(DEFINITION)), small.compile({"Marque": "Acme"}), [], CHECK)
    assert {found.share(one) for one in found.fields} == {None}


def test_a_parent_that_the_mapping_makes_is_no_product(small):
    mapping = small.compile(
        {"Marque": "Acme", "Couleur": "{{ item.color }}", "Taille": "M"},
        variations={"theme": "SIZE/COLOR", "parent_sku": "{{ product.reference }}-P"},
    )
    items = [
        make_item(sku=sku, variant=record(ref=sku, fields={"color": color}))
        for sku, color in (("S1", "rouge"), ("S2", "bleu"))
    ]
    assert coverage(fields(Definition(DEFINITION)), mapping, items, CHECK).items == 2
