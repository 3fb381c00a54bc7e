import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors, schema_text

GOOD = """\
id: {id}
amazon: {{country: FR, product_type: HOME}}
sales_layer: {{languages: [fr]}}
sync: {{schedule: "@daily"}}
mapping: {{item_name: "{{{{ item.name }}}}", brand: Acme}}
"""
BROKEN = Path(__file__).parents[1] / "connectors" / "broken"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "connectors"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD.format(id="good"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def run(folder):
    return lambda *words: CliRunner().invoke(app, ["connectors", *words, "--folder", str(folder)])


def test_check_of_a_good_one(run):
    result = run("check")
    assert result.exit_code == 0
    assert "good  DAG amazon_good  FR  HOME  test  @daily  2 mapping lines" in result.stdout
    assert "1 connector right, 0 broken." in result.stdout


def test_check_of_broken_ones_prints_what_airflow_shows(run, folder):
    for path in BROKEN.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    result = run("check")
    assert result.exit_code == 1
    loaded = load_connectors(Path("connectors"), {})
    assert len(loaded.broken) >= 5
    assert all(broken.text in result.stdout for broken in loaded.broken)
    assert result.stdout.startswith("ok  good  DAG amazon_good")
    one = run("check", "good", "timing")
    assert one.exit_code == 1
    assert "Connector timing cannot be used" in one.stdout
    assert "misspelt" not in one.stdout
    assert run("check", "good").exit_code == 0


def test_check_reads_the_expressions_of_the_mapping(run, folder):
    text = GOOD.format(id="good").replace("Acme", '["{{ item.a }}", "{{ item.b | }}"]')
    (folder / "good.yaml").write_text(text, encoding="utf-8")
    result = run("check")
    assert result.exit_code == 1
    assert "mapping.brand.1: '{{ item.b | }}' is not an expression" in result.stdout
    assert "connectors/good.yaml:5:65" in result.stdout


def test_check_with_variables(run, folder):
    exported = {
        "amazon_connector_good": {"sync": {"operation": "live"}, "mapping": {"brand": "{{ x"}},
        "amazon_connector_other": {"value": {"sync": {}}, "description": "described"},
        "amazon_connector_text": "no JSON",
        "unrelated": 5,
    }
    (folder.parent / "variables.json").write_text(json.dumps(exported), encoding="utf-8")
    result = run("check", "--variables", "variables.json")
    assert result.exit_code == 1
    assert "Variable amazon_connector_good, key mapping.brand" in result.stdout
    assert "No file declares a connector 'other'" in result.stdout
    assert "Connector text cannot be used" in result.stdout
    listed = run("list", "--variables", "variables.json")
    assert listed.exit_code == 0
    assert "good  DAG amazon_good  FR  HOME  live" in listed.stdout
    assert "other  broken: Variable amazon_connector_other" in listed.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "goood"], "There is no connector 'goood'. Did you mean 'good'?"),
        (["check", "--variables", "nowhere.json"], "nowhere.json cannot be read"),
        (["check", "--variables", "connectors/good.yaml"], "is not JSON"),
        (["check", "--variables", "list.json"], "not an export of Airflow Variables"),
    ],
)
def test_a_mistake_is_one_sentence(run, folder, words, said):
    (folder.parent / "list.json").write_text("[]", encoding="utf-8")
    result = run(*words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not result.stdout


def test_no_folder():
    result = CliRunner().invoke(app, ["connectors", "list", "--folder", "/nowhere"])
    assert result.exit_code == 1
    assert "The folder of connectors /nowhere cannot be read" in result.stderr


def test_a_connector_that_is_not_enabled(run, folder):
    (folder / "good.yaml").write_text("enabled: false\n" + GOOD.format(id="good"), encoding="utf-8")
    assert "(not enabled: no DAG)" in run("list").stdout


def test_schema():
    result = CliRunner().invoke(app, ["connectors", "schema"])
    assert result.stdout == schema_text()
    assert json.loads(result.stdout)["title"] == "Connector"


def test_check_says_what_a_renamed_connector_goes_on_with(run, folder):
    (folder / "good.yaml").write_text(GOOD.format(id="good") + "was: [old, older]\n", encoding="utf-8")
    result = run("check")
    assert result.exit_code == 0
    assert "was old, older: goes on with that history, nothing is sent again" in result.stdout
    assert "Airflow starts amazon_good as a new DAG; former runs stay under amazon_old, amazon_older" in (
        result.stdout
    )


def test_variables_of_the_environment_are_in_effect(run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_AMAZON_CONNECTOR_GOOD", '{"sync": {"operation": "live"}}')
    assert "good  DAG amazon_good  FR  HOME  live" in run("list").stdout
