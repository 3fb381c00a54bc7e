"""Commands run in this process, without the entry point that keeps Airflow's logs out of their output."""

import logging

import pytest

from amazon_listings.cli.output.refusals import CONNECTOR_LANGUAGE, LANGUAGE


@pytest.fixture(autouse=True)
def hushed():
    """No log of Airflow's or the ledger's, as the entry point wants it."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def no_language_asked_for():
    """Each command is a process of its own outside of tests."""
    LANGUAGE.set(None)
    CONNECTOR_LANGUAGE.set(None)
