"""The demo connectors, written anew in other locales' labels, make the same payloads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import pair_keys
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.definitions import checksum
from amazon_listings.settings import settings
from spapi_sandbox.definitions.library import DefinitionLibrary, Key
from spapi_sandbox.definitions.product_type_files import Variant

CONNECTORS = Path(__file__).resolve().parents[3] / "include" / "connectors"
LOCALES = {"de_DE": "de", "fr_FR": "fr", "es_ES": "es", "en_GB": "en"}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The demo connectors, and the sandbox's definitions stored in four locales."""
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path / "connectors"))
    settings.cache_clear()
    shutil.copytree(CONNECTORS, tmp_path / "connectors")
    store = DefinitionStore(tmp_path / "storage" / "definitions")
    for connector in load_connectors(tmp_path / "connectors", {}).connectors:
        place = marketplace(connector.amazon.country)
        for locale, language in LOCALES.items():
            variant = Variant(place, language, connector.amazon.requirements)
            found = DefinitionLibrary().find(Key(connector.amazon.product_type, variant))
            key = DefinitionKey(
                connector.amazon.product_type,
                place.id,
                requirements=connector.amazon.requirements,
                requirements_enforced=connector.amazon.requirements_enforced,
                locale=locale,
                version=connector.amazon.product_type_version,
            )
            about = {
                "checksum": checksum(found.content),
                "version": "V1",
                "latest": True,
                "locale": locale,
                "display_name": found.display_name,
                "property_groups": found.property_groups,
            }
            for one in {key, pair_keys(key, place)[0]} if locale == place.locale else {key}:
                store.keep(one, found.content, about)
    yield tmp_path
    settings.cache_clear()


def run(*arguments):
    result = CliRunner().invoke(app, ["--language", "en", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


def item_of(connector_text):
    """An item with a value for whatever the connector's expressions name."""
    names = {"name": "Tasse", "image": "https://example.com/a.jpg", "weight": "1,5", "ean": "4006381333931"}
    fields = dict.fromkeys(
        word.split("item.")[1]
        for word in connector_text.replace("}", " ").replace(")", " ").split()
        if "item." in word
    )
    fields = {name.split("[")[0].split(".")[0]: names.get(name, "1") for name in fields}
    record = {
        "id": "p/1",
        "ref": "R1",
        "status": "visible",
        "modified": None,
        "fields": fields,
        "texts": {},
        "images": {},
    }
    return {
        "pim_id": "v/1",
        "group": "p/1",
        "sku": "S1",
        "status": "visible",
        "modified": None,
        "product": record,
        "variant": None,
    }


def comments(text):
    return [line for line in text.splitlines() if line.lstrip().startswith("#")]


@pytest.mark.parametrize("connector_id", sorted(path.stem for path in CONNECTORS.glob("*.yaml")))
@pytest.mark.parametrize("locale", ["es_ES", "en_GB"])
def test_a_relabelled_connector_makes_the_same_payload(house, connector_id, locale):
    path = house / "connectors" / f"{connector_id}.yaml"
    before = path.read_text(encoding="utf-8")
    products = house / "items.jsonl"
    products.write_text(json.dumps(item_of(before)) + "\n", encoding="utf-8")
    payload = run("map", "--connector", connector_id, "--products", products).stdout
    assert payload.count("marketplace_id") > 5

    assert run("connectors", "relabel", connector_id, "--locale", locale, "--dry-run").exit_code == 0
    assert path.read_text(encoding="utf-8") == before

    run("connectors", "relabel", connector_id, "--locale", locale)
    after = path.read_text(encoding="utf-8")
    assert f"locale: {locale}" in after
    assert after != before
    assert comments(after) == comments(before)
    assert len(after.splitlines()) == len(before.splitlines())
    assert run("map", "--connector", connector_id, "--products", products).stdout == payload


def test_families_and_short_forms(house):
    """The fields that `variations` name are labels too; short forms are none, and are no problem."""
    path = house / "connectors" / "fr_lamps.yaml"
    families = {
        "theme": "COLOR",
        "parent_sku": "{{ product.reference }}-P",
        "shared": ["Marque", "item_name", "Couleur > Couleur"],
        "attributes": ["Couleur > Couleur"],
    }
    document = yaml.safe_load(path.read_text(encoding="utf-8")) | {"variations": families}
    document["mapping"]["other_product_image_locator"] = "{{ item.pictures }}"
    document["mapping"] |= {"stock": 3, "Nonsens": 1}
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    result = run("connectors", "relabel", "fr_lamps", "--locale", "es_ES")
    after = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert after["variations"] == families | {
        "shared": ["Marca", "item_name", "Color > Color"],
        "attributes": ["Color > Color"],
    }
    assert result.stderr == "left as it is, it names no one field: Nonsens\n"


def test_a_connector_that_is_not_there(house):
    result = CliRunner().invoke(app, ["connectors", "relabel", "nobody", "--locale", "es_ES"])
    assert result.exit_code == 1
    assert "There is no connector 'nobody'" in result.stderr
