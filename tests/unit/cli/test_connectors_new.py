"""The first hour: a connector is written from Amazon's definition and the demo catalogue, then measured."""

import json

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.ledger.database import open_ledger
from amazon_listings.marketplaces import marketplace
from amazon_listings.settings import settings
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.connection import PimConnection
from amazon_listings.sources.selection import Selection
from spapi_sandbox.definitions.dialect import compile_document
from spapi_sandbox.definitions.product_type_files import Variant
from spapi_sandbox.server import running_sandbox
from support.new_connectors import installed_in, run, written
from support.stored_items import store_items

#: What a person who knows the demo catalogue would write for a lamp, by the attribute it goes to.
RIGHT = {
    "externally_assigned_product_identifier": "{{ item.ean }}",
    "main_product_image_locator": "{{ (item.format_image or item.product_image) | image }}",
    "item_name": "{{ item.prod_title }}",
    "brand": "{{ item.brand }}",
    "manufacturer": "{{ item.manufacturer }}",
    "product_description": "{{ item.prod_description }}",
    "bullet_point": [f"{{{{ item.feature_{n} }}}}" for n in range(1, 6)],
    "item_weight": "{{ item.weight }}",
    "country_of_origin": "{{ item.country_of_origin }}",
}
#: What the PIM does not hold: a person must say.
OPEN = {"supplier_declared_dg_hz_regulation", "item_package_weight", "lamp_type", "light_source_type"}
FRANCE = ["--country", "FR"]
LABELS = {
    "fr_FR": {
        "gtin": "externally_assigned_product_identifier",
        "Image principale": "main_product_image_locator",
        "Nom du produit": "item_name",
        "Marque": "brand",
        "Fabricant": "manufacturer",
        "Description du produit": "product_description",
        "Puce": "bullet_point",
        "Poids de l'article": "item_weight",
        "Pays d'origine": "country_of_origin",
        "Réglementation marchandises dangereuses": "supplier_declared_dg_hz_regulation",
        "Poids du colis": "item_package_weight",
        "Type de lampe": "lamp_type",
        "Type de source lumineuse": "light_source_type",
    },
    "es_ES": {
        "gtin": "externally_assigned_product_identifier",
        "Imagen principal": "main_product_image_locator",
        "Nombre del producto": "item_name",
        "Marca": "brand",
        "Fabricante": "manufacturer",
        "Descripción del producto": "product_description",
        "Punto clave": "bullet_point",
        "Peso del producto": "item_weight",
        "País de origen": "country_of_origin",
        "Normativa de mercancías peligrosas": "supplier_declared_dg_hz_regulation",
        "Tipo de lámpara": "lamp_type",
        "Tipo de fuente de luz": "light_source_type",
    },
}


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def files(sandbox, tmp_path_factory):
    """LAMP of France in three languages, and the catalogue as JSON Lines."""
    folder = tmp_path_factory.mktemp("files")
    for language in ("fr", "es", "de"):
        document, _ = compile_document("LAMP", Variant(marketplace("FR"), language, partner="seller"))
        (folder / f"{language}.json").write_text(json.dumps(document), encoding="utf-8")
    connection = PimConnection(
        api="rest", base_url=f"{sandbox.url}/sales_layer/rest/Catalog", api_key="sandbox-pim-key"
    )
    languages = ("fr", "es")
    items = read_items(SalesLayerAccount(connection), Selection(languages=languages))
    (folder / "items.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in items), encoding="utf-8")
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch, sandbox):
    with installed_in(tmp_path, monkeypatch, sandbox):
        yield tmp_path


def offline(files, *more, locale="fr"):
    known = ["--definition", files / "fr.json", "--products", files / "items.jsonl"]
    known += ["--locale-definition", files / f"{locale}.json"] if locale != "fr" else []
    return run("connectors", "new", "--country", "FR", "--product-type", "LAMP", *known, "--yes", *more)


@pytest.mark.parametrize("locale", ["fr_FR", "es_ES"])
def test_most_required_fields_are_proposed_right(home, files, locale):
    language = locale[:2]
    result = offline(files, "--locale", locale, "--languages", language, locale=language)
    assert result.exit_code == 0, result.output
    text, document = written(home)
    mapping = document["mapping"]
    proposed = {attribute: mapping[label] for label, attribute in LABELS[locale].items() if label in mapping}
    assert {name: proposed.get(name) for name in RIGHT} == RIGHT
    assert all(proposed.get(name, "") == "" for name in OPEN)
    assert len(RIGHT) >= 2 * len(OPEN)
    assert document["sales_layer"]["sku"] == "{{ item.format_sku or item.reference }}"
    assert document["sales_layer"]["filter"] == "{{ item.amazon_product_type == 'LAMP' }}"
    assert document["sync"]["operation"] == "test"
    checked = run("connectors", "check")
    assert (checked.exit_code, "1 connector right" in checked.stdout) == (0, True)
    assert "# one of: " in text
    assert "condition_note.value" in text
    required = int(result.stdout.partition(" required lines")[0].rpartition(" ")[2])
    assert f"\n{len(mapping) - required} further lines are proposed, " in result.stdout
    assert not any("condition_note" in key or "ASIN" in key for key in mapping)


