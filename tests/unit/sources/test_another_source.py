"""A source in a distribution of its own: installed, it is there; no file of ours knows of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from local_airflow.project import PROJECT

TINY = PROJECT / "tests" / "support" / "tiny_source"
PIM = {
    "now": "2026-11-28T08:00:00+00:00",
    "products": [
        {"code": "T-1", "season": "winter", "title": {"fr": "Lampe"}, "maker": "Acme", "hue": "R"},
        {"code": "T-2", "season": "summer", "title": {"fr": "Lanterne"}, "maker": "Acme", "hue": "B"},
        {"code": "T-3", "season": "winter", "title": {"fr": "Torche"}, "maker": "", "hue": "B"},
    ],
    "hues": [{"id": "R", "name": "Rouge"}, {"id": "B", "name": "Bleu"}],
}
CONNECTOR = {
    "id": "lamps",
    "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP"},
    "tiny_pim": {"connection": "tiny", "languages": ["fr"], "season": "winter"},
    "tables": {"hues": "hues"},
    "mapping": {
        "Nom du produit": "{{ item.title }}",
        "Marque": "{{ item.maker }}",
        "Couleur": "{{ item.hue | from_table(tables.hues, 'id', 'name') }}",
    },
}
#: From extract to map, as the tasks of Airflow do it.
RUN = """
import json, sys
from functools import partial
from pathlib import Path
from amazon_listings.airflow_adapter import connections
from amazon_listings.checks.quality import check_quality
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.ledger.database import open_ledger
from amazon_listings.runs.definitions import Definitions, definition_key
from amazon_listings.runs.extract.products import extract_products
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.map_fields import map_part
from amazon_listings.runs.records import MAPPED, to_json
from amazon_listings.runs.extract.related_tables import keep_tables
from amazon_listings.runs.scope import Scope
from amazon_listings.sources.extraction import read_items

home, store = Path(sys.argv[1]), DefinitionStore(Path(sys.argv[2]))
loaded = load_connectors(home / "connectors", {})
assert not loaded.broken, loaded.broken[0].text
(connector,) = loaded.connectors
connector = keyed(open_ledger(f"sqlite:///{home / 'ledger.db'}"), connector)
key = definition_key(connector, "A1SANDBOXSELLER")
definitions = Definitions(load_pair(store, key, connector.marketplace))
folder = RunFolder.of(home / "storage", connector.key, "run")
connector = keep_tables(connector, connections.tables(connector), folder)
scope = Scope("test", "everything", "asked", None, None, frozenset(), force=False)
read = partial(read_items, connections.source(connector))
extracted = extract_products(connector, scope, read=read, folder=folder, part_size=10)
checked = check_quality(connector, definitions, folder, storage=home / "storage")
for part in extracted.parts:
    map_part(connector, definitions, folder, part)
rows = [to_json(row) for part in folder.parts(MAPPED) for row in folder.read(MAPPED, part)]
print(json.dumps({"checked": checked, "cursor": extracted.cursor, "rows": rows}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The distribution, built and installed where only the processes of this test look."""
    place, copied = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("source")
    for path in TINY.rglob("*"):
        if path.suffix in {".py", ".toml"}:
            (copied / path.relative_to(TINY)).parent.mkdir(parents=True, exist_ok=True)
            (copied / path.relative_to(TINY)).write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--no-index", "--target", place, copied], check=True, timeout=120)
    return place


@pytest.fixture
def home(tmp_path):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "lamps.yaml").write_text(yaml.safe_dump(CONNECTOR), encoding="utf-8")
    (tmp_path / "pim.json").write_text(json.dumps(PIM), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(installed, home):
    """Run Python with the source installed; what it printed."""

    def run(*arguments, right=True, check=True):
        tiny = {
            "conn_type": "tiny_pim",
            "host": str(home / "pim.json"),
            "password": "open sesame" if right else "wrong",
        }
        env = os.environ | {
            "PYTHONPATH": str(installed),
            "AIRFLOW_CONN_TINY": json.dumps(tiny),
            "AMAZON_LISTINGS_CONNECTORS": str(home / "connectors"),
        }
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=280)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.mark.airflow
def test_a_connector_reads_from_it_and_is_mapped(run, home, definitions_folder):
    found = json.loads(run("-c", RUN, home, definitions_folder).stdout.splitlines()[-1])
    assert (found["cursor"], found["checked"]) == (PIM["now"], {"checked": 2, "blocked": 1})
    made = {row["sku"]: row["attributes"] for row in found["rows"]}
    assert list(made) == ["T-1", "T-3"]
    assert made["T-1"]["item_name"][0]["value"] == "Lampe"
    assert made["T-1"]["color"][0]["value"] == "red"


@pytest.mark.process
def test_its_settings_are_part_of_the_schema_and_their_mistakes_have_sentences(run, home):
    schema = json.loads(run("-m", "amazon_listings", "connectors", "schema").stdout)
    assert {"tiny_pim"} in [set(one["required"]) for one in schema["oneOf"]]
    checked = run("-m", "amazon_listings", "connectors", "check")
    assert "1 connector right, 0 broken.\n" in checked.stdout
    path = home / "connectors" / "lamps.yaml"
    path.write_text(path.read_text().replace("winter", "wintr"), encoding="utf-8")
    refused = run("-m", "amazon_listings", "connectors", "check", check=False)
    assert "tiny_pim.season: 'wintr' is not allowed." in refused.stdout + refused.stderr
    assert "Did you mean 'winter'?" in refused.stdout + refused.stderr


@pytest.mark.airflow
def test_its_connection_has_a_form_and_a_test_button(run):
    script = """
from airflow.providers_manager import ProvidersManager
from amazon_listings.airflow_adapter import hooks
print(ProvidersManager().hooks["tiny_pim"].hook_name)
print(hooks.TinyPimHook("tiny").test_connection())
"""
    assert run("-c", script).stdout.splitlines()[-2:] == ["Tiny PIM", "(True, '3 products.')"]
    refused = run("-c", script, right=False).stdout.splitlines()[-1]
    assert refused == "(False, 'The tiny PIM refuses the password. Correct it in the connection.')"


def test_without_it_the_connector_is_broken_in_a_sentence(home):
    from amazon_listings.connectors import load_connectors

    (broken,) = load_connectors(home / "connectors", {}).broken
    assert "tiny_pim: unknown key" in broken.text
    assert "Add sales_layer: (products from Sales Layer)" in broken.text


def test_no_file_of_ours_names_it():
    names = [
        path for root in ("plugins", "include", "dags", "packages") for path in (PROJECT / root).rglob("*")
    ]
    texts = {".py", ".json", ".yaml", ".md", ".toml"}
    assert [
        path
        for path in names
        if path.suffix in texts and path.is_file() and "tiny_pim" in path.read_text("utf-8")
    ] == []
    assert "tiny_pim" not in Path(PROJECT / "pyproject.toml").read_text("utf-8")
