"""`connectors contract`: what a connector needs from the PIM, by the Open Data Contract Standard."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
import yaml
from jsonschema import Draft201909Validator
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.messages import catalogue
from amazon_listings.runs.extract.pim_contract import breach_sentences
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.map_fields import map_part
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.records import EXTRACT
from support.ledgers import ledger_in
from tests.unit.fleet.conftest import COMPANY, LAMPS, write
from tests.unit.fleet.test_plan import item, keep


@pytest.fixture
def run(folder, storage):
    return lambda *words: CliRunner().invoke(app, ["connectors", "contract", *words, "--folder", str(folder)])


def test_what_the_connector_needs(run):
    result = run("fr_lamp", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["apiVersion"], found["kind"], found["status"]) == ("v3.1.0", "DataContract", "active")
    assert {"id", "version"} <= found.keys()
    assert found["team"]["members"][0]["username"] == "catalogue"
    (table,) = found["schema"]
    fields = {one["name"]: one for one in table["properties"]}
    assert set(fields) == {"title", "weight", "origin", "base"}
    assert fields["title"]["required"]
    assert fields["title"]["customProperties"] == [{"property": "languages", "value": ["fr"]}]
    assert not fields["base"]["required"]
    (check,) = fields["base"]["quality"]
    assert {"e27", "E27"} <= set(check["arguments"]["validValues"]), "the PIM may hold codes and names"
    assert fields["weight"]["logicalType"] == "number"
    assert yaml.safe_load(run("fr_lamp").stdout) == found


@pytest.mark.parametrize(
    ("name", "purpose", "rows", "feeds"),
    [
        ("fr_lamp", "Produits mis en vente sur amazon.fr en tant que LAMP.", "Une ligne ", "Alimente "),
        (
            "de_backpack",
            "Produkte, die auf amazon.de als BACKPACK angeboten werden.",
            "Eine Zeile ",
            "Speist ",
        ),
    ],
)
def test_it_is_written_in_the_language_of_the_connector_s_report(run, name, purpose, rows, feeds):
    found = json.loads(run(name, "--json").stdout)
    assert found["description"]["purpose"] == purpose
    (table,) = found["schema"]
    assert table["description"].startswith(rows)
    assert {one["description"].split()[0] + " " for one in table["properties"]} == {feeds}


def test_it_is_valid_by_the_published_schema(run, folder):
    quality = "quality: [{expectation: expect_column_values_to_not_be_null, column: item_name}]\n"
    write(folder, lamps=LAMPS.replace("mapping:", f"tags: [summer]\n{quality}mapping:"))
    published = files("open_data_contract_standard").joinpath("schema.json").read_bytes()
    validator = Draft201909Validator(json.loads(published))
    for name in ("fr_lamp", "de_backpack"):
        contract = json.loads(run(name, "--json").stdout)
        found = [f"{one.json_path}: {one.message}" for one in validator.iter_errors(contract)]
        assert found == []
    wrong = {**contract, "team": 7}
    assert list(validator.iter_errors(wrong))


def test_a_run_names_the_owner_of_what_its_extract_lacks(folder, definitions, tmp_path):
    write(folder, layers__company=COMPANY.replace("files: {", "files: {owner: product-data, "))
    (connector,) = load_connectors(folder, {}, only="fr_lamp").connectors
    write(folder, layers__company=COMPANY)
    (before,) = load_connectors(folder, {}, only="fr_lamp").connectors
    assert connector.fingerprint == before.fingerprint, "the owner changes no payload"
    runs = RunFolder(tmp_path / "run")
    parts = {"part-00001.jsonl": [item(1, title="Luna", origin="FR"), item(2, title="", origin="FR")]}
    parts["part-00002.jsonl"] = [item(3, origin="FR")]
    for part, items in parts.items():
        runs.write(EXTRACT, part, [{**one, "status": "visible"} for one in items])
        map_part(connector, definitions(connector), runs, part)
    runs.note(ExtractNote(parts=tuple(parts), extracted=3, out_of_scope=0, unreadable=0, full=True))
    found = breach_sentences(connector, runs, catalogue("en"))
    assert "title: 2 items have none, such as A2, A3. Tell product-data." in found


def test_a_run_names_values_that_cannot_be_sent(folder, definitions, tmp_path):
    write(
        folder,
        layers__company=COMPANY.replace("files: {", "files: {owner: product-data, "),
        lamps=LAMPS + '  wattage: {value: "{{ item.power - 1 }}", unit: watts}\n',
    )
    (connector,) = load_connectors(folder, {}, only="fr_lamp").connectors
    good = {"title": "Luna", "origin": "FR", "weight": "1,5", "base": "e27", "power": "40"}
    bad = [
        {"base": "E-nothing"},
        {"weight": "heavy"},
        {"title": "x" * 500},
        {"base": "\ud800\n"},
        {"power": "strong"},
        *({"weight": f"heavy {number}"} for number in range(9)),
    ]
    items = [item(number, **good | one) for number, one in enumerate([{}, *bad])]
    runs = RunFolder(tmp_path / "run")
    part = "part-00001.jsonl"
    runs.write(EXTRACT, part, [{**one, "status": "visible"} for one in items])
    map_part(connector, definitions(connector), runs, part)
    runs.note(ExtractNote(parts=(part,), extracted=len(items), out_of_scope=0, unreadable=0, full=True))
    found = {
        one.partition(":")[0]: one
        for one in breach_sentences(connector, runs, catalogue("en"))
        if "cannot be sent" in one
    }
    assert set(found) == {"base", "weight", "title", "power"}
    assert found["base"].startswith(
        "base: 2 items have a value that cannot be sent: “E-nothing” (A1), “?␊” (A4)."
    )
    assert "10 items" in found["weight"]
    assert "“heavy” (A2), “heavy 0” (A6)" in found["weight"]
    assert "heavy 8" not in found["weight"]
    assert f"“{'x' * 80}…” (A3)" in found["title"]
    assert found["title"].endswith("Tell product-data.")


def test_what_the_items_break(run, tmp_path):
    ledger = ledger_in(tmp_path)
    keep(ledger, "fr_lamp", [item(1, title="Luna", origin="FR"), item(2, title="", origin="FR")])
    result = run("fr_lamp", "--breaches")
    assert result.exit_code == 1
    assert "title: 1 item has none, such as A2. Tell catalogue." in result.stdout
    keep(ledger, "fr_lamp", [item(3, title="Luna", origin="FR", weight="heavy")])
    result = run("fr_lamp", "--breaches")
    assert "weight: 1 item has a value that cannot be sent: “heavy” (A3). Tell catalogue." in result.stdout
