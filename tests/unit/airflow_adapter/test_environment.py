"""What a process reads from its environment without importing Airflow."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process
SCRIPT = """
import json, sys
from amazon_listings.airflow_adapter import configured, connections
from amazon_listings.errors import AmazonListingsError
try:
    found = connections.connection("pim", "sales_layer")
    said = [found.host, found.port, found.password, dict(found.extra)]
except AmazonListingsError as error:
    said = error.code
print(json.dumps([said, configured.variable("amazon_x"), "airflow" in sys.modules]))
"""
PIM = {"conn_type": "sales-layer", "host": "http://127.0.0.1:9", "password": "k", "extra": {"api": "rest"}}
READ = ["http://127.0.0.1:9", None, "k", {"api": "rest"}]


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read connection and Variable in a fresh process, whose AIRFLOW_HOME is empty."""
    for name in ("AIRFLOW_CONFIG", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def read(text, **environment):
        monkeypatch.setenv("AIRFLOW_CONN_PIM", text)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    return read


@pytest.mark.parametrize(
    "fields", [PIM, PIM | {"extra": json.dumps(PIM["extra"])}, PIM | {"login": None, "port": None}]
)
def test_a_connection_in_json_and_a_variable_need_no_airflow(read, fields):
    assert read(json.dumps(fields), AIRFLOW_VAR_AMAZON_X="on") == [READ, "on", False]


def test_without_an_airflow_there_are_no_other_variables(read):
    assert read(json.dumps(PIM)) == [READ, None, False]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (PIM | {"conn_type": "http"}, "airflow.connection_type"),
        (PIM | {"extra": "[1]"}, "airflow.connection_extra"),
        (PIM | {"extra": "{"}, "airflow.connection_extra"),
    ],
)
def test_a_mistake_is_said_without_airflow_too(read, fields, said):
    assert read(json.dumps(fields))[0] == said


@pytest.mark.airflow
def test_a_uri_is_read_by_airflow(read):
    uri = "sales-layer://:k@/?__extra__=%7B%22api%22%3A+%22rest%22%7D"
    assert read(uri) == [["", None, "k", {"api": "rest"}], None, True]


@pytest.mark.airflow
def test_a_secrets_backend_is_asked_first(read, tmp_path):
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"pim": PIM | {"password": "of the backend"}}))
    (tmp_path / "airflow.cfg").write_text(
        "[secrets]\nbackend = airflow.providers.standard.no\n[celery]\nbackend=x\n"
    )
    backend = "airflow.secrets.local_filesystem.LocalFilesystemBackend"
    said, _, imported = read(
        json.dumps(PIM),
        AIRFLOW__SECRETS__BACKEND=backend,
        AIRFLOW__SECRETS__BACKEND_KWARGS=json.dumps({"connections_file_path": str(secrets)}),
    )
    assert (said[2], imported) == ("of the backend", True)
