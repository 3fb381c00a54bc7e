"""Connections that somebody typed into Airflow: the Test button, and commands beside the running Airflow."""

import json
import subprocess
import sys

import pytest

from support.airflow import PROJECT, amazon_connection

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def typed_in(house):
    """A connection in Airflow's own database, as the form makes it: without a port."""
    fields = amazon_connection(house.sandbox)
    body = {**fields, "connection_id": "typed_in", "extra": json.dumps(fields["extra"])}
    return house.airflow.call("POST", "/connections", json=body)


@pytest.fixture
def command(house):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "amazon_listings", *arguments],
            env=house.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_test_button_calls_and_answers_in_words(house, typed_in):
    # What the button sends for a stored connection: hidden secrets, blanks, and 0 for a port.
    blanks = {"description": "", "host": "", "schema": "", "port": 0}
    asked = {key: value for key, value in typed_in.items() if key != "team_name"} | blanks
    answer = house.airflow.call("POST", "/connections/test", json=asked)
    assert answer["status"], answer
    assert "may list on amazon.fr" in answer["message"]


def test_a_command_uses_it(command, typed_in):
    shown = command("product-types", "search", "lampe", "--country", "FR", "--connection", "typed_in")
    assert shown.returncode == 0, shown.stderr
    assert "LAMP" in shown.stdout
    assert "warning" not in shown.stdout + shown.stderr


def test_a_command_says_what_there_is_not(command):
    shown = command("product-types", "search", "lampe", "--country", "FR", "--connection", "nobodys")
    assert shown.returncode == 1
    assert "There is no Airflow connection 'nobodys'." in shown.stderr
