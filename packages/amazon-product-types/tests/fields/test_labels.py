# ruff: noqa: RUF001 - the quotes people type are what is tested
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import AmbiguousField, FieldIndex, UnknownField
from amazon_product_types.matching import chain, normal


def leaf(title, **more):
    return {"type": "string", "title": title, **more}


def attribute(title, **members):
    members["marketplace_id"] = {"type": "string"}
    return {"type": "array", "title": title, "items": {"type": "object", "properties": members}}


def index(**properties):
    return FieldIndex(fields(Definition({"type": "object", "properties": properties})))


@pytest.fixture
def home():
    return index(
        item_name=attribute("Titre", value=leaf("Nom de l’article", description="Indiquez le nom")),
        item_weight=attribute(
            "Poids de l'article", value=leaf("Poids de l’article"), unit=leaf("Unité de poids")
        ),
        color=attribute("Couleur", value=leaf("Couleur")),
        size=attribute("Taille", value=leaf("Couleur", description="une autre")),
        item_dimensions=attribute(
            "Dimensions",
            length={
                "type": "object",
                "title": "Longueur",
                "properties": {"value": leaf("Valeur"), "unit": leaf("Unité")},
            },
            width={
                "type": "object",
                "title": "Largeur",
                "properties": {"value": leaf("Valeur"), "unit": leaf("Unité")},
            },
        ),
    )


def test_candidates_have_most_words_in_common_and_each_label_once():
    pictures = {
        f"picture_{number}": attribute("Localisateur d'une autre image", media_location=leaf("Adresse"))
        for number in range(1, 9)
    }
    lengths = {"language": attribute("Langue", value=leaf("Langue"))} | {
        "length": attribute("Longueur du produit", value=leaf("Longueur du produit"))
    }
    known = index(**lengths, color=attribute("Couleur", value=leaf("Couleur")), **pictures)

    def candidates(key):
        with pytest.raises(UnknownField) as caught:
            known.find(key)
        return [one.path for one in caught.value.candidates]

    assert candidates("Longueur")[0] == "length.value"
    assert candidates("Localisateur d'image") == ["picture_1.media_location"]
    assert candidates("Couleurs") == ["color.value"]
    assert candidates("Zzz") == []


@pytest.mark.parametrize(
    "key",
    [
        "Nom de l’article",
        "nom de l'article",
        "NOM  DE L´ARTICLE",
        " Nom de l article ",
        "Titre",
        "Titre > Nom de l'article",
        "titre>nom de l'article",
        "item_name",
        "item_name.value",
        "item_name[].value",
        "item_name[0].value",
        "item_name/value",
    ],
)
def test_ways_to_name_one_field(home, key):
    found = home.find(key)
    assert (found.path, found.kind, found.field.path) == ("item_name.value", "leaf", "item_name.value")


@pytest.mark.parametrize("key", ["Poids de l'article", "item_weight", "poids de l’ARTICLE"])
def test_a_value_with_a_unit_is_the_attribute_and_its_value(home, key):
    found = home.find(key)
    assert (found.path, found.kind, found.field.path) == ("item_weight", "composite", "item_weight.value")
    assert [field.path for field in found.fields] == ["item_weight.value", "item_weight.unit"]


def test_a_composite_without_a_value_of_its_own_says_so(home):
    assert home.find("Dimensions").field is None
    assert home.find("Longueur").field.path == "item_dimensions.length.value"


def test_a_label_of_several_fields_lists_them_with_label_path_and_help(home):
    with pytest.raises(AmbiguousField) as refused:
        home.find("Couleur")
    text = str(refused.value)
    assert "2 Amazon fields are called 'Couleur'" in text
    assert "Couleur (color.value)" in text
    assert "Taille > Couleur (size.value): une autre" in text
    assert home.find("Taille > Couleur").path == "size.value"
    assert home.find("Couleur > Couleur").path == "color.value"


def test_a_chain_may_leave_out_what_is_between(home):
    assert home.find("Longueur > Unité").path == "item_dimensions.length.unit"
    assert home.find("Dimensions > Largeur > Valeur").path == "item_dimensions.width.value"
    with pytest.raises(AmbiguousField):
        home.find("Dimensions > Unité")


def test_what_nothing_is_called_lists_the_nearest(home):
    with pytest.raises(UnknownField, match=r"(?s)Did you mean.*item_weight\.value") as refused:
        home.find("Poid de larticle")
    assert refused.value.candidates[0].path == "item_weight.value"


@pytest.mark.parametrize(
    "key", ["item_name.language", "item_name[2].value", "Titre > Couleur", "", " ", ">", "é"]
)
def test_what_fits_nothing_is_unknown(home, key):
    with pytest.raises(UnknownField):
        home.find(key)


def test_what_the_engine_writes_is_said(home):
    with pytest.raises(UnknownField, match="written by the engine"):
        home.find("item_name.marketplace_id")


def test_members_by_name_or_label(home):
    assert home.member("item_weight", "unit").path == "item_weight.unit"
    assert home.member("item_weight", "Unité de poids").path == "item_weight.unit"
    assert home.member("item_dimensions", "Longueur > Unité").path == "item_dimensions.length.unit"
    with pytest.raises(AmbiguousField):
        home.member("item_dimensions", "Unité")
    with pytest.raises(UnknownField):
        home.member("item_weight", "Couleur")


def test_a_label_that_amazon_gave_to_another_field_needs_a_person():
    before = index(a=attribute("A", value=leaf("Name")), b=attribute("B", value=leaf("Other")))
    now = fields(
        Definition(
            {
                "properties": {
                    "a": attribute("A", value=leaf("Old name")),
                    "b": attribute("B", value=leaf("Name")),
                }
            }
        )
    )
    with pytest.raises(AmbiguousField, match="given this label to another field"):
        FieldIndex(now, earlier=before).find("Name")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Größe", "GROSSE"),
        ("Œuvre", "oeuvre"),
        ("Ładunek", "ladunek"),
        ("İsim", "isim"),
        ("“Quoted” – text", '"quoted" - TEXT'),
        ("a\u00a0b", "a b"),
    ],
)
def test_what_people_type_differently(one, two):
    assert normal(one) == normal(two)


def test_marks_that_make_another_letter_stay():
    assert normal("がく") != normal("かく")


@given(st.text())
def test_normal_is_stable(text):
    assert normal(normal(text)) == normal(text)


def test_a_chain_does_not_repeat_itself():
    assert chain(["Poids de l'article", "Poids de l’article"]) == "Poids de l'article"
    assert chain(["A", "B", "A"]) == "A > B > A"
