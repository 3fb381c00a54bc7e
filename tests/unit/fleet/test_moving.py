"""Moving connectors into layers and a matrix: the same payloads, under the same keys."""

from __future__ import annotations

import pytest
import yaml

from amazon_listings.connectors import load_connectors
from amazon_listings.ledger.connectors.keys import find_key, resolve_key
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.payload import payload_hash
from support.ledgers import ledger_in
from tests.unit.fleet.conftest import COMPANY, LAMPS, LIGHTING, write
from tests.unit.fleet.test_plan import item

ITEM = item(1, title="Luna", weight="1,5 kg", origin="FR", base="e27")


@pytest.fixture
def plain(tmp_path):
    """The same four connectors, each whole in a file of its own, in the labels of its marketplace."""
    folder = tmp_path / "plain"
    for country, language in (("FR", "fr"), ("DE", "de")):
        for product_type in ("LAMP", "BACKPACK"):
            mapping = {
                "item_name": "{{ item.title }}",
                "Marque" if country == "FR" else "Marke": "Acme Lumière",
                "item_weight": {"value": "{{ item.weight }}", "unit": "kilograms"},
                "country_of_origin": "{{ item.origin }}",
                "manufacturer": f"{country}-Acme",
            }
            if product_type == "LAMP":
                mapping["bulb_base"] = "{{ item.base }}"
            name = f"{product_type.lower()}s_{language}"
            document = {
                "id": name,
                "amazon": {"country": country, "product_type": product_type},
                "files": {"path": "products.csv", "languages": [language], "sku": "{{ item.reference }}"},
                "mapping": mapping,
            }
            write(folder, **{name: yaml.safe_dump(document, sort_keys=False, allow_unicode=True)})
    return folder


def test_nothing_is_sent_again(plain, folder, definitions, tmp_path):
    write(
        folder,
        layers__company=COMPANY,
        layers__lighting=LIGHTING,
        lamps=LAMPS
        + "overrides:\n"
        + "".join(
            f"  - {{when: {{country: {country}, product_type: {kind}}}, was: {kind.lower()}s_{language}}}\n"
            for country, language in (("FR", "fr"), ("DE", "de"))
            for kind in ("LAMP", "BACKPACK")
        ),
    )
    ledger = ledger_in(tmp_path)
    before = {one.id: one for one in load_connectors(plain, {}).connectors}
    keys = {name: resolve_key(ledger, name) for name in before}
    after = load_connectors(folder, {})
    assert after.broken == []
    assert len(after.connectors) == len(before) == 4
    for connector in after.connectors:
        (old,) = connector.was
        assert find_key(ledger, connector.id, connector.was) == keys[old]
        assert resolve_key(ledger, connector.id, connector.was) == keys[old]
        made = [compiled(one, definitions(one)).apply(ITEM).attributes for one in (before[old], connector)]
        assert payload_hash(made[0]) == payload_hash(made[1])
