import copy
import itertools
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from amazon_listings.airflow_adapter.failures import RetryByErrorClass
from amazon_listings.connectors import load_connectors
from amazon_listings.settings import settings
from local_airflow.project import PROJECT

ORDER = [
    "refresh_definition",
    "extract_products",
    "check_quality",
    "map_fields",
    "test_sync",
    "approve",
    "live_sync",
    "report",
]

#: Parses `dags/` in a process of its own, notes what it reaches for, writes the serialised DAGs.
PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

touched = []
watched = ("socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen")
sys.addaudithook(lambda event, args: touched.append(event) if event in watched else None)
bag = DagBag(sys.argv[1])
dags = {name: DagSerialization.to_dict(dag) for name, dag in bag.dags.items()}
with open(sys.argv[2], "w") as out:
    json.dump({"dags": dags, "errors": bag.import_errors, "touched": touched}, out)
"""


@pytest.fixture(scope="module")
def demo():
    """The demo connectors' DAGs."""
    settings.cache_clear()
    bag = DagBag(str(PROJECT / "dags"))
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture
def dag_of(declare, parse):
    """The DAG of one document."""

    def dag_of(document):
        declare(document)
        bag = parse()
        assert bag.import_errors == {}
        return bag.dags[f"amazon_{document['id']}"]

    return dag_of


def test_one_dag_per_connector(demo):
    assert set(demo) == {
        "amazon_approvals",
        "amazon_confirm",
        "amazon_de_backpacks",
        "amazon_fr_lamps",
        "amazon_product_types",
    }


def test_no_connector_can_take_the_id_of_another_dag(demo, tmp_path):
    connectors = {"amazon_de_backpacks", "amazon_fr_lamps"}
    for own in set(demo) - connectors:
        (tmp_path / "one.yaml").write_text(f"id: {own.removeprefix('amazon_')}\n")
        (broken,) = load_connectors(tmp_path, {}).broken
        assert f"the DAG {own} is one of this project's own" in broken.text


@pytest.mark.parametrize("dag_id", ["amazon_de_backpacks", "amazon_fr_lamps"])
def test_policy(demo, dag_id):
    dag = demo[dag_id]
    assert dag.catchup is False
    assert dag.max_active_runs == 4
    assert dag.tags >= {"amazon-listings", "demo"}
    assert dag.timetable.can_be_scheduled
    assert dag.start_date == datetime(2024, 1, 1, tzinfo=UTC)
    for task in dag.tasks:
        assert task.owner == "catalogue"
        assert isinstance(task.retry_policy, RetryByErrorClass)
        assert task.retries == (0 if task.task_id == "report" else 3)
        assert task.retry_delay == timedelta(minutes=1)
        assert task.pool == "default_pool"


def test_tags_say_where_what_and_how(demo):
    assert demo["amazon_fr_lamps"].tags == {"amazon-listings", "FR", "LAMP", "test", "demo"}
    assert demo["amazon_de_backpacks"].tags == {"amazon-listings", "DE", "BACKPACK", "live", "demo"}


def test_tasks_in_their_order(demo):
    dag = demo["amazon_fr_lamps"]
    assert [task.task_id for task in dag.topological_sort()] == ORDER
    before = {task.task_id: task.upstream_task_ids for task in dag.tasks}
    assert before["refresh_definition"] == set()
    for earlier, later in itertools.pairwise(ORDER):
        assert earlier in before[later]
    # A failure anywhere must reach the report, and only the report runs after one.
    assert before["report"] == set(ORDER) - {"report"}
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    assert rules.pop("report") == "all_done"
    # Nothing mapped is no failure: there may still be listings to take off sale.
    assert rules.pop("test_sync") == "none_failed"
    assert set(rules.values()) == {"all_success"}


def test_tasks_return_one_xcom_each(demo):
    for task in demo["amazon_fr_lamps"].tasks:
        if task.task_id != "map_fields":
            assert task.multiple_outputs is False


def test_map_fields_is_mapped_over_parts(demo):
    mapped = demo["amazon_fr_lamps"].get_task("map_fields")
    assert mapped.is_mapped
    assert mapped.map_index_template


def test_live_sync_updates_an_asset_of_its_own(demo):
    outlets = {
        name: [asset.name for asset in dag.get_task("live_sync").outlets]
        for name, dag in demo.items()
        if dag.has_task("live_sync")
    }
    assert outlets == {
        "amazon_fr_lamps": ["listings_fr_lamps"],
        "amazon_de_backpacks": ["listings_de_backpacks"],
    }


def test_the_parameters_are_the_dags_and_no_task_has_a_copy(demo):
    """Airflow checks the schema of every copy many times while it parses."""
    for name in ("amazon_fr_lamps", "amazon_de_backpacks"):
        assert len(demo[name].params) == 4
        assert not any(task.params for task in demo[name].tasks)


def test_the_form_of_a_run(demo):
    params = demo["amazon_fr_lamps"].params
    assert params.dump() == {"operation": "test", "selection": "changed", "skus": [], "force": False}
    for name in params:
        param = params.get_param(name)
        assert param.schema["title"]
        assert param.schema["description_md"]
    assert demo["amazon_de_backpacks"].params["operation"] == "test", "no form preselects live"


@pytest.mark.parametrize(
    "wrong", [{"operation": "lvie"}, {"selection": "all"}, {"skus": "A1"}, {"skus": [1]}, {"force": "yes"}]
)
def test_the_form_refuses_what_no_run_understands(demo, wrong):
    params = copy.deepcopy(demo["amazon_fr_lamps"].params)
    with pytest.raises(ValueError):
        params.update(wrong)


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        ("@daily", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("@weekly", "0 0 * * 0"),
        ("30 5 * * 1-5", "30 5 * * 1-5"),
    ],
)
def test_a_schedule_has_data_intervals(dag_of, document, schedule, cron):
    dag = dag_of(document | {"sync": {"schedule": schedule, "timezone": "Europe/Madrid"}})
    timetable = dag.timetable
    assert type(timetable).__name__ == "UpcomingIntervalTimetable"
    assert timetable.summary == cron
    assert "Europe/Madrid" in str(timetable._timezone)


def test_without_schedule_only_by_hand(dag_of, document):
    dag = dag_of(document | {"sync": {}})
    assert not dag.timetable.can_be_scheduled


def test_the_first_day_may_be_chosen(dag_of, document):
    dag = dag_of(document | {"sync": {"schedule": "@daily", "start_date": "2026-03-01"}})
    assert dag.start_date.date().isoformat() == "2026-03-01"


@pytest.mark.airflow
def test_parsing_reaches_for_nothing_and_serialises_the_same(demo, tmp_path):
    """In another process, with another hash seed: a difference would be a new DAG version each parse."""
    answer = tmp_path / "answer.json"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    subprocess.run(
        [sys.executable, "-c", PARSE, str(PROJECT / "dags"), str(answer)],
        env=environment | {"PYTHONHASHSEED": "4711"},
        check=True,
        capture_output=True,
    )
    parsed = json.loads(answer.read_text())
    assert parsed["errors"] == {}
    assert parsed["touched"] == []
    here = {name: DagSerialization.to_dict(dag) for name, dag in demo.items()}
    assert parsed["dags"] == json.loads(json.dumps(here))
