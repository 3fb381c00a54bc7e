"""`connectors contract`: what a connector needs from the PIM, by the Open Data Contract Standard."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
import yaml
from jsonschema import Draft201909Validator
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.ledger.database import open_ledger
from tests.unit.fleet.conftest import LAMPS, write
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
    assert "e27" in check["arguments"]["validValues"]
    assert fields["weight"]["logicalType"] == "number"
    assert yaml.safe_load(run("fr_lamp").stdout) == found


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


def test_what_the_items_break(run, tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    keep(ledger, "fr_lamp", [item(1, title="Luna", origin="FR"), item(2, title="", origin="FR")])
    result = run("fr_lamp", "--breaches")
    assert result.exit_code == 1
    assert "title: 1 item has none, such as A2. Tell catalogue." in result.stdout
