from __future__ import annotations

import pytest

from amazon_listings.authoring.relabelling import relabel
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex

TITLES = {
    "fr": {
        "weight": "Poids",
        "unit": "Unité",
        "kg": "Kilogrammes",
        "name": "Nom",
        "image": "Autre image",
        "g": "Grammes",
    },
    "es": {
        "weight": "Peso",
        "unit": "Unidad",
        "kg": "Kilogramos",
        "name": "Nombre",
        "image": "Otra imagen",
        "g": "Gramos",
    },
}


def document(locale):
    said = TITLES[locale]

    def attribute(title, **members):
        item = {"type": "object", "required": list(members), "properties": members}
        return {"type": "array", "title": title, "items": item}

    unit = {
        "type": "string",
        "title": said["unit"],
        "enum": ["kilograms", "grams"],
        "enumNames": [said["kg"], said["g"]],
    }
    pictures = {
        f"other_product_image_locator_{n}": attribute(
            said["image"], media_location={"type": "string", "title": said["image"]}
        )
        for n in (1, 2)
    }
    return {
        "type": "object",
        "properties": {
            "item_weight": attribute(
                said["weight"], value={"type": "number", "title": said["weight"]}, unit=unit
            ),
            "item_name": attribute("X", value={"type": "string", "title": said["name"]}),
            **pictures,
        },
    }


@pytest.fixture(scope="module")
def french():
    return FieldIndex(fields(Definition(document("fr"))))


@pytest.fixture(scope="module")
def spanish():
    return FieldIndex(fields(Definition(document("fr"), labels=document("es"))))


def test_labels_become_labels_and_paths_stay(french, spanish):
    mapping = {
        "nom": "{{ item.name }}",
        "item_weight.value": "{{ item.weight }}",
        "Poids > Unité": "Kilogrammes",
        "no such field": 1,
    }
    result = relabel(mapping, french, spanish)
    assert list(result.mapping.items()) == [
        ("Nombre", "{{ item.name }}"),
        ("item_weight.value", "{{ item.weight }}"),
        ("Unidad", "Kilogramos"),
        ("no such field", 1),
    ]
    assert result.keys == {"nom": "Nombre", "Poids > Unité": "Unidad"}
    assert result.unknown == ("no such field",)


def test_members_of_an_object_are_renamed_inside_it(french, spanish):
    mapping = {"Poids": [{"value": "{{ item.weight }}", "Unité": "grammes", "truncate": "words"}]}
    result = relabel(mapping, french, spanish).mapping
    assert result == {"Peso": [{"value": "{{ item.weight }}", "Unidad": "Gramos", "truncate": "words"}]}
    assert relabel({"Poids": {"unit": "kilograms"}}, french, spanish).mapping == {
        "Peso": {"unit": "kilograms"}
    }


def test_one_label_of_numbered_attributes_stays_one(french, spanish):
    result = relabel({"Autre image": ["a", "b"]}, french, spanish)
    assert result.mapping == {"Otra imagen": ["a", "b"]}
    assert result.unknown == ()


def test_there_and_back_is_where_it_began(french, spanish):
    mapping = {"Poids": {"value": 1, "Unité": "Grammes"}, "Nom": "x", "Autre image": ["a"]}
    assert relabel(relabel(mapping, french, spanish).mapping, spanish, french).mapping == mapping
