"""The DAG that confirms: when it starts, and that it is one for all connectors."""

import pytest
from airflow.dag_processing.dagbag import DagBag

from amazon_listings.airflow_adapter.failures import RetryByErrorClass
from amazon_listings.settings import settings
from local_airflow.project import PROJECT


@pytest.fixture(scope="module")
def dag():
    settings.cache_clear()
    return DagBag(str(PROJECT / "dags")).dags["amazon_confirm"]


def test_policy(dag):
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.is_paused_upon_creation is False
    assert dag.doc_md
    for task in dag.tasks:
        assert task.owner == "amazon_listings"
        assert isinstance(task.retry_policy, RetryByErrorClass) or task.is_mapped


def test_it_starts_after_any_live_sync_and_every_quarter_of_an_hour(dag):
    timetable = dag.timetable
    assert timetable.timetable.expression == "*/15 * * * *"
    assets = {asset.name for asset in timetable.asset_condition.objects}
    assert assets == {"listings_de_backpacks", "listings_fr_lamps"}
    assert type(timetable.asset_condition).__name__ == "AssetAny"


def test_one_task_per_connector(dag):
    assert [task.task_id for task in dag.topological_sort()] == ["due", "confirm"]
    assert dag.get_task("confirm").is_mapped
    assert dag.get_task("confirm").retries == 3


@pytest.mark.usefixtures("folder")
def test_without_connectors_only_by_the_clock():
    bag = DagBag(str(PROJECT / "dags"))
    assert bag.import_errors == {}
    assert bag.dags["amazon_confirm"].timetable.expression == "*/15 * * * *"
