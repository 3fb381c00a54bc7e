"""`connectors check` and `connectors test` over a company: every fault with place and suggestion."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.fleet.accounts import collisions, schedule_findings
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.messages import catalogue
from support.ledger_rows import record_accepted
from support.ledgers import ledger_in
from tests.unit.fleet.conftest import COMPANY, LAMPS, LIGHTING, write
from tests.unit.fleet.test_plan import item, keep
from tests.unit.fleet.test_sarif import keeps_the_format

SECRET = "amzn1.oa2-cs.v1.sandbox"
PROTOTYPE = """\
id: fr_proto
amazon: {country: FR, product_type: LAMP}
files: {path: "p.csv", languages: [fr], sku: "{{ item.reference }}"}
mapping:
  Nom du produitt: x
  Type de lampe: Desk Lam
  Marque: "{{ item.weight | extract_nmber }}"
  Fabricant: "{{ item.prod_titel }}"
"""


@pytest.fixture
def run(folder, storage):
    def run(*words, **edits):
        write(folder, **edits)
        return CliRunner().invoke(app, ["connectors", *words, "--folder", str(folder)])

    return run


def test_four_mistakes_and_four_suggestions(run, tmp_path):
    ledger = ledger_in(tmp_path)
    keep(ledger, "fr_proto", [item(1, prod_title="Luna", weight="1")])
    result = run("check", "fr_proto", "--json", proto=PROTOTYPE)
    assert result.exit_code == 1
    found = {one["line"]: one for one in json.loads(result.stdout)["findings"]}
    assert set(found) == {5, 6, 7, 8}
    suggestions = [found[line]["suggestion"] for line in (5, 6, 7, 8)]
    assert suggestions[1:] == ["Lampe de bureau (desk_lamp)", "extract_number", "prod_title"]
    assert [found[line]["column"] for line in (5, 6, 7, 8)] == [3, 3, 3, 3]
    assert "\ufffd" not in result.stdout, "what else may be meant stands on lines of its own"
    assert found[5]["suggestion"].startswith("Nom du produit")
    assert "desk_lamp" in found[6]["text"]
    assert "extract_number" in found[7]["text"]
    assert "prod_title" in found[8]["text"]
    assert all(one["file"].endswith("proto.yaml") for one in found.values())


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_columns_of_a_file_are_the_fields_before_any_run(run, tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    head = "id,prod_title_fr,prod_title_de,weight"
    rows = [dict.fromkeys(head.split(","), "1")]
    path.write_text(head + "\n" if ending == "csv" else "".join(f"{json.dumps(row)}\n" for row in rows))

    def fields(text):
        found = json.loads(run("check", "fr_proto", "--json", proto=text).stdout)
        assert ("fields" in {one["what"] for one in found["not_checked"]}) == (not path.exists())
        return [(one["line"], one["suggestion"]) for one in found["findings"] if one["rule"] == "field"]

    proto = PROTOTYPE.replace("p.csv", str(path))
    assert fields(proto) == [(8, "prod_title")]
    assert fields(proto.replace("prod_titel", "prod_title_fr")) == [(8, "prod_title")]
    assert fields(proto.replace("prod_titel", "prod_title_de")) == []
    path.write_text(path.read_text().replace("prod_title_fr", "prod_titel"))
    assert fields(proto) == [], "a file that was edited is read as it is"
    path.unlink()
    assert fields(proto) == []
    found = json.loads(run("check", "fr_proto", "--json", proto=proto).stdout)
    (why,) = [one["why"] for one in found["not_checked"] if one["what"] == "fields"]
    assert f"There is no file {path}. Correct path in the connector" in why
    assert "AIRFLOW_CONN" not in why


def test_a_secret_that_expires_soon_and_accounts_that_are_not_at_hand(run, monkeypatch):
    created = str((datetime.now(UTC) - timedelta(days=170)).date())
    extra = {
        "seller_id": "A1SANDBOXSELLER",
        "refresh_token": "Atzr|sandbox-seller",
        "secret_created": created,
    }
    connection = {"conn_type": "amazon_selling_partner", "login": "client", "password": SECRET}
    lamps = LAMPS.replace("for:", "amazon: {connection: here}\nfor:")
    monkeypatch.setenv("AIRFLOW_CONN_HERE", json.dumps({**connection, "extra": extra}))
    found = json.loads(run("check", "--json", lamps=lamps).stdout)
    (secret,) = [one for one in found["findings"] if one["rule"] == "secret"]
    assert secret["severity"] == "warning"
    assert "client" in secret["message"]
    assert "secrets" not in {one["what"] for one in found["not_checked"]}
    monkeypatch.delenv("AIRFLOW_CONN_HERE")
    (why,) = [
        one["why"]
        for one in json.loads(run("check", "--json").stdout)["not_checked"]
        if one["what"] == "secrets"
    ]
    assert "client secrets of here" in why


def test_variables_of_the_airflow_that_is_configured(run, tmp_path, monkeypatch):
    """Airflow's command writes its Variables; here it is one that does just that."""
    command = tmp_path / "bin" / "airflow"
    command.parent.mkdir()
    patch = {"amazon_connector_fr_lamp": json.dumps({"mapping": {"Markke": "x"}})}
    command.write_text(f"#!/bin/sh\ncat > \"$3\" <<'END'\n{json.dumps(patch)}\nEND\n")
    command.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    found = run("check", "--airflow", "--json")
    assert found.exit_code == 1
    assert "Markke" in found.stdout
    assert "variables" not in {one["what"] for one in json.loads(found.stdout)["not_checked"]}
    background = "(Background on this error at: https://sqlalche.me/e/20/e3q8)"
    for error, said in {
        "no such table: variable": "its database has no tables yet",
        f"x.OperationalError: (y.Z) connection refused\n{background}": "answer (connection refused)",
        "ModuleNotFoundError: No module named 'x'": "ended with code 3 (ModuleNotFoundError: No module",
    }.items():
        command.write_text(f"#!/bin/sh\ncat >&2 <<'END'\nTraceback\n{error}\nEND\nexit 3\n")
        unreached = run("check", "--airflow")
        assert unreached.exit_code == 1
        assert said in unreached.stderr
        assert "Background" not in unreached.stderr


