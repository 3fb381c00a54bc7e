"""A company moves 240 connectors, each whole in a file of its own, into layers and matrices."""

from __future__ import annotations

import itertools
import json

import pytest
import yaml

from amazon_listings.connectors import load_connectors
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.connectors.keys import keyed, known_connectors
from spapi_sandbox.definitions.library import DefinitionLibrary, Key
from spapi_sandbox.definitions.product_type_files import Variant
from spapi_sandbox.marketplaces import MARKETPLACES
from spapi_sandbox.server import running_sandbox
from support.sync_runs import OFFER, PRODUCT
from support.whole_runs import Home, product

pytestmark = pytest.mark.timeout(1800)

LANGUAGES = {"FR": "fr", "DE": "de", "ES": "es", "IT": "it", "NL": "nl", "SE": "sv", "PL": "pl", "BE": "fr"}
LAMPS = ("lamp_type", "light_source_type", "color_temperature")
#: What the attributes of a type beyond those of every product are made of.
OWN = {
    "LAMP": {name: PRODUCT[name] for name in LAMPS},
    "BACKPACK": {
        "material": "nylon",
        "target_gender": "unisex",
        "capacity": {"value": "20", "unit": "liters"},
        "fabric_type": "100 % nylon",
    },
    "DRINKING_CUP": {"material": "glass", "cup_type": "mug", "capacity": {"value": "1", "unit": "liters"}},
}
COMMON = {name: value for name, value in (PRODUCT | OFFER).items() if name not in LAMPS}
#: Written by their labels: in each file by those of its marketplace, in the layer by the English ones.
LABELLED = ("item_name", "brand", "manufacturer", "product_description", "country_of_origin", "item_weight")
#: Operations that ask for, or change, a listing.
ASKING = {"getListingsItem", "searchListingsItems", "putListingsItem", "patchListingsItem", "createFeed"}
LIBRARY = DefinitionLibrary()
QUIET = {"removed_share": 1, "preview": "none"}
RULES_OFF = {"gpsr_contacts": "They are kept in Seller Central."}
GUARDS = {"changed_share": None}


def label(product_type, country, language, attribute):
    place = MARKETPLACES[country]
    definition = LIBRARY.find(Key(product_type, Variant(place, language, "LISTING")))
    return definition.document["properties"][attribute]["title"]


def labelled(lines, name_of):
    return {name_of(key) if key in LABELLED else key: value for key, value in lines.items()}


def write(folder, name, document):
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")


def apart(root, types, ranges):
    """Write each connector whole, with the labels of its marketplace; return the folder."""
    folder = root / "apart"
    for country, language in LANGUAGES.items():
        for product_type in types:
            names = {
                name: label(product_type, country, MARKETPLACES[country].languages[0][:2], name)
                for name in LABELLED
            }
            for name in ranges:
                connector_id = f"{product_type}_{name}_{country}_old".lower()
                document = {
                    "id": connector_id,
                    "amazon": {"country": country, "product_type": product_type},
                    "files": {"path": str(root / f"{product_type}_{name}.csv"), "languages": [language]},
                    "mapping": labelled(COMMON, names.__getitem__) | OWN[product_type],
                    "sync": QUIET,
                    "guards": GUARDS,
                    "rules_off": RULES_OFF,
                }
                document["files"]["sku"] = "{{ item.reference }}"
                write(folder, connector_id, document)
    return folder


def together(root, types, ranges):
    """Write the same in a layer for all, one for each type, and one document; return the folder."""
    folder = root / "together"
    names = {name: label("LAMP", "FR", "en", name) for name in LABELLED}
    company = {
        "mapping_locale": "en_US",
        "files": {"languages": ["fr"], "sku": "{{ item.reference }}"},
        "sync": QUIET,
        "guards": GUARDS,
        "rules_off": RULES_OFF,
        "mapping": labelled(COMMON, names.__getitem__),
        "overrides": [
            {"when": {"country": country}, "files": {"languages": [language]}}
            for country, language in LANGUAGES.items()
            if language != "fr"
        ],
    }
    write(folder, "layers/company", company)
    for product_type in types:
        document = {
            "extends": "company",
            "for": {"country": list(LANGUAGES), "product_type": product_type, "range": ranges},
            "id": "{country}_{product_type}_{range}",
            "was": "{product_type}_{range}_{country}_old",
            "files": {"path": str(root / f"{product_type}_{{range}}.csv")},
            "mapping": OWN[product_type],
        }
        write(folder, product_type.lower(), document)
    return folder


@pytest.fixture
def home(tmp_path):
    with running_sandbox(quotas=False) as sandbox:
        home = Home(sandbox, tmp_path)
        yield home
        home.ledger.dispose()


def write_products(home, types, ranges):
    """Write a file of one product for each type and range, which is sold in every country."""
    for number, (product_type, name) in enumerate(itertools.product(types, ranges), 1):
        home.rows = [product(number)]
        home.write()
        home.path.rename(home.root / f"{product_type}_{name}.csv")


def run_all(home, folder, *, approved):
    """Run every connector of a folder live, without quality checks; return the outcomes by id.

    Args:
        home: What they run with.
        folder: The folder.
        approved: Whether a person approves what is asked.
    """
    loaded = load_connectors(folder, {})
    assert loaded.broken == [], loaded.broken[0].text
    by_definition = sorted(loaded.connectors, key=lambda one: (one.amazon.product_type, one.amazon.country))
    return {one.id: home.sent(keyed(home.ledger, one), approved=approved) for one in by_definition}


def asked_of_amazon(home, begun):
    return [one["operation"] for one in home.sandbox.requests()[begun:] if one["operation"] in ASKING]


@pytest.mark.parametrize(
    ("types", "count"),
    [(["LAMP"], 2), pytest.param(list(OWN), 10, marks=pytest.mark.soak)],
    ids=["16", "240"],
)
def test_moving_sends_nothing_asks_nothing_and_blocks_nothing(home, tmp_path, types, count):
    ranges = [f"r{number:02}" for number in range(count)]
    connectors = len(types) * count * len(LANGUAGES)
    home.sandbox.control("recording", on=True)
    write_products(home, types, ranges)
    before = run_all(home, apart(tmp_path, types, ranges), approved=True)
    assert len(before) == connectors
    assert {json.dumps(one) for one in before.values()} == {'{"accepted": 1}'}
    keys = {one.current_id: one.key for one in known_connectors(home.ledger)}
    begun = len(home.sandbox.requests())
    folder = together(tmp_path, types, ranges)
    after = run_all(home, folder, approved=False)
    assert len(after) == connectors
    assert {json.dumps(one) for one in after.values()} == {'{"unchanged": 1}'}
    assert asked_of_amazon(home, begun) == []
    assert open_questions(home.ledger) == []
    moved = {one.current_id: one.key for one in known_connectors(home.ledger)}
    assert sorted(moved.values()) == sorted(keys.values())
    assert moved["fr_lamp_r00"] == keys["lamp_r00_fr_old"]
    # What was approved stays approved: the next change of a value goes without a question.
    file = home.root / "LAMP_r00.csv"
    file.write_text(file.read_text().replace("Acme", "Lumo").replace("Lampe", "Lanterne"))
    changed = load_connectors(folder, {}, only="fr_lamp_r00").connectors[0]
    assert home.sent(keyed(home.ledger, changed), approved=False) == {"accepted": 1}
