"""`amazon-listings map`: payloads, explanations, and one clear sentence for each mistake."""

import json
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from support.small_definition import DEFINITION, make_item, record

CONNECTOR = """
id: fr_chairs
title: Chaises
owner: catalogue
amazon: {connection: a, country: FR, locale: fr_FR, product_type: CHAIR}
sales_layer: {connection: s, languages: [fr], sku: "{{ item.reference }}"}
mapping:
  Nom de l'article: "{{ item.name }}"
  Poids de l'article: "{{ item.weight }}"
  Couleur: "{{ item.colour }}"
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command in a folder with one connector, a definition and two items."""
    (tmp_path / "fr_chairs.yaml").write_text(CONNECTOR, encoding="utf-8")
    (tmp_path / "chair.json").write_text(json.dumps(DEFINITION), encoding="utf-8")
    items = [
        make_item(sku="S1", fields={"weight": "1,5 kg", "color": "rouge"}, texts={"name": {"fr": "Chaise"}}),
        make_item(sku=None, number=2, fields={"weight": "lourd"}, texts={"name": {"fr": "Table"}}),
    ]
    items[1]["variant"] = record(ref="V2")
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, items)), encoding="utf-8")

    def command(*arguments, connector="fr_chairs", products="items.jsonl"):
        fixed = ["map", "--connector", connector, "--folder", str(tmp_path)]
        files = ["--definition", str(tmp_path / "chair.json"), "--products", str(tmp_path / products)]
        return CliRunner().invoke(app, ["--language", "en", *fixed, *files, *arguments])

    command.folder = tmp_path
    return command


def test_prints_one_payload_a_line_and_issues_on_stderr(run):
    result = run()
    assert result.exit_code == 0
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["sku"], second["sku"]) == ("S1", "V2")
    assert first["attributes"]["item_weight"][0]["unit"] == "kilograms"
    assert "Warning: The PIM sends no field “colour”, which “Couleur” of the" in result.stderr
    assert "Did you mean color?" in result.stderr
    assert "V2: Error “Poids de l'article”: “lourd” is not a number" in result.stderr
    assert "Write a plain number in the PIM." in result.stderr
    assert "line 9" in result.stderr


def test_related_tables_of_files(run):
    (run.folder / "colours.csv").write_text("code,name\nrouge,Carmin\n", encoding="utf-8")
    path = run.folder / "fr_chairs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["tables"] = {"colours": str(run.folder / "colours.csv")}
    document["mapping"] = {"item_name": "{{ item.color | from_table(tables.colours, 'code', 'name') }}"}
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    result = run("--sku", "S1", "--explain")
    assert json.loads(result.stdout.splitlines()[0])["attributes"]["item_name"][0]["value"] == "Carmin"


def test_issues_in_the_language_of_whoever_reads_them(run):
    result = run("--sku", "V2", "--language", "fr")
    assert "« lourd » n'est pas un nombre : il ne contient aucun nombre." in result.stderr


def test_explains_each_value_of_one_sku(run):
    result = run("--sku", "S1", "--explain")
    lines = result.stdout.splitlines()
    assert json.loads(lines[0])["sku"] == "S1"
    assert "  item_weight/0/value = 1.5" in lines
    assert '      line 9 “Poids de l\'article”, PIM field weight: "1,5 kg", number and unit' in lines
    assert '      line 8 “Nom de l\'article”, PIM field name in fr: "Chaise", text' in lines
    assert not any("Table" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"connector": "nowhere"}, "There is no connector 'nowhere'"),
        ({"products": "nothing.jsonl"}, "cannot be read"),
        ({"products": "chair.json"}, "is not an item of an extract"),
        ({"products": "fr_chairs.yaml"}, "is not JSON"),
    ],
)
def test_a_mistake_is_one_sentence(run, arguments, said):
    result = run(**arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_sku_and_a_wrong_mapping(run):
    assert "There is no product with the SKU S9" in run("--sku", "S9").stderr
    path = run.folder / "fr_chairs.yaml"
    path.write_text(CONNECTOR.replace("Couleur", "Couleurs de la chaise"), encoding="utf-8")
    result = run()
    assert result.exit_code == 1
    assert "line 10: “Couleurs de la chaise”" in result.stderr


@pytest.mark.process
def test_the_command_starts_without_airflow():
    code = "import sys, amazon_listings.cli; print([m for m in sys.modules if m.startswith('airflow')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
