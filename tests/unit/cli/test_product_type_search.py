"""`product-types search` and `show`, and `fields --connector`, over real connections to the sandbox."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.settings import settings
from amazon_product_types.validation import amazon_issues
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection
from support.ledgers import ledger_in

CONNECTOR = {
    "id": "es_lamps",
    "amazon": {"connection": "demo_amazon", "country": "FR", "locale": "es_ES", "product_type": "LAMP"},
    "sales_layer": {"languages": ["fr"]},
    "mapping": {"Marca": "{{ item.brand }}"},
}


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox() as running:
        yield running


@pytest.fixture
def home(sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DEMO_AMAZON", json.dumps(amazon_connection(sandbox)))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path / "connectors"))
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    ledger_in(tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines(result):
    """What a command prints, without Airflow's word on a short value of a connection."""
    return [line for line in result.stdout.splitlines() if "secrets_masker" not in line]


def asked(command, *arguments, country="FR"):
    return run("product-types", command, *arguments, "--country", country, "--connection", "demo_amazon")


@pytest.mark.parametrize(
    ("words", "locale", "found"),
    [("lampe", "fr_FR", "Lampe"), ("lámpara", "es_ES", "Lámpara"), ("lamp", "en_GB", "Lamp")],
)
def test_search_in_the_language_of_the_words(home, words, locale, found):
    result = asked("search", words, "--locale", locale)
    assert (result.exit_code, [line.split() for line in lines(result)]) == (0, [["LAMP", found]])


def test_search_by_a_product_s_title(home):
    result = asked("search", "Lampe de bureau LED réglable", "--item-name", "--locale", "fr_FR")
    assert [line.split() for line in lines(result)] == [["LAMP", "Lampe"]]


def test_nothing_found_and_words_in_another_locale(home):
    assert "Amazon knows no product type for 'sextant' on amazon.fr" in asked("search", "sextant").stdout
    result = asked("search", "lampe", "--locale", "en_GB", "--search-locale", "fr_FR")
    assert [line.split() for line in lines(result)] == [["LAMP", "Lamp"]]


def test_show_fetches_and_keeps_both_documents(home):
    result = asked("show", "LAMP", "--locale", "es_ES")
    assert result.exit_code == 0, result.stderr
    for said in ("Lámpara (LAMP), amazon.fr", "validated in fr_FR, labels in es_ES", "Tipo de lámpara"):
        assert said in result.stdout
    store = DefinitionStore(home / "storage" / "definitions")
    assert {key.locale for key in store.keys()} == {"fr_FR", "es_ES"}  # noqa: SIM118 - not a dict


def test_show_with_other_requirements(home):
    offer = asked("show", "PRODUCT", "--requirements", "LISTING_OFFER_ONLY").stdout
    assert "LISTING_OFFER_ONLY" in offer
    assert "item_name.value" not in offer


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "LAMPE"], "Amazon has no product type 'LAMPE' on amazon.fr. Did you mean LAMP?"),
        (["show", "LAMP", "--locale", "fr-FR"], "Did you mean fr_FR"),
        (["search", "lampe", "--locale", "fr-FR"], "Did you mean fr_FR"),
        (["search", "lampe", "--country", "XX"], "Amazon has no marketplace 'XX'. There are US, CA"),
        (["search", "lampe", "--connection", "other"], "There is no Airflow connection 'other'"),
    ],
)
def test_mistakes_are_one_sentence(home, arguments, said):
    known = ["--country", "FR", "--connection", "demo_amazon"]
    result = run("product-types", *arguments[:2], *known, *arguments[2:])
    assert (result.exit_code, lines(result)) == (1, [])
    assert said in result.stderr


@pytest.mark.parametrize("declared_in", ["a file", "a Variable"])
def test_fields_of_a_connector_that_has_no_stored_definition_yet(home, declared_in):
    (home / "connectors").mkdir()
    more = []
    if declared_in == "a file":
        (home / "connectors" / "es_lamps.yaml").write_text(json.dumps(CONNECTOR))
    else:
        (home / "variables.json").write_text(json.dumps({"amazon_connector_es_lamps": CONNECTOR}))
        more = ["--variables", home / "variables.json"]
    result = run("fields", "--connector", "es_lamps", "--language", "es", "--json", *more)
    fields = {field["path"]: field for field in json.loads("\n".join(lines(result)))}
    lamp, weight = fields["lamp_type.value"], fields["item_weight.unit"]
    assert (lamp["label"], lamp["group"]) == ("Tipo de lámpara", "Detalles del producto")
    assert weight["condition"] == "obligatorio cuando «Peso del producto» está indicado"


def test_what_amazon_called_relevant_is_recommended(home):
    (home / "connectors").mkdir()
    (home / "connectors" / "es_lamps.yaml").write_text(json.dumps(CONNECTOR))
    relevant = {
        "code": "18448",
        "message": "relevant",
        "severity": "WARNING",
        "attributeNames": ["is_dimmable", "bulb_base"],
    }
    found = amazon_issues([relevant], source="preview", labels={})
    checked = CheckedItem("S1", found, frozenset(["preview"]))
    ledger = open_ledger(settings().ledger)
    record_issues(ledger, resolve_key(ledger, "es_lamps"), 1, [checked])
    listed = json.loads("\n".join(lines(run("fields", "--connector", "es_lamps", "--json"))))
    by_amazon = {field["path"] for field in listed if field["recommended_by"] == "Amazon's issue 18448"}
    assert by_amazon == {"is_dimmable.value", "bulb_base.value"}


def test_what_a_value_of_the_mapping_makes_required_is_listed_apart(home):
    mapping = {"batteries_required": "{{ item.with_batteries }}", "brand": "{{ item.brand }}"}
    always = {"id": "always", "mapping": mapping | {"batteries_required": True}}
    (home / "connectors").mkdir()
    for one in ({"id": "by_item", "mapping": mapping}, always):
        (home / "connectors" / f"{one['id']}.yaml").write_text(json.dumps(CONNECTOR | one))
    by_item = lines(run("fields", "--connector", "by_item", "--required", "--language", "en"))
    printed = lines(run("fields", "--connector", "always", "--required", "--language", "en"))
    assert printed[: len(by_item)] == by_item
    heading, *apart = printed[len(by_item) + 1 :]
    assert heading == "Required by values that the mapping sets for every item:"
    assert [line.strip() for line in apart[2:]] == [
        "conditional  Incluye pilas",
        "batteries_included.value: yes or no, 2 options",
        "required because “Requiere pilas” is Sí",
    ]
    listed = json.loads("\n".join(lines(run("fields", "--connector", "always", "--required", "--json"))))
    last = listed[-1]
    assert (last["path"], last["needed_alone"]) == ("batteries_included.value", False)
    assert all(field["needed_alone"] for field in listed[:-1])


def test_a_mapping_with_mistakes_leaves_the_fields_that_every_item_needs(home):
    wrong = CONNECTOR | {"mapping": {"Marca": "{{ item.brand }}", "no such field": 1}}
    (home / "connectors").mkdir()
    (home / "connectors" / "es_lamps.yaml").write_text(json.dumps(wrong))
    result = run("fields", "--connector", "es_lamps", "--required", "--language", "en")
    assert result.exit_code == 0
    assert "lamp_type.value" in result.stdout
    assert "The mapping of es_lamps has mistakes" in result.stderr
