"""A line that names a label which Amazon has changed since keeps its meaning, and says so."""

import copy

import pytest

from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.marketplaces import marketplace
from amazon_listings.messages import catalogue
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields, relabelled
from amazon_product_types.labels import FieldIndex
from support.small_definition import DEFINITION, make_item


def titled(**titles):
    """The small definition with other titles, by attribute."""
    document = copy.deepcopy(DEFINITION)
    for name, title in titles.items():
        attribute = document["properties"][name]
        attribute["title"] = title
        members = attribute["items"]["properties"]
        members["value"]["title"] = title
        if "unit" in members:
            members["unit"]["title"] = f"Unité de {title}"
    return document


def compiled(mapping, *versions):
    """The mapping against the last of these versions, which knows those before."""
    index = None
    known = fields(Definition(versions[-1]))
    for document in versions[:-1]:
        index = FieldIndex(relabelled(known, Definition(document)), earlier=index)
    return compile_mapping(
        mapping,
        index=FieldIndex(known, earlier=index),
        definition=versions[-1],
        marketplace=marketplace("FR"),
        languages={"fr": "fr_FR"},
        lines={key: number for number, key in enumerate(mapping, 10)},
    )


MAPPING = {
    "Marque": "{{ item.brand }}",
    "Poids de l'article": {"value": "{{ item.w }}", "Unité de poids": "kg"},
}
ITEM = make_item(fields={"brand": "Acme", "w": 2})


def test_it_means_the_same_through_several_versions():
    first, second = titled(), titled(brand="Nom de marque", item_weight="Masse")
    third = titled(brand="Enseigne", item_weight="Masse", color="Teinte")
    before = compiled(MAPPING, first)
    assert before.renamed == ()
    for versions in ((first, second), (first, second, third)):
        now = compiled(MAPPING, *versions)
        assert now.apply(ITEM).attributes == before.apply(ITEM).attributes
    said = "\n".join(map(catalogue().word, now.renamed))
    assert "line 10: “Marque”: Amazon now calls 'Marque' 'Enseigne' (brand.value)" in said
    assert "line 11: “Poids de l'article”: Amazon now calls 'Poids de l'article' 'Masse'" in said.replace(
        '"', "'"
    )
    assert "Unité de Masse" in said
    assert compiled({"Enseigne": "Acme"}, first, second, third).renamed == ()


def test_a_label_that_moved_two_versions_ago_is_never_taken_silently_for_the_other_field():
    first = titled()
    moved = titled(brand="Enseigne", model_number="Marque")
    later = titled(brand="Enseigne", model_number="Marque", color="Teinte")
    for versions in ((first, moved), (first, moved, later)):
        with pytest.raises(MappingErrors, match="Amazon has given this label to another field"):
            compiled({"Marque": "{{ item.brand }}"}, *versions)
