import os
from pathlib import Path

import pytest

from amazon_listings.errors import ActionRequiredError
from amazon_listings.settings import airflow_home, read_settings


@pytest.fixture
def unset(monkeypatch):
    for name in ("AMAZON_LISTINGS_CONNECTORS", "AMAZON_LISTINGS_STORAGE", "AMAZON_LISTINGS_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_is_not_set_lies_in_the_folder_of_airflow(unset):
    unset.setenv("AIRFLOW_HOME", "/opt/airflow")
    found = read_settings(os.environ)
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
    assert read_settings(os.environ).connectors == Path("/etc/connectors")


def test_the_defaults_and_their_types():
    found = read_settings({})
    assert (found.retention_days, found.feed_poll, found.part_size) == (400, 60, 2000)
    assert (found.language, found.storage_connection) == ("en", None)
    found = read_settings({"AMAZON_LISTINGS_PART_SIZE": "5", "amazon_listings_feed_poll": "0.5"})
    assert (found.part_size, found.feed_poll) == (5, 0.5)
    assert (
        read_settings({"AMAZON_LISTINGS_PART_SIZE": "", "AMAZON_LISTINGS_LANGUAGE": "fr_CA"}).language
        == "fr_CA"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PART_SIZE", "many"),
        ("PART_SIZE", "0"),
        ("PART_SIZE", "100001"),
        ("RETENTION_DAYS", "-1"),
        ("RETENTION_DAYS", "1.5"),
        ("FEED_POLL", "0"),
        ("FEED_POLL", "nan"),
        ("FEED_POLL", "soon"),
        ("FEED_POLL", "inf"),
        ("FEED_POLL", "1e308"),
        ("FEED_POLL", "3600.5"),
        ("FEED_POLL", "1e-300"),
        ("LANGUAGE", "klingon"),
    ],
)
def test_a_value_that_cannot_be_is_one_sentence_with_the_name_of_the_setting(name, value):
    with pytest.raises(ActionRequiredError, match=f"AMAZON_LISTINGS_{name} is .{value}.") as error:
        read_settings({f"AMAZON_LISTINGS_{name}": value})
    assert "default" in str(error.value)


def test_a_wait_is_at_most_an_hour():
    assert read_settings({"AMAZON_LISTINGS_FEED_POLL": "3600"}).feed_poll == 3600
    with pytest.raises(ActionRequiredError, match=r"a number of seconds from 0\.1 to 3,600"):
        read_settings({"AMAZON_LISTINGS_FEED_POLL": "1e308"})


def test_a_number_without_end_is_one_short_sentence():
    with pytest.raises(ActionRequiredError, match="a whole number from 1 to 100,000") as error:
        read_settings({"AMAZON_LISTINGS_RETENTION_DAYS": "9" * 5000})
    assert len(str(error.value)) < 300
