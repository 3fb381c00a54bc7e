"""A small company: shared layers, a matrix, and the sandbox's definitions stored in three locales."""

from __future__ import annotations

import shutil

import pytest

from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.definitions import stored_definitions
from amazon_listings.selling_partner.definitions import checksum
from amazon_listings.settings import settings
from spapi_sandbox.definitions.library import DefinitionLibrary, Key
from spapi_sandbox.definitions.product_type_files import Variant

LIBRARY = DefinitionLibrary()

COMPANY = """\
mapping_locale: en_US
owner: catalogue
files: {path: "products.csv", languages: [fr], sku: "{{ item.reference }}"}
mapping:
  Item Name: "{{ item.title }}"
  Brand: Acme
  Item Weight: {value: "{{ item.weight }}", unit: kilograms}
  Country of Origin: "{{ item.origin }}"
overrides:
  - when: {country: DE}
    files: {languages: [de]}
  - when: {language: de}
    mapping:
      brand: Acme GmbH
"""
LIGHTING = """\
extends: company
mapping_locale: fr_FR
mapping:
  Marque: Acme Lumière
  Culot: {value: "{{ item.base }}", optional: true}
"""
LAMPS = """\
extends: [lighting]
for: {country: [FR, DE], product_type: [LAMP, BACKPACK]}
id: "{country}_{product_type}"
title: "{product_type} in {country}"
mapping:
  manufacturer: "{{ connector.country }}-Acme"
"""


def write(folder, **files):
    """Write files of a folder of connectors by name; `layers__company` is that of a layer."""
    for name, text in files.items():
        path = folder.joinpath(*f"{name}.yaml".split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "connectors", layers__company=COMPANY, layers__lighting=LIGHTING, lamps=LAMPS)


def keep_definitions(storage, product_type, country, locales):
    """Store the sandbox's definition of a product type in a marketplace, with labels in some locales."""
    store, place = DefinitionStore(storage / "definitions"), marketplace(country)
    for locale in {*locales, place.locale}:
        found = LIBRARY.find(Key(product_type, Variant(place, locale[:2], "LISTING")))
        about = {
            "checksum": checksum(found.content),
            "version": "V1",
            "latest": True,
            "locale": locale,
            "display_name": found.display_name,
            "property_groups": found.property_groups,
        }
        store.keep(DefinitionKey(product_type, place.id, locale=locale), found.content, about)


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """Definitions of two product types in two marketplaces: each file that is kept waits for the disk."""
    where = tmp_path_factory.mktemp("kept")
    for product_type in ("LAMP", "BACKPACK"):
        for country in ("FR", "DE"):
            keep_definitions(where, product_type, country, ["en_US", "fr_FR"])
    return where


@pytest.fixture
def storage(kept, tmp_path, monkeypatch):
    """The definitions, where commands look for them."""
    where = tmp_path / "storage"
    shutil.copytree(kept, where)
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(where))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path / "connectors"))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    settings.cache_clear()
    yield where
    settings.cache_clear()


@pytest.fixture
def definitions(storage):
    """Gives the stored definitions of a connector."""

    def definitions(connector):
        amazon = connector.amazon
        key = DefinitionKey(amazon.product_type, connector.marketplace.id, locale=amazon.locale)
        return stored_definitions(key, connector.marketplace, storage)

    return definitions


@pytest.fixture
def connectors(folder):
    """Gives the connectors of the folder by id; none is broken."""

    def connectors(variables=None):
        loaded = load_connectors(folder, variables or {})
        assert [one.text for one in loaded.broken] == []
        return {one.id: one for one in loaded.connectors}

    return connectors
