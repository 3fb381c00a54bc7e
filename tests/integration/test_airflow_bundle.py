"""The connectors' DAG bundle in a running Airflow: several files, of which a change concerns one."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import pytest
import requests

from amazon_listings.connectors.shares import Share
from local_airflow.airflow import running_airflow
from spapi_sandbox.server import running_sandbox
from support.airflow import (
    FAMILIES,
    amazon_connection,
    demo_connector,
    installation,
    pim_connection,
    write_document,
)

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

FILES = 3
NAMES = [f"shared_{number}" for number in range(6)]
#: Seconds in which a change is there; without the bundle it is the interval of an hour.
SOON = 60
LONG = "3600"
CHOSEN = {"filter": f"{{{{ item.reference[:8] == '{FAMILIES[0]}' }}}}"}
LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
OURS = "amazon_listings.airflow_adapter.connector_bundle.ConnectorBundle"


def bundles(files):
    """The setting that switches the bundle on, with so many files."""
    return json.dumps(
        [
            {"name": "dags-folder", "classpath": LOCAL, "kwargs": {}},
            {"name": "connectors", "classpath": OURS, "kwargs": {"files": files, "refresh_interval": 2}},
        ]
    )


def document(name, **changes):
    return demo_connector("de_backpacks", name, sales_layer=CHOSEN, sync={"schedule": None}, **changes)


def file_of(name, of=FILES):
    number = next(number for number in range(1, of + 1) if Share(number, of).has(name))
    return f"connectors_{number}.py"


class Shared:
    """A running Airflow with the bundle; its interval is so long that only a touched file is parsed again."""

    def __init__(self, house):
        self.house = house

    def write(self, name, document, file=None):
        write_document(self.house.home / "connectors" / f"{file or name}.yaml", document)

    def dags(self):
        """The connectors' DAGs that Airflow has, each with its bundle, file, title and last parse."""
        with closing(sqlite3.connect(self.house.home / "airflow" / "airflow.db")) as database:
            database.row_factory = sqlite3.Row
            asked = "SELECT * FROM dag WHERE NOT is_stale AND dag_id LIKE 'amazon_shared%'"
            return {row["dag_id"]: row for row in database.execute(asked)}

    def errors(self):
        listed = self.house.airflow.call("GET", "/importErrors")["import_errors"]
        return {one["filename"]: one["stack_trace"] for one in listed}

    def soon(self, condition, complaint):
        """Wait for what a change brings about."""
        deadline = time.monotonic() + SOON
        while not (found := condition()):
            assert time.monotonic() < deadline, complaint
            time.sleep(0.5)
        return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    settings = {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": bundles(FILES),
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": LONG,
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    }
    home = tmp_path_factory.mktemp("bundle")
    with installation(home, [document(name) for name in NAMES], settings=settings) as house:
        shared = Shared(house)
        house.wait_until(lambda: len(shared.dags()) == len(NAMES), "the DAGs did not appear")
        yield shared


def test_every_connector_has_one_dag_in_the_file_of_its_share(shared):
    found = {dag_id: (row["bundle_name"], row["relative_fileloc"]) for dag_id, row in shared.dags().items()}
    assert found == {f"amazon_{name}": ("connectors", file_of(name)) for name in NAMES}
    assert shared.errors() == {}


def test_a_run_finds_its_dag_in_the_bundle(shared):
    shared.house.unpause(NAMES[0])
    assert shared.house.run(NAMES[0], operation="test").state == "success"


def test_an_edit_is_there_soon_and_parses_no_other_file(shared):
    before = {name: row["last_parsed_time"] for name, row in shared.dags().items()}
    shared.write(NAMES[1], document(NAMES[1], title="Edited"))
    edited = f"amazon_{NAMES[1]}"
    shared.soon(lambda: shared.dags()[edited]["dag_display_name"] == "Edited", "the edit is not there")
    after = {name: row["last_parsed_time"] for name, row in shared.dags().items()}
    again = {name for name in before if before[name] != after[name]}
    assert again == {f"amazon_{name}" for name in NAMES if file_of(name) == file_of(NAMES[1])}
    assert len(again) < len(NAMES)


def test_a_new_document_and_a_removed_one(shared):
    shared.write("shared_new", document("shared_new"))
    shared.soon(lambda: "amazon_shared_new" in shared.dags(), "the new DAG is not there")
    (shared.house.home / "connectors" / "shared_new.yaml").unlink()
    # Airflow takes a DAG away that was not in the last parses of its file, some minutes later.
    assert shared.dags()["amazon_shared_new"]["relative_fileloc"] == file_of("shared_new")


