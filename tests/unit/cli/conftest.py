"""Commands run in this process, without the entry point that keeps Airflow's logs out of their output."""

import logging

import pytest


@pytest.fixture(autouse=True)
def hushed():
    """No log of Airflow's or the ledger's, as the entry point wants it."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)
