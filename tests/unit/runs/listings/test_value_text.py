"""Values of listings as a merchant reads them."""

import json

import pytest

from amazon_listings.messages import catalogue
from amazon_listings.runs.listings.value_text import value_fact, value_text
from amazon_product_types.messages.facts import as_data, from_data

HERE = {"marketplace_id": "A13V1IB3VIYZZH"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        ("Chêne", "“Chêne”"),
        (1299.5, "1,299.5"),
        (True, "yes"),
        ([{"value": False}], "no"),
        ([{"schedule": [{"value_with_tax": 9.0}]}], "9"),
        (
            [{"schedule": [{"value_with_tax": 8, "start_at": "2026-11-20", "end_at": "2026-12-31"}]}],
            "8 (2026-11-20 \u2013 2026-12-31)",
        ),
        (
            [{"schedule": [{"value_with_tax": 8, "start_at": {"value": "2026-11-20"}}]}],
            "8 (2026-11-20 \u2013 …)",
        ),
        (
            [
                {**HERE, "language_tag": "fr_FR", "value": "Un"},
                {**HERE, "language_tag": "fr_FR", "value": "Deux"},
            ],
            "“Un”, “Deux”",
        ),
        ({"value": 2.5, "unit": "kilograms"}, "2.5 kilograms"),
        ([{"value_with_tax": 20.0, "currency": "EUR", **HERE}], "20 EUR"),
        ([{"schedule": [{"discount_type": "fixed", "levels": [{"lower_bound": 2, "value": 8}]}]}], None),
        ([{"fulfillment_channel_code": "DEFAULT", "quantity": 3}], None),
        ({"media_location": "https://img.example/1.jpg", **HERE}, "“https://img.example/1.jpg”"),
        ([], ""),
        ({}, ""),
    ],
)
def test_no_value_is_shown_as_json(value, text):
    said = value_text(value, catalogue("en"))
    assert said == text if text is not None else said
    assert not set('{}[]"').intersection(said)


def test_numbers_and_quotation_marks_are_those_of_the_language():
    value = [{"schedule": [{"value_with_tax": 1299.5}]}]
    assert value_text(value, catalogue("de")) == "1.299,5"
    assert value_text([{"value": "Eiche"}], catalogue("de")) == "„Eiche“"


@pytest.mark.parametrize(
    ("language", "yes", "no"),
    [("de", "ja", "nein"), ("es", "sí", "no"), ("fr", "oui", "non"), ("it", "sì", "no")],
)
def test_a_yes_and_a_no_are_words_of_the_language(language, yes, no):
    assert value_text([{"value": True}], catalogue(language)) == yes
    assert value_text(False, catalogue(language)) == no  # noqa: FBT003 - it is the value


def test_what_is_long_or_deep_is_cut():
    deep = {"value": 1}
    for _ in range(5_000):
        deep = {"value": [deep]}
    assert value_text(deep, catalogue("en")) == "…"
    assert len(value_text([{"value": "x" * 10_000}] * 1_000, catalogue("en"))) == 60
    assert "\n" not in value_text([{"value": "a\nb\x1b[31m"}], catalogue("en"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Eiche", "« Eiche »"),
        ([{"value": "Eiche", "language_tag": "de_DE"}, {"value": True}], "« Eiche », oui"),
        (
            [{"schedule": [{"value_with_tax": 1299.5, "start_at": "2026-11-20"}]}],
            "1 299,5 (2026-11-20 \u2013 …)",
        ),
        ({"lower_bound": 2, "kind": "a\nb"}, "lower_bound : 2, kind : « a b »"),
        (None, "—"),
    ],
)
def test_a_value_that_is_kept_is_worded_in_the_language_of_each_reader(value, text):
    kept = json.loads(json.dumps(as_data(value_fact(value, catalogue("de")))))
    french = catalogue("fr")
    assert " ".join(french.value(from_data(kept)).split()) == text


def test_a_value_that_is_kept_is_short():
    kept = value_fact([{"value": "x" * 10_000}] * 1_000, catalogue("de"))
    assert len(json.dumps(as_data(kept))) < 100
