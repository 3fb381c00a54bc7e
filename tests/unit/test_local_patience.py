"""How long the parts of a private Airflow wait for its SQLite database."""

import sys

import pytest
from sqlalchemy import create_engine, text

from local_airflow import sqlite_patience


@pytest.mark.parametrize(("part", "milliseconds"), [("api-server", 5_000), ("scheduler", 60_000)])
def test_a_part_that_is_forked_waits_as_its_own_name_says(part, milliseconds, tmp_path, monkeypatch):
    """What is imported before the fork does not know yet which part it will be."""
    engine = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}", connect_args=sqlite_patience.CONNECT_ARGS)
    monkeypatch.setattr(sys, "argv", ["airflow", part])
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == milliseconds
