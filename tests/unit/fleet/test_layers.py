"""Layers, matrices and overrides: which connectors they make, and where every fault is told."""

from __future__ import annotations

import json

import pytest

from amazon_listings.connectors import load_connectors
from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.runs.map_fields import compiled
from tests.unit.fleet.conftest import COMPANY, LAMPS, LIGHTING, write


def item(**fields):
    record = {"id": "1", "ref": "A1", "status": "V", "modified": None, "texts": {}, "images": {}}
    return {
        "pim_id": "1",
        "group": "1",
        "sku": "A1",
        "modified": None,
        "product": {**record, "fields": fields},
        "variant": None,
    }


def broken(folder, **files):
    loaded = load_connectors(write(folder, **files), {})
    return {one.id: one.text for one in loaded.broken}


def test_a_matrix_makes_a_connector_for_each_combination(connectors):
    found = connectors()
    assert list(found) == ["de_backpack", "de_lamp", "fr_backpack", "fr_lamp"]
    lamp = found["de_lamp"]
    assert (lamp.title, lamp.owner, lamp.dag_id) == ("LAMP in DE", "catalogue", "amazon_de_lamp")
    assert (lamp.amazon.country, lamp.amazon.product_type, lamp.amazon.locale) == ("DE", "LAMP", "de_DE")
    assert lamp.language_tags == (("de", "de_DE"),)
    assert found["fr_lamp"].language_tags == (("fr", "fr_FR"),)


def test_one_of_a_matrix_is_the_same_as_among_all(folder, connectors):
    (one,) = load_connectors(folder, {}, only="fr_lamp").connectors
    assert one == connectors()["fr_lamp"]
    assert one.where == connectors()["fr_lamp"].where
    assert load_connectors(folder, {}, only="fr_lamb").connectors == []


def test_lines_are_merged_by_the_field_that_they_name(connectors, definitions):
    made = {}
    for name, connector in connectors().items():
        mapping = compiled(connector, definitions(connector))
        mapped = mapping.apply(item(title="Luna", weight="1.5", origin="FR", base="e27"))
        made[name] = mapped.attributes
    assert made["fr_lamp"]["brand"][0]["value"] == "Acme Lumière"  # “Marque” over “Brand”
    # The layer that extends comes after its parent's overrides.
    assert made["de_lamp"]["brand"][0]["value"] == "Acme Lumière"
    assert made["de_lamp"]["manufacturer"][0]["value"] == "DE-Acme"
    assert made["fr_lamp"]["bulb_base"][0]["value"] == "e27"
    assert "bulb_base" not in made["fr_backpack"]  # optional, and a backpack has none
    assert made["de_backpack"]["item_weight"][0]["value"] == 1.5


TYPE = "  externally_assigned_product_identifier.type: ean\n"
VALUE = '  External Product ID: "{{ item.ean }}"\n'


@pytest.mark.parametrize(
    ("layer", "document"), [("", TYPE + VALUE), ("", VALUE + TYPE), (TYPE, VALUE), (VALUE, TYPE)]
)
def test_a_line_takes_away_only_what_it_writes_itself(folder, connectors, definitions, layer, document):
    lamps = LAMPS.replace("mapping:", "mapping_locale: en_US\nmapping:")
    company = COMPANY.replace("overrides:", f"{layer}overrides:")
    write(folder, layers__company=company, lamps=lamps + document)
    connector = connectors()["fr_lamp"]
    made = compiled(connector, definitions(connector)).apply(item(ean="4006381333931")).attributes
    (identifier,) = made["externally_assigned_product_identifier"]
    assert (identifier["type"], identifier["value"]) == ("ean", "4006381333931")


def test_a_value_takes_the_place_of_an_object(folder, connectors, definitions):
    write(folder, lamps=LAMPS + '  item_weight: "{{ item.weight }}"\n')
    connector = connectors()["fr_lamp"]
    made = compiled(connector, definitions(connector)).apply(item(weight="15 g")).attributes
    assert made["item_weight"][0]["unit"] == "grams"


def test_two_lines_of_a_document_for_one_field_are_a_mistake(folder, connectors, definitions):
    write(folder, lamps=LAMPS + "  brand: A\n  brand.value: B\n")
    connector = connectors()["fr_lamp"]
    with pytest.raises(MappingErrors, match="brand"):
        compiled(connector, definitions(connector))


def test_a_guard_is_off_in_whatever_part_it_is_null(folder, connectors):
    company = COMPANY + "guards: {price_fall: null, price_rise: 0.5}\n"
    lamps = LAMPS + "guards: {changed_share: null}\n"
    write(folder, layers__company=company, lamps=lamps)
    guards = connectors()["fr_lamp"].guards
    assert (guards.price_fall, guards.price_rise, guards.changed_share) == (None, 0.5, None)
    variable = {"amazon_connector_fr_lamp": json.dumps({"guards": {"price_fall": 0.2, "price_rise": None}})}
    guards = connectors(variable)["fr_lamp"].guards
    assert (guards.price_fall, guards.price_rise, guards.changed_share) == (0.2, None, None)


