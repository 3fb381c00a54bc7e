"""From a refresh that found a new version to what it means for a connector and its last items."""

from __future__ import annotations

import pytest

from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import refresh_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.marketplaces import marketplace
from amazon_listings.watch.drift import stored_drift
from support.ledgers import ledger_in
from support.stored_items import store_items

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

    ledger = ledger_in(tmp_path)
    weighed = [{"value": 1, "unit": "kilograms"}]
    rows = [{"sku": f"S{n}", "attributes": {"item_weight": weighed}} for n in range(3)]
    store_items(ledger, "fr_home", rows)
    for document in amazon.documents.values():
        document["properties"]["item_weight"]["items"]["properties"]["value"]["minimum"] = 5
    refresh_pair(client, store, KEY, FR)

    found = stored_drift(store, KEY, [connector], ledger)
    assert [(change.kind, change.path) for change in found.changes] == [("tightened", "item_weight.value")]
    assert found.needs_a_person
    text = "\n".join(found.told())
    assert "fr_home, line 5: Weight: at least 5" in text
    assert "fr_home: 3 of 3 (0 failed before)" in text
    assert "S0: item_weight" in text
