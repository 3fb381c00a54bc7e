"""With the PIM and Amazon at hand, `connectors new` writes what a person would, and measures it."""

import json

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection
from support.new_connectors import installed_in, run, written

FRANCE = ["--country", "FR"]


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def home(tmp_path, monkeypatch, sandbox):
    with installed_in(tmp_path, monkeypatch, sandbox):
        yield tmp_path


def test_with_the_pim_and_amazon_by_their_connections(home):
    result = run(
        *("connectors", "new", "--country", "FR", "--search", "lampe", "--locale", "fr_FR", "--yes"),
        *("--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--languages", "fr"),
    )
    assert result.exit_code == 0, result.output
    text, document = written(home)
    assert document["amazon"]["product_type"] == "LAMP"
    assert document["mapping"]["Marque"] == "{{ item.brand }}"
    assert "prod_title (Name)" in text  # the PIM's own title
    assert run("connectors", "check").exit_code == 0
    found = json.loads(run("connectors", "coverage", "fr_lamp", "--json").stdout)
    assert found["source"] == "pim"
    required = {one["path"]: one for one in found["fields"] if one["requirement"] == "required"}
    assert required["brand.value"]["share"] == 1
    assert not required["lamp_type.value"]["mapped"]


def test_a_matrix_is_a_layer_and_a_document_for_each_type(home):
    known = ["--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--yes"]
    wanted = ["--country", "FR", "--country", "DE,ES", "--product-type", "LAMP", "--product-type", "BACKPACK"]
    result = run("connectors", "new", *wanted, *known)
    assert result.exit_code == 0, result.output
    assert "6 connectors" in result.stdout
    _, layer = written(home, "layers/company")
    assert layer["sync"] == {"operation": "test"}
    assert layer["mapping"]["Brand"] == "{{ item.brand }}"
    filter_ = "{{ item.amazon_product_type == connector.product_type }}"
    assert (layer["sales_layer"]["languages"], layer["sales_layer"]["filter"]) == (["fr"], filter_)
    assert [one["sales_layer"]["languages"] for one in layer["overrides"]] == [["de"], ["es"]]
    _, lamps = written(home, "lamp")
    assert lamps["for"] == {"country": ["FR", "DE", "ES"], "product_type": "LAMP"}
    assert "Lamp Type" in lamps["mapping"]
    assert not lamps["mapping"].keys() & layer["mapping"].keys()
    loaded = load_connectors(home / "connectors", {})
    assert sorted(one.id for one in loaded.connectors) == [
        f"{country}_{name}" for country in ("de", "es", "fr") for name in ("backpack", "lamp")
    ]
    again = run("connectors", "new", *wanted, *known)
    assert again.exit_code == 1
    assert "company.yaml" in again.output


def test_an_offer_alone(home):
    options = ["--requirements", "LISTING_OFFER_ONLY", "--product-type", "PRODUCT", "--id", "offers"]
    known = ["--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--languages", "fr"]
    result = run("connectors", "new", *FRANCE, *options, *known, "--yes")
    assert result.exit_code == 0, result.output
    _, document = written(home, "offers")
    assert document["amazon"]["requirements"] == "LISTING_OFFER_ONLY"
    # The stock line makes a field required of all: it is a line to fill in, and coverage says so.
    assert document["mapping"]["Modèle de livraison"] == ""
    assert "152 of 152: “Modèle de livraison” is missing." in result.output
    assert "Items that pass the local checks: 0 of 152." in result.output
    assert {"offers", "stock"} <= document["mapping"].keys()
    assert not {"Nom du produit", "Marque"} & document["mapping"].keys()
    assert run("connectors", "check").exit_code == 0


def test_a_vendor_s_connection_gets_a_vendor_s_fields(home, sandbox, monkeypatch):
    vendor = amazon_connection(sandbox, extra={"seller_id": "", "vendor_code": "SANDV"})
    monkeypatch.setenv("AIRFLOW_CONN_VENDOR", json.dumps(vendor))
    options = ["--product-type", "LAMP", "--connection", "vendor", "--source-connection", "demo_sales_layer"]
    result = run("connectors", "new", *FRANCE, *options, "--yes")
    assert result.exit_code == 0, result.output
    text, document = written(home)
    assert "cost_price" in text
    assert "offers" not in document["mapping"]


def test_a_matrix_in_english_fits_markets_in_other_languages(home):
    words = ["--country", "FR,DE", "--product-type", "LAMP,BACKPACK", "--id", "company", "--languages", "fr"]
    names = ["--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--yes"]
    written = CliRunner().invoke(app, ["connectors", "new", *words, *names])
    assert "  Lamp Type" in written.stdout.splitlines()
    assert "Condition: New" in (home / "connectors" / "layers" / "company.yaml").read_text(encoding="utf-8")
    checked = CliRunner().invoke(app, ["connectors", "check"])
    assert (checked.exit_code, "4 connectors right, 0 broken" in checked.stdout) == (0, True), checked.stdout
    explained = CliRunner().invoke(app, ["connectors", "explain", "de_lamp", "--field", "Condition"])
    assert '"new_new"' in explained.stdout


def test_a_matrix_gives_each_marketplace_those_of_the_languages_that_it_suggests(home):
    known = ["--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--yes"]
    wanted = ["--country", "FR,BE,DE,IT", "--product-type", "LAMP", "--languages", "fr,de,nl"]
    result = run("connectors", "new", *wanted, *known)
    assert result.exit_code == 0, result.output
    loaded = load_connectors(home / "connectors", {})
    assert {one.marketplace.country: list(one.source.languages) for one in loaded.connectors} == {
        "FR": ["fr"],
        "BE": ["fr", "nl"],
        "DE": ["de"],
        "IT": ["fr", "de", "nl"],  # it suggests none of them: `check` says so
    }


def test_products_of_the_pim_are_kept_as_tests_by_their_skus(home):
    known = ["--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--yes"]
    result = run("connectors", "new", "--country", "FR,DE", "--product-type", "LAMP,BACKPACK", *known)
    assert result.exit_code == 0, result.output
    _, lamps = written(home, "lamp")
    assert [one["country"] for one in lamps["tests"]] == ["FR", "FR"]
    assert all(one["name"].startswith("LUM-") for one in lamps["tests"])
    assert run("connectors", "check").exit_code == 0
    tested = run("connectors", "test")
    assert tested.exit_code == 0, tested.output
    assert "4 tests, 0 different" in tested.output


def test_what_is_in_the_way_is_said_in_the_language_of_the_command(home):
    known = ["--connection", "demo_amazon", "--source-connection", "demo_sales_layer", "--yes"]
    words = ["connectors", "new", "--country", "FR", "--product-type", "LAMP", *known]
    result = CliRunner().invoke(app, ["--language", "fr", *words])
    assert result.exit_code == 0, result.output
    assert " is missing" not in result.output
    covered = CliRunner().invoke(app, ["--language", "fr", "connectors", "coverage", "fr_lamp"])
    assert "manque" in covered.output
    assert " is missing" not in covered.output
