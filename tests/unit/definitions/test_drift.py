"""From a refresh that found a new version to what it means for a connector and its last items."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import refresh_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.folder import RunFolder
from amazon_listings.watch.drift import last_run, stored_drift

FR = marketplace("FR")
KEY = DefinitionKey("HOME", FR.id, locale="en_GB", seller_id="A1SELLER")
CONNECTOR = """\
id: fr_home
amazon: {country: FR, locale: en_GB, product_type: HOME}
sales_layer: {connection: pim, languages: [fr], sku: "{{ item.reference }}"}
mapping:
  Weight: {value: "{{ item.weight }}", unit: kilograms}
"""


@pytest.fixture
def connector(tmp_path):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "fr_home.yaml").write_text(CONNECTOR)
    (found,) = load_connectors(tmp_path / "connectors", {}).connectors
    return found


def test_a_refresh_that_finds_a_new_version(amazon, client, connector, tmp_path):
    store = DefinitionStore(tmp_path / "definitions")
    assert stored_drift(store, KEY, [connector]) is None
    refresh_pair(client, store, KEY, FR)
    assert stored_drift(store, KEY, [connector]) is None

    weighed = [{"value": 1, "unit": "kilograms"}]
    rows = [{"sku": f"S{n}", "attributes": {"item_weight": weighed}} for n in range(3)]
    RunFolder.of(tmp_path, "fr_home", "run 1").write("mapped", "part-00001.jsonl", rows)
    for document in amazon.documents.values():
        document["properties"]["item_weight"]["items"]["properties"]["value"]["minimum"] = 5
    refresh_pair(client, store, KEY, FR)

    found = stored_drift(store, KEY, [connector], tmp_path)
    assert [(change.kind, change.path) for change in found.changes] == [("tightened", "item_weight.value")]
    assert found.needs_a_person
    text = "\n".join(found.told())
    assert "fr_home, line 5: Weight: at least 5" in text
    assert "fr_home: 3 of 3 (0 failed before)" in text
    assert "S0: item_weight" in text


def test_the_last_run_that_kept_payloads(tmp_path):
    assert last_run(tmp_path, "fr_home") is None
    for age, run_id in ((300, "old"), (200, "new"), (100, "without payloads")):
        folder = RunFolder.of(tmp_path, "fr_home", run_id)
        folder.write(
            "extract" if run_id.startswith("without") else "mapped", "part-00001.jsonl", [{"sku": "S"}]
        )
        os.utime(folder.root, (1_000_000 - age, 1_000_000 - age))
    assert last_run(tmp_path, "fr_home").root.name == "new"
    assert last_run(tmp_path, replace(KEY, product_type="x").product_type) is None