def test_conditional_fields_without_a_proposal_are_comments_with_their_condition(home, files):
    offline(files)
    text, document = written(home)
    assert "Remarque sur l'état" not in document["mapping"]
    place = text.index('# Remarque sur l\'état: ""')
    assert "required when “État” is one of Occasion - Acceptable" in text[:place].replace("\n  # ", " ")


def test_products_from_files(home, files, tmp_path):
    (tmp_path / "lamps.csv").write_text(
        "sku,family,name_fr,brand,ean,weight,photo\n"
        'L1,F1,Lampe de bureau,Lumio,8430999000019,"1,2 kg",https://img.example/1.jpg\n'
        'L2,F1,Lampe de table,Lumio,8430999000026,"2 kg",https://img.example/2.jpg\n',
        encoding="utf-8",
    )
    columns = ["--set", "id_column=sku", "--set", "group_column=family", "--set", "image_columns=photo"]
    known = ["--definition", files / "fr.json", "--product-type", "LAMP", "--locale", "fr_FR"]
    source = ["--source", "files", "--set", f"path={tmp_path / 'lamps.csv'}", "--languages", "fr"]
    result = run("connectors", "new", *FRANCE, *known, *source, *columns, "--yes")
    assert result.exit_code == 0, result.output
    _, document = written(home)
    assert document["files"] == {
        "path": str(tmp_path / "lamps.csv"),
        "id_column": "sku",
        "group_column": "family",
        "image_columns": ["photo"],
        "languages": ["fr"],
        "sku": "{{ item.sku or item.reference }}",
    }
    mapping = document["mapping"]
    assert (mapping["Marque"], mapping["gtin"]) == ("{{ item.brand }}", "{{ item.ean }}")
    assert (mapping["Nom du produit"], mapping["Image principale"]) == (
        "{{ item.name }}",
        "{{ item.photo | image }}",
    )
    payloads = run("map", "--connector", "fr_lamp", "--definition", files / "fr.json").stdout.splitlines()
    assert [json.loads(line)["sku"] for line in payloads] == ["L1", "L2"]


def test_products_without_a_barcode_are_named_by_their_asin(home, files, tmp_path):
    (tmp_path / "offers.csv").write_text(
        "sku,asin,price\nL1,B0LUMIO001,10\nL2,B0LUMIO002,12\n", encoding="utf-8"
    )
    known = ["--definition", files / "fr.json", "--product-type", "LAMP", "--locale", "fr_FR"]
    source = ["--source", "files", "--set", f"path={tmp_path / 'offers.csv'}", "--set", "id_column=sku"]
    result = run("connectors", "new", *FRANCE, *known, *source, "--languages", "fr", "--yes")
    assert result.exit_code == 0, result.output
    _, document = written(home)
    assert document["mapping"]["asin"] == "{{ item.asin }}"
    assert "gtin" not in document["mapping"]
    assert "One of these is needed" not in result.output


