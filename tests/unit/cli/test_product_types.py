from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.definitions import checksum
from amazon_listings.settings import settings
from support.ledgers import ledger_in

DOCUMENT = {
    "$id": "https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/HOME",
    "type": "object",
    "required": ["item_name"],
    "properties": {
        "item_name": {
            "type": "array",
            "title": "Titre",
            "items": {
                "type": "object",
                "properties": {"value": {"type": "string", "title": "Nom", "maxLength": 200}},
            },
        },
        "color": {
            "type": "array",
            "title": "Couleur",
            "items": {"type": "object", "properties": {"value": {"type": "string", "title": "Couleur"}}},
        },
    },
}


CONNECTOR = {
    "id": "fr_home",
    "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "HOME"},
    "sales_layer": {"connection": "pim", "languages": ["fr"], "sku": "{{ item.reference }}"},
    "mapping": {"Nom": "{{ item.name }}", "Couleur": "rouge"},
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    ledger_in(tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path / "connectors"))
    settings.cache_clear()
    new = copy.deepcopy(DOCUMENT)
    new["properties"].pop("color")
    new["additionalProperties"] = False
    groups = {"propertyGroups": {"offer": {"title": "Offre", "propertyNames": ["color"]}}}
    for name, content in (("old", DOCUMENT), ("new", new), ("answer", groups)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "page.json").write_text("<html>")
    (tmp_path / "connectors").mkdir()
    yield tmp_path
    settings.cache_clear()


def state_of(sku, attributes):
    return ItemState(
        pim_id=f"products/{sku}",
        sku=sku,
        family=f"products/{sku}",
        run=1,
        operation="test",
        outcome="ready",
        read_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        attributes=attributes,
    )


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_fields_as_a_table_and_as_json(files):
    table = run("fields", "--definition", files / "old.json")
    assert table.exit_code == 0
    shown = "required     Titre > Nom\n             item_name.value: text, at most 200 characters\n"
    assert shown in table.stdout
    listed = json.loads(run("fields", "--definition", files / "old.json", "--json").stdout)
    assert [field["path"] for field in listed] == ["item_name.value", "color.value"]


def test_fields_by_requirement_and_group(files):
    source = ["fields", "--definition", files / "old.json", "--answer", files / "answer.json", "--json"]
    assert [field["path"] for field in json.loads(run(*source, "--required").stdout)] == ["item_name.value"]
    for group in ("offer", "offre"):
        assert [field["path"] for field in json.loads(run(*source, "--group", group).stdout)] == [
            "color.value"
        ]
    refused = run(*source, "--group", "images")
    assert refused.exit_code == 1
    assert "There are: offer (Offre)." in refused.stderr


def test_diff_of_two_files_and_the_lines_it_touches(files):
    (files / "connectors" / "fr_home.yaml").write_text(json.dumps(CONNECTOR, indent=2))
    name = {"item_name": [{"value": "Tasse"}]}
    payloads = {"S1": name | {"color": [{"value": "rouge"}]}, "S2": name, "S3": {}}
    ledger = open_ledger(settings().ledger)
    states = [state_of(sku, payload) for sku, payload in payloads.items()]
    record_states(ledger, resolve_key(ledger, "fr_home"), states)
    ledger.dispose()
    told = run("product-types", "diff", files / "old.json", files / "new.json")
    assert told.exit_code == 0
    assert "Couleur (color.value): no longer exists" in told.stdout
    assert "Needs attention" in told.stdout
    assert "Couleur: no longer exists" in told.stdout.partition("Needs attention")[2]
    assert "fr_home: 1 of 3 (1 failed before)" in told.stdout
    found = json.loads(run("product-types", "diff", files / "old.json", files / "new.json", "--json").stdout)
    assert [(one["kind"], one["breaking"]) for one in found["changes"]] == [("removed", True)]
    assert [one["connector"] for one in found["touched"]] == ["fr_home"]


def test_diff_of_the_last_two_stored_versions(files):
    store = DefinitionStore(files / "storage" / "definitions")
    key = DefinitionKey("HOME", marketplace("FR").id, locale="fr_FR", seller_id="A1")
    other = DefinitionKey("BAG", marketplace("DE").id, locale="de_DE", seller_id="A1")
    about = {"checksum": checksum(b"{}"), "version": "1", "latest": True, "locale": "de_DE"}
    store.keep(other, b"{}", about | {"display_name": "Tasche", "property_groups": {}})
    for name in ("old", "new"):
        content = (files / f"{name}.json").read_bytes()
        about = {"checksum": checksum(content), "version": name, "latest": True, "locale": "fr_FR"}
        store.keep(key, content, about | {"display_name": "Maison", "property_groups": {}})
        if name == "old":
            refused = run("product-types", "diff", "HOME", "--country", "FR")
            assert (refused.exit_code, "Only one version" in refused.stderr) == (1, True)
    (files / "connectors" / "fr_home.yaml").write_text(json.dumps(CONNECTOR, indent=2))
    told = run("product-types", "diff", "HOME", "--country", "fr")
    assert told.exit_code == 0, told.output
    assert "fr_home, line 17: Couleur: no longer exists" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fields"], "Name what to show"),
        (["fields", "--definition", "nowhere.json"], "nowhere.json cannot be read"),
        (["fields", "--definition", "page.json"], "is not a product type definition"),
        (["fields", "--connector", "nobody"], "There is no connector 'nobody'"),
        (["product-types", "search", "cup", "--country", "XX"], "Amazon has no marketplace 'XX'"),
        (["product-types", "diff", "HOME"], "Give two definition files"),
        (
            ["product-types", "diff", "HOME", "--country", "FR"],
            "No definition of HOME for amazon.fr in fr_FR is stored",
        ),
    ],
)
def test_mistakes_are_one_sentence(files, monkeypatch, arguments, sentence):
    monkeypatch.chdir(files)
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.output


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"minLength": 10, "maxLength": 10}, "text, 10 characters"),
        ({"minLength": 1, "maxLength": 50}, "text, at most 50 characters"),
        ({"minLength": 2}, "text, at least 2 characters"),
    ],
)
def test_limits_read_well(files, limits, said):
    document = copy.deepcopy(DOCUMENT)
    value = document["properties"]["item_name"]["items"]["properties"]["value"]
    del value["maxLength"]
    value.update(limits)
    (files / "limits.json").write_text(json.dumps(document))
    lines = run("fields", "--definition", files / "limits.json").stdout.splitlines()
    assert lines[1].strip() == f"item_name.value: {said}"
