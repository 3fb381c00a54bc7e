import json

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from amazon_listings.settings import settings
from local_airflow.project import PROJECT


@pytest.fixture
def document():
    """A connector that is right."""
    return {
        "id": "fr_home",
        "owner": "catalogue",
        "amazon": {"connection": "amazon_fr", "country": "FR", "product_type": "HOME"},
        "sales_layer": {"languages": ["fr"]},
        "sync": {"schedule": "@daily"},
        "mapping": {"item_name": "{{ item.name }}"},
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of connectors, which the settings name."""
    folder = tmp_path / "connectors"
    folder.mkdir()
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture
def declare(folder):
    """Write a document, or a text, as a connector file."""

    def declare(document, name=None):
        text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
        (folder / f"{name or document['id']}.yaml").write_text(text, encoding="utf-8")

    return declare


@pytest.fixture
def variable(monkeypatch):
    """Set the Airflow Variable of a connector."""

    def variable(connector_id, value):
        monkeypatch.setenv(f"AIRFLOW_VAR_AMAZON_CONNECTOR_{connector_id.upper()}", json.dumps(value))

    return variable


@pytest.fixture
def connection(monkeypatch):
    """Set an Airflow connection as the environment does."""

    def connection(connection_id, value):
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", text)

    return connection


@pytest.fixture
def parse():
    """Parse `dags/` as Airflow does; the DAGs that no connector makes are left out of the bag."""

    def parse():
        bag = DagBag(str(PROJECT / "dags"))
        for name in ("amazon_approvals", "amazon_confirm", "amazon_product_types"):
            bag.dags.pop(name)
        return bag

    return parse
