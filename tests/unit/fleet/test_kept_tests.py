"""`connectors keep-test`: tests written from real products, and where they are written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.fleet.kept_tests import with_tests
from support.ledgers import ledger_in
from tests.unit.fleet.test_plan import item, keep

TESTS = [{"name": "A1", "given": {"a": "x: y # z"}, "expect": {"b": None}}]


@pytest.fixture
def run(folder, storage, tmp_path):
    ledger = ledger_in(tmp_path)
    good = item(1, title="Luna", weight="1,5 kg", origin="FR", base="e27", unread="x")
    spoken = item(2, weight="heavy", origin="FR", base="e99")
    spoken["product"]["texts"] = {"title": {"fr": "0123", "de": ""}}
    keep(ledger, "fr_lamp", [good, spoken])
    return lambda *words: CliRunner().invoke(app, ["connectors", *words, "--folder", str(folder)])


def test_a_product_becomes_a_test_that_passes_until_the_mapping_changes(run, folder):
    before = (folder / "lamps.yaml").read_text()
    result = run("keep-test", "fr_lamp", "A1", "A2")
    assert result.exit_code == 0, result.output
    assert "2 tests" in result.stdout
    text = (folder / "lamps.yaml").read_text()
    assert text.startswith(before)
    first, second = yaml.safe_load(text)["tests"]
    assert (first["name"], first["country"], first["product_type"]) == ("A1", "FR", "LAMP")
    assert first["given"] == {"title": "Luna", "weight": "1,5 kg", "origin": "FR", "base": "e27"}
    assert first["expect"]["item_name"] == ["Luna"]
    assert first["expect"]["item_weight"] == [{"unit": "kilograms", "value": 1.5}]
    assert second["given"]["title"] == {"fr": "0123"}
    assert second["expect"]["item_weight"] == {"issue": "not_convertible"}
    assert second["expect"]["bulb_base"] == {"issue": "not_convertible"}
    assert "2 tests" in run("test").stdout, "they are for fr_lamp alone"
    assert run("test").exit_code == 0
    layer = folder / "layers" / "company.yaml"
    layer.write_text(layer.read_text().replace("{{ item.title }}", "{{ item.title | upper }}"))
    wrong = run("test")
    assert wrong.exit_code == 1
    assert "LUNA" in wrong.stdout


def test_what_cannot_be_kept(run, folder):
    assert "has read an item with the SKU A9" in run("keep-test", "fr_lamp", "A9").stderr
    assert run("keep-test", "fr_lamp", "A1").exit_code == 0
    again = run("keep-test", "fr_lamp", "A1")
    assert again.exit_code == 1
    assert "has a test called “A1” already" in again.stderr
    assert (folder / "lamps.yaml").read_text().count("A1") == 1


@pytest.mark.parametrize(
    "tests",
    [
        "",
        "tests: []\n",
        "tests:\n",
        "tests: [{name: one, given: {}, expect: {a: 1}}]\n",
        "tests:\n- name: one  # why\n  given: {}\n  expect: {a: 1}\n\n# about the next\n",
        "tests:\n    - name: one\n      given: {}\n      expect:\n        a: |\n          x\n          y\n",
        "tests: [\n  {name: one, given: {}, expect: {a: 1}},\n]  # all\n",
    ],
)
@pytest.mark.parametrize("after", ["", "owner: x  # and more\n"])
def test_where_it_is_written(tests, after):
    text = f"# first\nid: a\n{tests}{after}"
    made = with_tests(text, TESTS)
    known, found = yaml.safe_load(text), yaml.safe_load(made)
    assert found == {**known, "tests": [*(known.get("tests") or []), *TESTS]}
    assert [line for line in text.splitlines() if "#" in line and line not in made] == []


texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("abé:#", max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(values, values)
def test_values_come_back_as_they_were(given, expected):
    test = {"name": "1", "given": {"f": given}, "expect": {"a": expected}}
    assert yaml.safe_load(with_tests(with_tests("id: a", [test]), [test]))["tests"] == [test, test]
