"""A Variable that Airflow lists and does not give is an error, and never absent."""

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import (
    ErrorResponse,
    GetVariableKeys,
    VariableKeysResult,
    VariableResult,
)
from airflow.sdk.execution_time.secrets.execution_api import ExecutionAPISecretsBackend

from amazon_listings.airflow_adapter.configured import VariableUnreadable, declared, variable
from amazon_listings.approvals.stopping import entries_that_stop
from amazon_listings.settings import settings

BRAKE = '{"sync": {"operation": "test"}}'
DOCUMENT = """
id: fr_home
amazon: {country: FR, product_type: HOME}
sales_layer: {languages: [fr]}
sync: {operation: live}
mapping: {brand: "{{ item.brand }}"}
"""


class Supervisor:
    """What answers a task or the DAG processor; `broken` names the requests that fail."""

    def __init__(self, texts, broken=()):
        self.texts, self.broken = texts, broken

    def send(self, msg):
        lists = isinstance(msg, GetVariableKeys)
        if ("keys" if lists else "get") in self.broken:
            detail = {"status_code": 503}
            if lists:
                raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail))
            return ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail)
        if lists:
            names = [name for name in self.texts if name.startswith(msg.prefix or "")]
            return VariableKeysResult(keys=names, total_entries=len(names))
        if msg.key not in self.texts:
            return ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND, detail={})
        return VariableResult(key=msg.key, value=self.texts[msg.key])


@pytest.fixture
def supervisor(tmp_path, monkeypatch):
    (tmp_path / "fr_home.yaml").write_text(DOCUMENT)
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path))
    settings.cache_clear()
    monkeypatch.setattr(
        "airflow.sdk.execution_time.supervisor.ensure_secrets_backend_loaded",
        lambda: [ExecutionAPISecretsBackend()],
    )

    def supervisor(texts, *broken):
        monkeypatch.setattr(
            "airflow.sdk.execution_time.task_runner.SUPERVISOR_COMMS",
            Supervisor(texts, broken),
            raising=False,
        )

    yield supervisor
    settings.cache_clear()


@pytest.mark.parametrize("only", [None, "fr_home"])
def test_a_variable_that_can_be_read_is_laid_over_the_file(supervisor, only):
    supervisor({"amazon_connector_fr_home": BRAKE})
    assert [one.sync.operation for one in declared(only).connectors] == ["test"]


@pytest.mark.parametrize("only", [None, "fr_home"])
@pytest.mark.parametrize("broken", ["get", "keys"])
def test_one_that_is_there_and_cannot_be_read_is_an_error(supervisor, only, broken):
    supervisor({"amazon_connector_fr_home": BRAKE}, broken)
    with pytest.raises(VariableUnreadable):
        declared(only)


@pytest.mark.parametrize("only", [None, "fr_home"])
def test_one_that_is_not_there_is_absent(supervisor, only):
    supervisor({})
    assert [one.sync.operation for one in declared(only).connectors] == ["live"]


def test_the_variable_of_stops_is_read_in_the_same_way(supervisor):
    supervisor({"amazon_listings_stop": "fr_home"})
    assert variable("amazon_listings_stop") == "fr_home"
    supervisor({"amazon_listings_stop": "fr_home"}, "get")
    with pytest.raises(VariableUnreadable):
        variable("amazon_listings_stop")


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        (None, []),
        ("", []),
        ("fr_homes", []),
        ("fr_home", ["fr_home"]),
        ("all", ["all"]),
        ('["de_lamps", "fr_home"]', ["fr_home"]),
        ("ALL,\nfr_home", ["ALL", "fr_home"]),
    ],
)
def test_what_has_to_be_taken_out_of_the_variable_of_stops(text, entries):
    assert entries_that_stop(text, "fr_home") == entries
