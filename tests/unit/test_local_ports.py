"""The ports of a private Airflow."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local_airflow import airflow

#: The ports that Linux gives to whatever asks for any.
GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not GIVEN.exists(), reason="only Linux tells which ports it gives out by itself")
def test_a_port_is_none_that_a_connection_gets_meanwhile():
    first = int(GIVEN.read_text().split()[0])

    assert airflow.free_port() < first


def test_a_port_that_is_taken_is_not_chosen(monkeypatch):
    taken, free = airflow.free_port(), airflow.free_port()
    monkeypatch.setattr(airflow, "PORTS", [taken, free])

    with socket.create_server(("127.0.0.1", taken)):
        assert {airflow.free_port() for _ in range(10)} == {free}


def test_where_no_port_is_free_a_sentence_says_so(monkeypatch):
    taken = airflow.free_port()
    monkeypatch.setattr(airflow, "PORTS", [taken])

    with (
        socket.create_server(("127.0.0.1", taken)),
        pytest.raises(airflow.LocalAirflowError, match="No port"),
    ):
        airflow.free_port()