def test_a_language_that_the_marketplace_does_not_suggest_is_a_warning(run):
    elsewhere = PROTOTYPE.replace("languages: [fr]", "languages: {ja: ja_JP}")
    result = run("check", "fr_proto", "--json", proto=elsewhere)
    (found,) = [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "language"]
    assert elsewhere.splitlines()[found["line"] - 1].startswith("files:")
    assert found["severity"] == "warning"
    assert "ja_JP" in found["message"]
    assert "fr_FR" in found["message"]


@pytest.mark.parametrize(
    ("country", "locale", "told"),
    [
        ("FR", "de_DE", True),
        ("FR", "fr_FR", False),
        ("FR", "DEFAULT", False),
        ("FR", "fr", False),
        ("BE", "nl_NL", False),
        ("BE", "fr_FR", False),
        ("BE", "de_DE", True),
        ("CA", "fr_CA", False),
        ("SA", "ar", False),
        ("ZA", "en_GB", False),
        ("US", "zh_CN", True),
    ],
)
def test_a_locale_that_the_country_does_not_have_is_told(run, country, locale, told):
    placed = PROTOTYPE.replace("country: FR", f"country: {country}, locale: {locale}")
    result = run("check", "fr_proto", "--json", proto=placed.replace("[fr]", "{xx: fr_FR}"))
    found = [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "language"]
    labels = [one for one in found if "Labels are asked for" in one["message"]]
    assert [locale in one["message"] for one in labels] == [True] * told


def test_a_fault_in_a_layer_is_told_at_its_line(run):
    result = run(
        "check",
        "fr_lamp",
        layers__lighting=LIGHTING.replace("Culot:", "Culott:").replace(", optional: true", ""),
    )
    assert result.exit_code == 1
    assert "layers/lighting.yaml:5:3" in result.stdout
    assert "5 |   Culott: " in result.stdout
    assert "Did you mean 'Culot (bulb_base" in result.stdout


