"""Every leaf of every definition is one field, with what the definition says of it."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest
from fields_documents import ALL_NAMES, REAL_NAMES, document

from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields


def leaf_paths(root, schema, path=()):
    """Leaf paths by a walk of its own: the schema as plain JSON, nothing of the package."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("type") == "array":
        yield from leaf_paths(root, schema["items"], path)
    elif "properties" in schema:
        for name, below in schema["properties"].items():
            yield from leaf_paths(root, below, (*path, name))
    else:
        yield ".".join(path)


@cache
def listed(name):
    return fields(Definition(document(name)))


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_leaf_appears_exactly_once(name):
    definition = document(name)
    expected = Counter(
        path
        for path in leaf_paths(definition, definition)
        if path.rsplit(".", 1)[-1] not in {"marketplace_id", "language_tag"}
    )
    found = Counter(field.path for field in fields(Definition(definition)))
    assert found == expected
    assert set(found.values()) == {1}


@pytest.mark.parametrize("name", ALL_NAMES)
def test_fields_are_json_with_the_documented_keys(name):
    documented = (
        "path label labels group type requirement condition options min max max_bytes max_values "
        "editable hidden help examples"
    )
    for field in listed(name):
        known = json.loads(json.dumps(field.to_dict()))
        assert set(documented.split()) <= set(known)
        assert known["label"] == known["labels"][-1] != ""
        assert all(set(option) >= {"value", "name"} for option in known["options"])
        assert known["requirement"] in {"required", "recommended", "conditional", "optional"}
        assert (known["requirement"] == "conditional") == bool(known["condition"])


@pytest.mark.parametrize("name", ALL_NAMES)
def test_conditions_are_sentences_not_json(name):
    for field in listed(name):
        for text in (field.condition, field.forbidden):
            assert not set(text) & set("{}[]")
            assert len(text) < 700, text


def test_conditions_in_words_on_the_real_definition():
    by_path = {field.path: field for field in fields(Definition(document("HOME.FR.fr_FR.2025-01")))}
    said = {path: field.condition for path, field in by_path.items()}
    assert said["child_parent_sku_relationship.parent_sku"] == "required when “Niveau de relation” is Enfant"
    assert said["model_number.value"] == "required unless “Niveau de relation” is Parent"
    assert said["battery.weight.unit"] == "required when “Poids de la batterie/pile” is given"
    assert said["merchant_suggested_asin.value"] == (
        "required unless “Identifiant produit (code-barres)” is given, “Niveau de relation” is Parent or "
        "“Est exempté d\u2019un fournisseur déclaré identificateur externe” is Oui"
    )
    assert by_path["item_name.value"].requirement == "required"
    assert by_path["generic_keyword.value"].requirement == "recommended"
    offers = fields(Definition(document("PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2025-09")))
    assert "required unless “Merchant Suggested ASIN” is given" in {
        field.condition.partition(";")[0] for field in offers
    }


def test_values_that_depend_on_another_field():
    """The chain of leagues and their teams is 46 rules deep in the real definition."""
    by_path = {field.path: field for field in listed("HOME.FR.fr_FR.2025-01")}
    assert by_path["team_name.value"].depends_on == ("league_name.value",)
    assert by_path["league_name.value"].depends_on == ()


def test_limits_options_and_languages_on_the_real_definition():
    by_path = {field.path: field for field in fields(Definition(document("HOME.FR.fr_FR.2025-01")))}
    unit = by_path["item_weight.unit"]
    assert ("kilograms", "Kilogrammes") in {(option.value, option.name) for option in unit.options}
    assert by_path["item_weight.value"].unit == "item_weight.unit"
    assert by_path["bullet_point.value"].max_values == 10
    assert by_path["bullet_point.value"].language
    assert by_path["item_name.value"].max == 200
    theme = by_path["variation_theme.name"]
    assert any(option.deprecated for option in theme.options)
    assert any(not option.deprecated for option in theme.options)
    assert by_path["fulfillment_availability.restock_date"].type == "date"
    assert by_path["main_product_image_locator.media_location"].type == "url"


@pytest.mark.parametrize("name", REAL_NAMES)
def test_options_of_another_locale_never_lend_their_codes(name):
    """Names come from the labels document only where it has the very same code."""
    definition = document(name)
    other = document("HOME.US.en_US.2025-01")
    own = {field.path: {repr(o.value) for o in field.options} for field in listed(name)}
    spoken = fields(Definition(definition, labels=other))
    assert {field.path: {repr(o.value) for o in field.options} for field in spoken} == own


def test_labels_of_another_locale():
    french = document("HOME.FR.fr_FR.2025-01")
    english = {
        field.path: field for field in fields(Definition(french, labels=document("HOME.US.en_US.2025-01")))
    }
    weight = english["item_weight.value"]
    assert weight.label == "Item Weight"
    names = {option.value: option.name for option in english["item_weight.unit"].options}
    assert names["pounds"] == "Pounds"
    # The American definition has no kilograms: the French name is better than another code's.
    assert names["kilograms"] == "Kilogrammes"
    # The French order of options stays, so a name taken by position would be another country's.
    countries = {option.value: option.name for option in english["country_of_origin.value"].options}
    assert countries["DE"] == "Germany"