def test_a_broken_document_is_an_import_error_and_takes_no_other_dag(shared):
    shared.write("broken", "id: [", file="broken")
    (shared.house.home / "connectors" / "broken.yaml").write_text("id: shared_broken\namazon: [")
    shared.soon(lambda: "broken.yaml" in shared.errors().get("connector_errors.py", ""), "no error")
    assert {f"amazon_{name}" for name in NAMES} <= shared.dags().keys()
    (shared.house.home / "connectors" / "broken.yaml").unlink()
    shared.soon(lambda: not shared.errors(), "the error stayed")


def test_an_id_of_two_documents_is_an_import_error(shared):
    shared.write(NAMES[2], document(NAMES[2], title="Second"), file="a_second")
    said = shared.soon(lambda: shared.errors().get("connector_errors.py"), "no error")
    assert NAMES[2] in said
    (shared.house.home / "connectors" / "a_second.yaml").unlink()
    shared.soon(lambda: not shared.errors(), "the error stayed")
    found = shared.dags()[f"amazon_{NAMES[2]}"]
    assert found["relative_fileloc"] == file_of(NAMES[2])


def test_a_variable_is_there_as_soon_as_its_file_is_parsed(shared):
    value = json.dumps({"title": "By Variable"})
    shared.house.airflow.call(
        "POST", "/variables", json={"key": f"amazon_connector_{NAMES[3]}", "value": value}
    )
    shared.house.parse(f"amazon_{NAMES[3]}")
    changed = f"amazon_{NAMES[3]}"
    shared.soon(lambda: shared.dags()[changed]["dag_display_name"] == "By Variable", "no change")


def test_every_file_is_answered_for_by_the_api(shared):
    for name in NAMES:
        with pytest.raises(requests.HTTPError):
            shared.house.airflow.call("GET", f"/dags/amazon_{name}_not")
        source = shared.house.airflow.call("GET", f"/dagSources/amazon_{name}")["content"]
        assert "dags_of_share" in source


@pytest.mark.soak
def test_runs_that_began_before_a_switch_end_after_it(tmp_path):
    """The bundle is switched on, gets fewer files, and is switched off; runs of before find their DAG."""
    folder = tmp_path / "connectors"
    folder.mkdir()
    for name in NAMES[:3]:
        write_document(folder / f"{name}.yaml", document(name))
    with running_sandbox() as sandbox:
        connections = {"DEMO_AMAZON": amazon_connection(sandbox), "DEMO_SALES_LAYER": pim_connection(sandbox)}
        settings = {
            **{f"AIRFLOW_CONN_{name}": json.dumps(one) for name, one in connections.items()},
            "AMAZON_LISTINGS_CONNECTORS": str(folder),
            "AMAZON_LISTINGS_STORAGE": str(tmp_path / "storage"),
            "AMAZON_LISTINGS_LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}",
        }
        waiting = None
        for files in (None, 8, 1, None):
            extra = settings | (
                {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": bundles(files)} if files else {}
            )
            with running_airflow(tmp_path / "airflow", extra=extra) as airflow:
                dag_id = f"amazon_{NAMES[0]}"
                place = wait_for_place(tmp_path, dag_id, files)
                if waiting:
                    airflow.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})
                    assert airflow.wait_for_run(dag_id, waiting) == "success", place
                    airflow.call("PATCH", f"/dags/{dag_id}", json={"is_paused": True})
                waiting = airflow.trigger(dag_id, {"operation": "test"})


def wait_for_place(home, dag_id, files):
    """Wait until the DAG is parsed from where it is to be; the bundle and file."""
    wanted = (
        ("connectors", file_of(dag_id.removeprefix("amazon_"), files))
        if files
        else ("dags-folder", "connectors.py")
    )
    deadline = time.monotonic() + 300
    while True:
        with closing(sqlite3.connect(home / "airflow" / "airflow.db")) as database:
            asked = "SELECT bundle_name, relative_fileloc FROM dag WHERE NOT is_stale AND dag_id = ?"
            if database.execute(asked, (dag_id,)).fetchone() == wanted:
                return wanted
        assert time.monotonic() < deadline, wanted
        time.sleep(1)
