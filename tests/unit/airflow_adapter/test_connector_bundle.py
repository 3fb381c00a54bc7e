"""The DAG bundle of the connectors: its files, which of them are touched, and the DAGs that they make."""

import json
import os
import time
from pathlib import Path

import pytest
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID, _AIRFLOW_PARSING_CONTEXT_TASK_ID
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, VariableKeysResult

from amazon_listings.airflow_adapter import share_files
from amazon_listings.airflow_adapter.bundle_config import BundleTwice, FilesWrong
from amazon_listings.airflow_adapter.connector_bundle import ConnectorBundle
from amazon_listings.airflow_adapter.connector_dags import has_bundle
from amazon_listings.connectors.shares import Index, Share
from local_airflow.project import PROJECT

CLASSPATH = "amazon_listings.airflow_adapter.connector_bundle.ConnectorBundle"
LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
LONG_AGO = 1_000_000_000


class NoVariables:
    """The dag-processor's side of a parse, with no Variable in Airflow's database."""

    def send(self, _request):
        return VariableKeysResult(keys=[], total_entries=0)


@pytest.fixture
def configured(monkeypatch, tmp_path):
    """Configure the bundle beside the ordinary DAG folder, with so many files; None: without it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))

    def configured(files=3):
        bundles = [
            {"name": "dags-folder", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle"}
        ]
        bundles += (
            [{"name": "connectors", "classpath": CLASSPATH, "kwargs": {"files": files}}] if files else []
        )
        bundles[0]["kwargs"] = {}
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))
        return DagBundlesManager().get_bundle("connectors") if files else None

    return configured


@pytest.fixture
def bundle(configured, folder):
    """The bundle as the dag-processor has it, with three files."""
    bundle = configured()
    bundle.initialize()
    bundle.refresh()
    return bundle


@pytest.fixture
def parsed(monkeypatch):
    """Parse a bundle as the dag-processor does: the file of each DAG by its id, and the errors by file."""
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", NoVariables(), raising=False)

    def parsed(bundle):
        bag = DagBag(str(bundle.path))
        files = {dag_id: Path(dag.fileloc).name for dag_id, dag in bag.dags.items()}
        return files, {Path(name).name: text for name, text in bag.import_errors.items()}

    return parsed


def set_back(bundle):
    """Let every file look as if nothing touched it for long."""
    for path in bundle.path.glob("*.py"):
        os.utime(path, (LONG_AGO, LONG_AGO))


def touched(bundle):
    return {path.name for path in bundle.path.glob("*.py") if path.stat().st_mtime != LONG_AGO}


def test_every_connector_is_in_one_file(bundle, declare, document, parsed):
    names = [f"fr_{number}" for number in range(12)]
    for name in names:
        declare(document | {"id": name})
    bundle.refresh()
    files, errors = parsed(bundle)
    assert files.keys() == {f"amazon_{name}" for name in names}
    assert errors == {}
    for name in names:
        number = next(one for one in (1, 2, 3) if Share(one, 3).has(name))
        assert files[f"amazon_{name}"] == f"connectors_{number}.py"


def test_the_ordinary_dag_files_leave_the_connectors_to_the_bundle(configured, declare, document, parse):
    declare(document)
    declare("id: fr_broken\namazon: [", name="fr_broken")
    configured()
    assert has_bundle()
    bag = parse()
    assert (bag.dags, bag.import_errors) == ({}, {})
    configured(files=None)
    assert not has_bundle()
    bag = parse()
    assert set(bag.dags) == {"amazon_fr_home"}
    assert len(bag.import_errors) == 1


@pytest.mark.parametrize("file", ["connectors_2.py", "connectors_3.py", "connectors_9.py"])
def test_a_task_finds_its_dag_in_whatever_file(bundle, declare, document, monkeypatch, file):
    declare(document)
    declare(document | {"id": "fr_other"})
    (bundle.path / "connectors_9.py").write_text("before")
    bundle.refresh()
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, "amazon_fr_home")
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_TASK_ID, "test_sync")
    for place in (
        bundle.path / file,
        bundle.path / "connector_errors.py",
        PROJECT / "dags" / "connectors.py",
    ):
        bag = DagBag(str(place))
        assert set(bag.dags) == (set() if "errors" in place.name else {"amazon_fr_home"})
        assert bag.import_errors == {}


def test_a_broken_document_is_an_import_error_of_the_file_of_errors(bundle, declare, document, parsed):
    declare(document)
    declare("id: fr_broken\namazon: [", name="fr_broken")
    bundle.refresh()
    files, errors = parsed(bundle)
    assert files.keys() == {"amazon_fr_home"}
    assert errors.keys() == {"connector_errors.py"}
    assert "fr_broken" in errors["connector_errors.py"]


def test_an_id_of_two_documents_has_no_dag(bundle, declare, document, parsed):
    declare(document)
    declare(document | {"id": "fr_other"}, name="a")
    declare(document | {"id": "fr_other"}, name="b")
    bundle.refresh()
    files, errors = parsed(bundle)
    assert files.keys() == {"amazon_fr_home"}
    assert "fr_other" in errors["connector_errors.py"]


def test_a_variable_alone_declares_a_connector(bundle, document, parsed, variable):
    variable("fr_home", {name: one for name, one in document.items() if name != "id"})
    files, errors = parsed(bundle)
    assert files.keys() == {"amazon_fr_home"}
    assert errors == {}


def test_a_missing_folder_is_said_by_every_parse_and_mended_by_the_next(
    bundle, folder, declare, document, parsed
):
    folder.rmdir()
    bundle.refresh()
    _, errors = parsed(bundle)
    assert all("cannot be read" in text for text in errors.values())
    assert errors
    folder.mkdir()
    declare(document)
    set_back(bundle)
    bundle.refresh()
    assert len(touched(bundle)) == 4
    assert parsed(bundle) == ({"amazon_fr_home": f"connectors_{share_number('fr_home')}.py"}, {})


def share_number(name):
    return next(one for one in (1, 2, 3) if Share(one, 3).has(name))


def test_an_edit_touches_its_file_and_the_errors_until_they_are_parsed(bundle, declare, document, parsed):
    for number in range(6):
        declare(document | {"id": f"fr_{number}"})
    bundle.refresh()
    parsed(bundle)
    set_back(bundle)
    bundle.refresh()
    assert touched(bundle) == set(), "nothing changed"
    declare(document | {"id": "fr_4", "owner": "else"})
    for _ in range(2):  # a parse that began before the edit does not see it
        set_back(bundle)
        bundle.refresh()
        assert touched(bundle) == {f"connectors_{share_number('fr_4')}.py", "connector_errors.py"}
    parsed(bundle)
    set_back(bundle)
    bundle.refresh()
    assert touched(bundle) == set()


def test_a_command_that_parses_does_not_pass_for_the_dag_processor(
    bundle, declare, document, parsed, monkeypatch
):
    declare(document)
    bundle.refresh()
    monkeypatch.delattr(task_runner, "SUPERVISOR_COMMS")
    assert DagBag(str(bundle.path)).dags.keys() == {"amazon_fr_home"}
    set_back(bundle)
    bundle.refresh()
    assert len(touched(bundle)) == 4


def test_a_worker_writes_only_what_is_missing(bundle, configured):
    (bundle.path / "connectors_1.py").write_text("as it is")
    (bundle.path / "connectors_2.py").unlink()
    configured().initialize()
    assert (bundle.path / "connectors_1.py").read_text() == "as it is"
    assert "dags_of_share(2, 3" in (bundle.path / "connectors_2.py").read_text()


def test_writers_of_one_file_do_not_hinder_each_other(tmp_path, monkeypatch):
    replace, others = Path.replace, [lambda: share_files.add_missing(tmp_path, 1)]

    def replace_after_another(path, target):
        if others:
            others.pop()()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_after_another)
    share_files.add_missing(tmp_path, 1)
    assert {path.name for path in tmp_path.iterdir()} == {"connectors_1.py", "connector_errors.py"}


def test_files_that_are_too_many_go_after_a_day(bundle, configured, declare, document, parsed):
    for number in range(12):
        declare(document | {"id": f"fr_{number}"})
    fewer = configured(files=1)
    fewer.initialize()
    fewer.refresh()
    files, errors = parsed(fewer)
    assert set(files.values()) == {"connectors_1.py"}
    assert len(files) == 12
    assert errors == {}
    assert (bundle.path / "connectors_3.py").exists()
    a_day_ago = time.time() - 25 * 3600
    os.utime(bundle.path / "connectors_3.py", (a_day_ago, a_day_ago))
    fewer.refresh()
    assert {path.name for path in bundle.path.glob("*3*")} == set()
    assert (bundle.path / "connectors_2.py").exists()


def test_the_index_is_kept_and_may_be_lost(bundle, declare, document, parsed):
    declare(document)
    bundle.refresh()
    assert share_files.kept_index(bundle.path).ids == ["fr_home"]
    (bundle.path / "index.json").unlink()
    assert share_files.kept_index(bundle.path) == Index()
    assert parsed(bundle)[0].keys() == {"amazon_fr_home"}


def test_the_folder_is_below_the_home_unless_airflow_has_one(bundle, tmp_path, monkeypatch):
    assert bundle.path == tmp_path / "airflow" / "dag_bundles" / "connectors"
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(tmp_path / "elsewhere"))
    assert ConnectorBundle(name="ours").path == tmp_path / "elsewhere" / "ours"
    assert ConnectorBundle(name="ours").refresh_interval == 10


@pytest.mark.parametrize("files", [0, -1, 65, "3", 2.0, True, None])
def test_a_number_of_files_that_cannot_be(files):
    with pytest.raises(FilesWrong, match="a whole number from 1 to 64"):
        ConnectorBundle(name="ours", files=files)


@pytest.mark.parametrize("twice", [True, False])
def test_a_bundle_that_cannot_be_says_so_in_both_files_of_the_dags_folder(
    configured, declare, document, parse, monkeypatch, twice
):
    declare(document)
    configured()
    bundles = json.loads(os.environ[BUNDLES])
    bundles += [bundles[1] | {"name": "more"}] if twice else []
    bundles[1]["kwargs"] = {"files": 3 if twice else 0}
    monkeypatch.setenv(BUNDLES, json.dumps(bundles))
    bag = parse()
    assert bag.dags == {}
    said = "with the classpath amazon_listings" if twice else "a whole number from 1 to 64"
    assert len(bag.import_errors) == 2
    assert all(said in text for text in bag.import_errors.values())
    assert [one.name for one in DagBundlesManager().get_all_dag_bundles()] == ["dags-folder"]


def test_a_class_that_extends_the_bundle_makes_no_dags_beside_the_dags_folder(configured):
    class Extended(ConnectorBundle):
        pass

    with pytest.raises(BundleTwice):
        Extended(name="ours")
    assert ConnectorBundle(name="ours").files == 4


def test_a_file_whose_variables_cannot_be_read_is_parsed_soon_again(
    bundle, declare, document, parsed, monkeypatch
):
    declare(document)
    bundle.refresh()
    with monkeypatch.context() as away:
        away.setattr(NoVariables, "send", refused)
        files, errors = parsed(bundle)
        assert files == {}
        assert len(errors) == 4
    set_back(bundle)
    bundle.refresh()
    assert len(touched(bundle)) == 4
    assert parsed(bundle)[1] == {}
    set_back(bundle)
    bundle.refresh()
    assert touched(bundle) == set()


def refused(_supervisor, _request):
    """Airflow, which does not list its Variables just now."""
    raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR))


def test_names_of_files_that_are_not_utf_8_take_no_dag_away(bundle, folder, document, parsed):
    (folder / os.fsdecode(b"\xff.yaml")).write_text(json.dumps(document))
    (folder / os.fsdecode(b"\xfe.yaml")).write_text("id: fr_broken\namazon: [")
    bundle.refresh()
    bag = DagBag(str(bundle.path))
    (dag,) = bag.dags.values()
    assert "\\udcff.yaml" in dag.doc_md.encode().decode()
    (error,) = bag.import_errors.values()
    assert "fr_broken" in error.encode().decode()


def test_a_pipe_among_the_documents_holds_nothing_up(bundle, folder, declare, document, parsed):
    declare(document)
    os.mkfifo(folder / "pipe.yaml")
    bundle.refresh()
    files, errors = parsed(bundle)
    assert files.keys() == {"amazon_fr_home"}
    assert "it is a pipe" in errors["connector_errors.py"]


@pytest.mark.parametrize("file", ["docs/operations.md", "include/airflow.env"])
def test_the_line_that_switches_it_on_is_right(file, monkeypatch, tmp_path):
    name = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
    (line,) = (
        one
        for one in (PROJECT / file).read_text(encoding="utf-8").splitlines()
        if one.lstrip("# ").startswith(f"{name}=")
    )
    monkeypatch.setenv(name, line.partition("=")[2])
    assert has_bundle()
    assert [type(one).__name__ for one in DagBundlesManager().get_all_dag_bundles()] == [
        "LocalDagBundle",
        "ConnectorBundle",
    ]