def test_an_optional_line_that_fits_no_connector(run):
    result = run("check", layers__lighting=LIGHTING.replace("Culot:", "Culott:"))
    assert result.exit_code == 1
    assert result.stdout.count("layers/lighting.yaml:5:3") == 1
    assert run("check", layers__lighting=LIGHTING).exit_code == 0


def test_it_ends_with_what_it_could_not_check(run, storage):
    result = run("check", "--select", "country:DE")
    told = result.stdout.partition("Not checked:")[2]
    assert "names of PIM fields" in told
    assert "Airflow's Variables" in told
    assert "definition" not in told
    assert "2 connectors right, 0 broken." in result.stdout


def test_two_that_write_the_same(run, tmp_path):
    ledger = ledger_in(tmp_path)
    other = PROTOTYPE.partition("mapping")[0] + "mapping: {brand: x}\n"
    for name in ("fr_proto", "fr_lamp"):
        keep(ledger, name, [item(1, title="Luna", weight="1", origin="FR", base="e27", reference="A")])
    result = run("check", "--json", proto=other)
    (found,) = [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "overlap"]
    assert "fr_lamp" in found["message"]
    assert "both write brand of 1 SKU, A1" in found["message"]


def test_a_connector_that_is_gone_and_still_owns_listings(run, tmp_path):
    ledger = ledger_in(tmp_path)
    scope = ListingScope(resolve_key(ledger, "fr_gone"), "S1", "A13V1IB3VIYZZH", "LAMP")
    sent = [{"sku": sku, "pim_id": sku, "hash": "h", "attributes": {}} for sku in ("A1", "A2")]
    record_accepted(ledger, scope, sent)
    keep(ledger, "fr_lamp", [item(1, title="Luna", weight="1", origin="FR", base="e27")])
    found = [one for one in json.loads(run("check", "--json").stdout)["findings"] if one["rule"] == "gone"]
    assert [one["connector"] for one in found] == ["fr_lamp"]
    assert "`amazon-listings adopt fr_lamp --from fr_gone`" in found[0]["message"]
    assert "2 listings" in found[0]["message"]
    # Of a document that is broken it is not known what it made, and one that says `was` goes on with them.
    assert "fr_gone" not in run("check", torn="id: [").stdout
    assert "fr_gone" not in run("check", proto=PROTOTYPE + "\nwas: fr_gone\n").stdout


def test_sarif(run):
    text = run("check", "--sarif", layers__company=COMPANY.replace("owner", "onwer")).stdout
    result = keeps_the_format(text)[0]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("layers/company.yaml")
    assert place["region"] == {"startLine": 2, "startColumn": 1}
    assert "Did you mean 'owner'?" in result["message"]["text"]


@pytest.mark.parametrize("kind", ["key", "value", "yaml", "variable"])
def test_more_than_a_screen_shows_is_listed(run, tmp_path, kind):
    """The text for people ends at a screen; data has all, and says where it is cut."""

    def found(many):
        keys = [f"k{number}" for number in range(many)]
        added = {
            "key": "".join(f"{key}: 1\n" for key in keys),
            "value": "rules_off:\n" + "".join(f"  {key}: because of it\n" for key in keys),
            "yaml": "".join("title: a\n" for _ in range(many + 1)),
            "variable": "",
        }[kind]
        words = ["check", "fr_proto", "--json"]
        if kind == "variable":
            text = '{"title": "a"' + ', "title": "a"' * many + "}"
            export = tmp_path / "variables.json"
            export.write_text(json.dumps({"amazon_connector_fr_proto": text}))
            words += ["--variables", str(export)]
        result = run(*words, proto=PROTOTYPE.replace("mapping:", added + "mapping:"))
        assert result.exit_code == 1
        findings = [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "document"]
        if kind in {"key", "yaml"}:
            places = [one["line"] for one in findings if one["line"]]
            assert len(set(places)) == len(places)
        return findings

    assert len(found(150)) == 150
    *listed, last = found(1_001)
    assert len(listed) == 1_000
    assert "more than the 1,000 that are listed" in last["message"]
    assert last["severity"] == "error"


