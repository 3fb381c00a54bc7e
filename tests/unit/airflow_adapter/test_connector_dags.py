import pytest
from airflow.sdk.definitions.context import (
    _AIRFLOW_PARSING_CONTEXT_DAG_ID,
    _AIRFLOW_PARSING_CONTEXT_TASK_ID,
)
from typer.testing import CliRunner

from amazon_listings.cli import app
from local_airflow.project import PROJECT

ERRORS = str(PROJECT / "dags" / "connector_errors.py")


@pytest.fixture
def in_task(monkeypatch):
    """Parse as the worker does that is about to run a task of this DAG."""

    def in_task(dag_id):
        monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, dag_id)
        monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_TASK_ID, "test_sync")

    return in_task


def test_a_task_builds_just_its_own_dag(declare, document, parse, in_task):
    for name in ("fr_home", "fr_other", "fr_third"):
        declare(document | {"id": name})
    assert len(parse().dags) == 3
    in_task("amazon_fr_other")
    assert set(parse().dags) == {"amazon_fr_other"}


def test_a_task_is_not_disturbed_by_the_broken(declare, document, parse, in_task):
    declare(document)
    declare("id: fr_broken\namazon: [", name="fr_broken")
    in_task("amazon_fr_home")
    bag = parse()
    assert bag.import_errors == {}
    assert set(bag.dags) == {"amazon_fr_home"}


def test_a_task_of_a_dag_that_is_not_ours_builds_nothing(declare, document, parse, in_task):
    declare(document)
    in_task("fr_home")
    assert parse().dags == {}


def test_broken_connectors_are_an_import_error_and_the_others_stay(declare, document, parse, folder):
    declare(document)
    declare(document | {"id": "fr_typo", "amazon": {"country": "FRA", "product_type": "HOME"}})
    declare("id: fr_broken\namazon: [", name="fr_broken")
    bag = parse()
    assert set(bag.dags) == {"amazon_fr_home"}
    assert set(bag.import_errors) == {ERRORS} or list(bag.import_errors) == ["connector_errors.py"]
    (shown,) = bag.import_errors.values()
    checked = CliRunner().invoke(app, ["connectors", "check", "--folder", str(folder)])
    assert checked.exit_code == 1
    texts = [text for text in checked.stdout.split("\n\n") if "fr_typo" in text or "fr_broken" in text]
    assert texts
    for text in texts:
        assert text.strip() in shown
    assert "FRA" in shown
    assert "line" in shown or ".yaml:" in shown


def test_all_right_is_no_import_error(declare, document, parse):
    declare(document)
    assert parse().import_errors == {}


def test_no_connector_at_all_is_no_error(folder, parse):
    bag = parse()
    assert (bag.dags, bag.import_errors) == ({}, {})


def test_a_missing_folder_is_one_sentence(folder, parse):
    folder.rmdir()
    for error in parse().import_errors.values():
        assert f"The folder of connectors {folder} cannot be read: No such file or directory." in error


def test_a_variable_declares_a_connector_alone(folder, document, parse, variable):
    del document["id"]
    variable("fr_home", document)
    assert set(parse().dags) == {"amazon_fr_home"}


def test_a_variable_changes_a_file(declare, document, parse, variable, in_task):
    declare(document)
    variable("fr_home", {"sync": {"schedule": "@weekly", "operation": "live"}})
    for _ in range(2):  # the whole folder, then the task's own DAG
        dag = parse().dags["amazon_fr_home"]
        assert dag.timetable.summary == "0 0 * * 0"
        assert dag.params["operation"] == "test", "no form preselects live"
        assert "live" in dag.tags
        in_task("amazon_fr_home")


def test_a_broken_variable_breaks_only_its_connector(declare, document, parse, monkeypatch):
    declare(document)
    declare(document | {"id": "fr_other"})
    monkeypatch.setenv("AIRFLOW_VAR_AMAZON_CONNECTOR_FR_HOME", "{not json")
    bag = parse()
    assert set(bag.dags) == {"amazon_fr_other", "amazon_fr_home"}
    (shown,) = bag.import_errors.values()
    assert "amazon_connector_fr_home" in shown
    broken = bag.dags["amazon_fr_home"]
    assert "Not JSON" in broken.doc_md
    assert broken.schedule is None
    assert [one.task_id for one in broken.tasks] == [one.task_id for one in bag.dags["amazon_fr_other"].tasks]


def test_a_connector_that_is_not_enabled_has_no_dag(declare, document, parse):
    declare(document | {"enabled": False})
    bag = parse()
    assert (bag.dags, bag.import_errors) == ({}, {})


def test_other_variables_are_left_alone(declare, document, parse, monkeypatch):
    declare(document)
    monkeypatch.setenv("AIRFLOW_VAR_AMAZON", "{not json")
    assert parse().import_errors == {}
