import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.settings import settings
from local_airflow.project import PROJECT


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("AMAZON_LISTINGS_CONNECTORS", raising=False)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def init(*arguments):
    done = CliRunner().invoke(app, ["init", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_dags_a_connector_and_its_schema(home):
    printed = init()
    assert files(home) == {
        "dags/amazon/approvals.py",
        "dags/amazon/confirm.py",
        "dags/amazon/connector_errors.py",
        "dags/amazon/connectors.py",
        "dags/amazon/product_types.py",
        "include/connectors/fr_lamps.yaml",
        "include/schemas/connector.schema.json",
    }
    for path in (home / "dags" / "amazon").iterdir():
        assert path.read_bytes() == (PROJECT / "dags" / path.name).read_bytes()
    schema = "include/schemas/connector.schema.json"
    assert (home / schema).read_bytes() == (PROJECT / schema).read_bytes()
    assert "Set AMAZON_LISTINGS_CONNECTORS" not in printed  # they are where the settings look
    loaded = load_connectors(settings().connectors, {})
    assert [connector.id for connector in loaded.connectors] == ["fr_lamps"]
    assert loaded.broken == []


def test_another_folder_has_to_be_named_in_the_settings(home, tmp_path_factory):
    project = tmp_path_factory.mktemp("a project")
    printed = init(project)
    assert files(home) == set()
    assert f"Set AMAZON_LISTINGS_CONNECTORS='{project / 'include' / 'connectors'}'" in printed
    assert f"Set AIRFLOW__CORE__DAGS_FOLDER='{project / 'dags'}'" in printed


def test_a_folder_that_cannot_be_made_is_one_sentence(home):
    taken = home / "taken"
    taken.write_text("", encoding="utf-8")
    done = CliRunner().invoke(app, ["--language", "de", "init", str(taken)])
    assert done.exit_code == 1
    assert done.stderr == f"{taken}/dags/amazon lässt sich nicht lesen oder schreiben: Not a directory.\n"


def test_a_second_time_changes_nothing(home):
    init()
    ours = home / "dags" / "amazon" / "confirm.py"
    ours.write_text("# ours\n", encoding="utf-8")
    printed = init()
    assert "written" not in printed
    assert f"kept     {ours}, which differs" in printed
    assert printed.count("which differs") == 1
    assert ours.read_text("utf-8") == "# ours\n"