def test_it_asks_what_it_is_not_told(home):
    answers = "FR\nfr_FR\ndemo_amazon\nlamp backpack\n9\n2\nlamps\nsales_layer\ndemo_sales_layer\nfr\n"
    result = run("connectors", "new", "--no-products", answers=answers)
    assert result.exit_code == 0, result.output
    assert "What is sold" in result.stderr
    _, document = written(home, "lamps")
    assert document["amazon"]["product_type"] == "LAMP"
    assert document["mapping"]["Marque"] == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--country", "XX"], "Amazon has no marketplace 'XX'"),
        ([*FRANCE, "--locale", "fr-FR"], "Did you mean fr_FR"),
        ([], "Marketplace (country): give it with an option"),
        (["--country", "FR", "--definition", "nowhere.json"], "nowhere.json cannot be read"),
        ([*FRANCE, "--search", "zzzz", "--connection", "demo_amazon"], "no product type for 'zzzz'"),
        ([*FRANCE, "--product-type", "LAMP", "--connection", "nobody"], "no Airflow connection 'nobody'"),
    ],
)
def test_a_mistake_is_one_sentence(home, arguments, said):
    result = run("connectors", "new", "--yes", "--no-products", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (home / "connectors").exists()


def test_several_candidates_are_listed(home):
    result = run(
        *("connectors", "new", "--country", "FR", "--search", "lamp backpack", "--locale", "en_GB"),
        *("--yes", "--connection", "demo_amazon"),
    )
    assert result.exit_code == 1
    assert "LAMP" in result.stderr
    assert "BACKPACK" in result.stderr


def test_nothing_is_written_over_without_a_yes(home, files):
    assert offline(files).exit_code == 0
    path = home / "connectors" / "fr_lamp.yaml"
    path.write_text(f"{path.read_text()}# mine\n")
    before = path.read_text()
    refused = offline(files)
    assert (refused.exit_code, path.read_text()) == (1, before)
    assert "exists and is left as it is" in refused.stderr
    known = ["--definition", files / "fr.json", "--no-products", "--country", "FR", "--product-type", "LAMP"]
    options = ["--locale", "fr_FR", "--id", "fr_lamp", "--languages", "fr", "--source-connection", "s"]
    assert run("connectors", "new", *known, *options, answers="n\n").exit_code == 1
    assert path.read_text() == before
    assert run("connectors", "new", *known, *options, answers="y\n").exit_code == 0
    assert path.read_text() != before
    # An id that another file declares is taken too.
    path.rename(path.with_name("other.yaml"))
    taken = offline(files)
    assert taken.exit_code == 1
    assert "other.yaml already declares the connector 'fr_lamp'" in taken.stderr


def test_an_id_that_cannot_be_leaves_no_file(home, files):
    result = offline(files, "--id", "FR Lamps")
    assert result.exit_code == 1
    assert "FR Lamps" in result.stderr
    assert "Nothing was written" in result.stderr
    assert not (home / "connectors").exists()


def test_coverage_of_the_products_as_they_were_read_last(home, files):
    offline(files)
    options = ["--definition", files / "fr.json"]
    lamps = [
        item
        for line in (files / "items.jsonl").read_text().splitlines()
        if (item := json.loads(line))["product"]["fields"]["amazon_product_type"] == "LAMP"
    ]
    ledger = open_ledger(settings().ledger)
    rows = [{"sku": item["sku"], "row": item} for item in lamps[:10]]
    store_items(ledger, "fr_lamp", rows)
    told = run("connectors", "coverage", "fr_lamp", *options)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("10 items, as read last")
    assert "required: 6 of 11 fields mapped" in told.stdout
    assert "100%  Marque  brand.value" in told.stdout
    only = run("connectors", "coverage", "fr_lamp", "--missing", *options).stdout
    assert "brand.value" not in only
    assert "lamp_type.value" in only
    mapped = run("map", "--connector", "fr_lamp", "--stored", *options)
    assert len(mapped.stdout.splitlines()) == 10, mapped.output
    store_items(ledger, "fr_lamp", rows[:1], selected=("brand",), run=2)
    elsewhere = run("connectors", "coverage", "fr_lamp", *options)
    assert "as they were read last" not in elsewhere.stdout, "the mapping reads fields that it does not hold"
    options += ["--json", "--products", files / "items.jsonl"]
    from_file = json.loads(run("connectors", "coverage", "fr_lamp", *options).stdout)
    assert from_file["items"] == len(lamps)  # the connector's filter holds for a file too
    assert from_file["levels"]["required"] == {"mapped": 7, "fields": 14}


def test_the_definition_is_kept_for_the_first_run(home):
    options = ["--connection", "demo_amazon", "--yes", "--no-products", "--product-type", "LAMP"]
    assert run("connectors", "new", "--country", "FR", *options).exit_code == 0
    key = DefinitionKey("LAMP", marketplace("FR").id, locale="fr_FR", seller_id="A1SANDBOXSELLER")
    assert DefinitionStore(home / "storage" / "definitions").find(key) is not None
    assert load_connectors(home / "connectors", {}).connectors[0].title == "LAMP, amazon.fr"


PROTOTYPE = """\
id: fr_proto
amazon: {connection: demo_amazon, country: FR, product_type: LAMP}
sales_layer: {connection: demo_sales_layer, languages: [fr]}
mapping:
  Nom du produitt: x
  État: Neuff
  Marque: "{{ item.weight | extract_nmber }}"
  Fabricant: "{{ item.prod_titel }}"
"""


def test_a_check_fetches_once_what_is_not_stored(home, sandbox):
    (home / "connectors").mkdir()
    (home / "connectors" / "fr_proto.yaml").write_text(PROTOTYPE, encoding="utf-8")
    words = ("connectors", "check", "fr_proto", "--json")
    found = json.loads(CliRunner().invoke(app, words).stdout)
    said = [(one["line"], one["rule"], one["suggestion"]) for one in found["findings"]]
    assert said == [
        (5, "mapping", "Nom du produit (item_name.value)"),
        (6, "mapping", "Neuf (new_new)"),
        (7, "mapping", "extract_number"),
        (8, "field", "prod_title"),
    ]
    assert not {one["what"] for one in found["not_checked"]} & {"definition", "fields", "secrets"}
    asked = sandbox.counters()
    assert json.loads(CliRunner().invoke(app, words).stdout)["findings"] == found["findings"]
    assert sandbox.counters() == asked