def test_suggestions_in_another_language(run, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_LANGUAGE", "de")
    found = json.loads(run("check", "--json", layers__company=COMPANY.replace("owner", "onwer")).stdout)
    assert found["findings"][0]["suggestion"] == "owner"


TESTS = """\
tests:
  - name: weight
    given: {weight: "1,5 kg"}
    expect: {Poids de l'article: [{value: 1.5, unit: kilograms}], brand: Acme Lumière}
  - name: title
    given: {title: Luna, base: null}
    product_type: LAMP
    expect: {item_name: Lune, bulb_base: null}
  - name: base
    given: {base: E99}
    country: FR
    product_type: LAMP
    expect: {bulb_base: {issue: not_convertible}}
"""


def test_tests_beside_the_configuration(run, tmp_path):
    weight = TESTS.replace("Poids de l'article", "item_weight")
    result = run("test", "--junit", str(tmp_path / "junit.xml"), layers__lighting=LIGHTING + weight)
    assert result.exit_code == 1
    assert "7 tests, 2 different." in result.stdout  # weight for 4, title for 2, base for 1
    assert "fr_lamp: title\n" in result.stdout
    assert 'expected  "Lune"\n    found     "Luna"' in result.stdout
    root = ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - our own
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("de_backpack", "1", "0"),
        ("de_lamp", "2", "1"),
        ("fr_backpack", "1", "0"),
        ("fr_lamp", "3", "1"),
    ]
    assert run("test", "--select", "product_type:BACKPACK").exit_code == 0


def test_what_differs_stands_below_what_is_the_same(run):
    wrong = TESTS.replace("value: 1.5, unit", "value: 1.6, unit").partition("  - name: title")[0]
    result = run("test", "--select", "fr_lamp", layers__lighting=LIGHTING + wrong)
    expected, found = (f'{{"unit":"kilograms","value":{value}}}' for value in (1.6, 1.5))
    assert f"expected  {expected}\n    found     {found}" in result.stdout


@pytest.mark.parametrize(
    ("expected", "exit_code"),
    [
        ("{value: 1.5, unit: kilograms}", 0),
        ("{value: 1.5}", 1),
        ("{value: 1.5, unit: kilograms, marketplace_id: A13V1IB3VIYZZH}", 0),
        ("{value: 1.5, unit: kilograms, marketplace_id: A1PA6795UKMFR9}", 1),
    ],
)
def test_what_the_engine_adds_counts_only_where_it_is_named(run, expected, exit_code):
    tests = f'tests: [{{given: {{weight: "1,5 kg"}}, expect: {{item_weight: {expected}}}}}]\n'
    assert run("test", "--select", "fr_lamp", layers__lighting=LIGHTING + tests).exit_code == exit_code


def test_lines_that_no_test_expects(run):
    tests = "tests: [{given: {}, expect: {Brand: Acme Lumière}}]\n"  # by the label of another layer
    result = run("test", "--untested", "--select", "fr_lamp", layers__lighting=LIGHTING + tests)
    assert result.exit_code == 0
    assert "no test expects “Item Weight”" in result.stdout
    assert "“Marque”" not in result.stdout


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{gven: {}}", "Did you mean 'given'?"),
        ("{given: {}, expect: {brnd: x}}", "Did you mean 'brand"),
        ("{given: {}}", "says what it expects"),
        ("5", "with `given` and `expect`"),
    ],
)
def test_a_test_that_is_none(run, test, told):
    result = run("test", "--select", "fr_lamp", lamps=LAMPS + f"tests: [{test}]\n")
    assert result.exit_code == 1
    assert told in result.stdout
    assert "lamps.yaml:7" in result.stdout


def test_a_field_that_no_run_has_read_may_be_there(run, tmp_path):
    ledger = ledger_in(tmp_path)
    keep(ledger, "fr_proto", [item(1, prod_title="Luna", weight="1")], selected=("prod_title", "weight"))
    right = (
        PROTOTYPE.replace("produitt", "produit").replace("Desk Lam", "desk_lamp").replace("nmber", "number")
    )
    found = json.loads(run("check", "fr_proto", "--json", proto=right).stdout)["findings"]
    assert [one["rule"] for one in found if one["severity"] == "error"] == []


