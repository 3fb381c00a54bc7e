from pathlib import Path

import pytest

from amazon_listings.settings import Settings, airflow_home


@pytest.fixture
def unset(monkeypatch):
    for name in ("AMAZON_LISTINGS_CONNECTORS", "AMAZON_LISTINGS_STORAGE", "AMAZON_LISTINGS_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_is_not_set_lies_in_the_folder_of_airflow(unset):
    unset.setenv("AIRFLOW_HOME", "/opt/airflow")
    found = Settings()
    assert found.connectors == Path("/opt/airflow/include/connectors")
    assert found.storage == "/opt/airflow/amazon_listings"
    assert found.ledger == "sqlite:////opt/airflow/amazon_listings/ledger.db"


@pytest.mark.parametrize("home", [None, ""])
def test_the_folder_of_airflow_is_airflows_default(unset, home):
    unset.setenv("HOME", "/home/anna")
    unset.delenv("AIRFLOW_HOME") if home is None else unset.setenv("AIRFLOW_HOME", home)
    assert airflow_home() == Path("/home/anna/airflow")


def test_it_may_be_written_as_airflow_allows(unset):
    unset.setenv("HOME", "/home/anna")
    unset.setenv("ROOT", "/srv")
    unset.setenv("AIRFLOW_HOME", "~/flow")
    assert airflow_home() == Path("/home/anna/flow")
    unset.setenv("AIRFLOW_HOME", "$ROOT/flow")
    assert airflow_home() == Path("/srv/flow")


def test_a_setting_wins(unset):
    unset.setenv("AMAZON_LISTINGS_CONNECTORS", "/etc/connectors")
    assert Settings().connectors == Path("/etc/connectors")