def test_an_override_of_the_document_wins(folder, connectors, definitions):
    write(folder, lamps=LAMPS + "overrides: [{when: {country: de}, mapping: {item_weight: {unit: grams}}}]\n")
    for country, unit in (("de", "grams"), ("fr", "kilograms")):
        connector = connectors()[f"{country}_lamp"]
        made = compiled(connector, definitions(connector)).apply(item(weight="1.5")).attributes
        assert made["item_weight"][0]["unit"] == unit
        assert made["item_weight"][0]["value"] == 1.5


@pytest.mark.parametrize("line", ["brand: null", "Marque: null", "Brand: null"])
def test_null_takes_away_what_the_field_had(folder, connectors, definitions, line):
    locale = {"M": "fr_FR", "B": "en_US"}.get(line[0], "fr_FR")
    write(folder, lamps=LAMPS + f"  {line}\nmapping_locale: {locale}\n")
    connector = connectors()["fr_lamp"]
    assert "brand" not in compiled(connector, definitions(connector)).attributes


def test_the_lines_of_a_fault_are_those_of_its_layer(folder, connectors, definitions):
    write(folder, layers__lighting=LIGHTING.replace("  Marque", "  Nom du produitt: x\n  Marque"))
    connector = connectors()["fr_lamp"]
    with pytest.raises(MappingErrors) as told:
        compiled(connector, definitions(connector))
    (fault,) = told.value.faults
    assert fault.line.number == 4
    assert fault.line.file.endswith("layers/lighting.yaml")
    assert "Nom du produit (item_name" in fault.candidates[0]


def test_a_variable_changes_one_of_a_matrix(connectors):
    text = json.dumps({"sync": {"operation": "live"}, "mapping": {"brand": "X"}})
    found = connectors({"amazon_connector_fr_lamp": text})
    assert found["fr_lamp"].sync.operation == "live"
    assert found["de_lamp"].sync.operation == "test"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("lamps", LAMPS.replace("[lighting]", "[lightning]"), "lamps.yaml:1:11|Did you mean 'lighting'?"),
        ("layers__company", "extends: lighting\n" + COMPANY, "layers/company.yaml:1:10|extends itself"),
        ("layers__company", COMPANY.replace("owner", "onwer"), "layers/company.yaml:2:1|'owner'?"),
        ("layers__company", COMPANY.replace("country: DE", "contry: DE"), "company.yaml:10:12|'country'?"),
        ("layers__company", COMPANY.replace("country: DE", "country: DD"), "company.yaml:10:21|'D"),
        (
            "layers__company",
            COMPANY.replace("when: {country: DE}\n", "wen: {country: DE}\n"),
            "company.yaml:10:5|'when'?",
        ),
        ("layers__company", COMPANY.replace("en_US", "en_SU"), "layers/company.yaml:1:17|'en_SG'?"),
        ("lamps", LAMPS.replace("{country}_", "{contry}_"), "lamps.yaml:3:5|'{country}'?"),
        ("lamps", LAMPS.replace("country: [FR, DE]", "country: [FR, DX]"), "lamps.yaml:2:21|'D"),
        ("lamps", LAMPS.replace("_{product_type}", "", 1), "lamps.yaml:3:5|several combinations"),
        ("lamps", LAMPS.replace("country: [FR, DE]", "countyr: [FR, DE]"), "lamps.yaml:2:7|'country'?"),
    ],
)
def test_a_mistake_is_told_at_its_line(folder, name, text, told):
    place, said = told.split("|")
    texts = broken(folder, **{name: text})
    assert any(place in one and said in one for one in texts.values()), texts


def test_a_layer_that_nobody_extends(folder):
    texts = broken(folder, layers__unused="owner: nobody\n")
    assert list(texts) == ["layers/unused.yaml"]
    assert "No connector extends this layer" in texts["layers/unused.yaml"]


def test_an_override_that_never_fits(folder):
    texts = broken(
        folder, layers__lighting=LIGHTING + "overrides: [{when: {product_type: LAMPE}, owner: x}]\n"
    )
    (text,) = texts.values()
    assert "layers/lighting.yaml:6:" in text
    assert "Did you mean 'LAMP'?" in text


def test_one_id_from_two_documents(folder):
    texts = broken(folder, other="id: fr_lamp\n")
    assert "'fr_lamp' is declared in" in texts["fr_lamp"]
    assert len(load_connectors(folder, {}).connectors) == 3


def test_a_fault_of_one_combination_breaks_one_connector(folder):
    texts = broken(folder, lamps=LAMPS + "overrides: [{when: {country: DE, product_type: LAMP}, owner: 5}]\n")
    assert list(texts) == ["de_lamp"]
    assert "lamps.yaml:7:62" in texts["de_lamp"]


def test_an_identity_is_carried_into_a_matrix(folder, connectors):
    write(folder, lamps=LAMPS + 'was: "{country}_{product_type}s"\n')
    assert connectors()["fr_lamp"].was == ("fr_lamps",)
    write(folder, lamps=LAMPS + "overrides: [{when: {country: FR, product_type: LAMP}, was: lampes}]\n")
    assert [one.was for one in connectors().values()] == [(), (), (), ("lampes",)]