@pytest.mark.parametrize(
    ("edits", "place", "said"),
    [
        (
            {"lamps": LAMPS.replace("for: {country", "for: {contry")},
            "lamps.yaml:2:7",
            "Did you mean 'country'?",
        ),
        (
            {"lamps": LAMPS.replace("[lighting]", "[lightning]")},
            "lamps.yaml:1:11",
            "Did you mean 'lighting'?",
        ),
        ({"lamps": LAMPS + "was: '{contry}_lamps'\n"}, "lamps.yaml:7:6", "Did you mean '{country}'?"),
        ({"lamps": "a: [1\n"}, "lamps.yaml:2:1", "Not YAML"),
    ],
)
def test_a_mistake_is_told_without_consequences(run, edits, place, said):
    result = run("check", **edits)
    assert result.exit_code == 1
    assert place in result.stdout
    assert said in result.stdout
    assert "No connector extends this layer" not in result.stdout


def test_marks_and_tests_in_a_wrong_form(run):
    marked = LIGHTING.replace("optional: true", "optional: 'yes'")
    result = run("check", layers__lighting=marked)
    assert "`optional` is true or false" in result.stdout
    assert "lighting.yaml:5:3" in result.stdout
    tests = "tests:\n  - {given: {title: a}, expct: {Brand: a}}\n"
    (found, *_) = json.loads(run("check", "--json", layers__lighting=LIGHTING + tests).stdout)["findings"]
    assert (found["rule"], found["severity"], found["line"]) == ("test", "warning", 7)
    assert "Did you mean 'expect'?" in found["message"]


def test_a_line_of_a_layer_is_told_once_for_all_that_have_it(run):
    wrong = COMPANY.replace("Brand: Acme\n", "Brnd: Acme\n")
    result = run("check", layers__company=wrong)
    assert result.exit_code == 1
    assert result.stdout.count("mapping.Brnd:") == 1
    assert "Connectors de_backpack, de_lamp, fr_backpack, fr_lamp cannot be used: 1 error" in result.stdout
    results = json.loads(run("check", "--sarif").stdout)["runs"][0]["results"]
    (told,) = [one["message"]["text"] for one in results if "Brnd" in one["message"]["text"]]
    assert told.startswith("de_backpack, de_lamp, fr_backpack, fr_lamp: ")
    everything = json.loads(run("check", "--json").stdout)["findings"]
    assert len([one for one in everything if "Brnd" in one["message"]]) == 4


def test_schedules_that_need_more_calls_in_an_hour_than_amazon_takes(run, folder, tmp_path):
    many = "[" + ", ".join(f"n{number}" for number in range(30)) + "]"
    text = PROTOTYPE.replace("id: fr_proto", f"for: {{range: {many}}}\nid: 'x_{{range}}'")
    text = text.partition("mapping:")[0] + "mapping: {brand: x}\n"
    text += "sync: {schedule: '0 5,6 * * *', timezone: UTC}\n"
    ledger = ledger_in(tmp_path)
    for name in ("x_n0", "x_n29"):
        keep(ledger, name, [item(number) for number in range(4)])
    (unknown,) = [
        one
        for one in json.loads(run("check", "--json", proto=text).stdout)["not_checked"]
        if one["what"] == "schedules"
    ]
    assert len(unknown["connectors"]) == 28
    (together,) = collisions(load_connectors(folder, {}).connectors, ledger)
    assert (together.hours, sum(together.items)) == ((5, 6), 8)
    assert list(schedule_findings([together], catalogue())) == []
    (found,) = schedule_findings([replace(together, items=(18_000, *together.items[1:]))], catalogue())
    assert "x_n0, x_n1, x_n10, x_n11, x_n12 … (+25) all start at 05:00, 06:00 UTC" in found.message
    assert "18,004 items" in found.message
