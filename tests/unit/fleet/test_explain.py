"""`connectors explain`: the effective document, each line with its origin."""

import json

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app


@pytest.fixture
def explain(folder, storage):
    def explain(*words):
        return CliRunner().invoke(app, ["connectors", "explain", *words, "--folder", str(folder)])

    return explain


def lines(result):
    return {line["place"]: line for line in json.loads(result.stdout)["lines"]}


def test_each_line_has_its_origin(explain):
    found = lines(explain("de_lamp", "--json"))
    told = {
        place: (found[place]["value"], found[place]["part"], found[place]["line"])
        for place in ("owner", "amazon.country", "files.languages", "sync.operation", "mapping.brand.value")
    }
    assert told == {
        "owner": ("catalogue", "layer company", 2),
        "amazon.country": ("DE", "matrix", 2),
        "files.languages": (["de"], "override 1 of layer company", 11),
        "sync.operation": ("test", "default", None),
        "mapping.brand.value": ("Acme Lumière", "layer lighting", 4),
    }
    assert found["mapping.brand.value"]["key"] == "Marque"
    assert found["mapping.brand.value"]["file"].endswith("layers/lighting.yaml")
    assert "mapping.bulb_base.value" in found


@pytest.mark.parametrize("field", ["brand", "Marque", "Brand", "Marke", "mapping.brand"])
def test_one_field_by_path_or_label(explain, field):
    assert list(lines(explain("de_lamp", "--json", "--field", field))) == ["mapping.brand.value"]


@pytest.mark.parametrize(("field", "meant"), [("Marqe", "Marque"), ("sync.operatin", "sync.operation")])
def test_a_field_that_is_not_there_is_told_with_what_may_be_meant(explain, field, meant):
    result = explain("fr_lamp", "--field", field)
    assert result.exit_code == 1
    assert f"Did you mean '{meant}'?" in result.stderr


def test_people_read_place_value_and_origin(explain):
    result = explain("fr_lamp", "--field", "mapping.manufacturer")
    assert 'manufacturer.value  "{{ connector.country }}-Acme"' in result.stdout
    assert "lamps.yaml:6, document, “manufacturer”" in result.stdout


def test_without_a_definition_lines_are_merged_by_their_text(explain, storage):
    for file in (storage / "definitions").rglob("*.json"):
        file.unlink()
    result = explain("fr_lamp", "--field", "mapping")
    assert "merged by their text" in result.stderr
    assert "Acme Lumière" in result.stdout


def test_a_place_that_is_none(explain):
    result = explain("fr_lamp", "--field", "nowhere")
    assert result.exit_code == 1
    assert "“nowhere” is no place" in result.stderr
