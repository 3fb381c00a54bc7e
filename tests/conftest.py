"""For every test: `support` to import from, how many examples, and an Airflow home that is nobody's.

Airflow reads its environment when it is first imported, so it is set here, before any test module.
"""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from typer import testing
from typer.main import get_command

# The same examples in every run of the suite: a red run means that the change broke something.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")
# `make unit` runs after each change: it tries fewer, also where a test asks for more. `make test` tries all.
settings.register_profile("unit", settings.get_profile("suite"), max_examples=10)

# Typer's runner makes all commands for each call again, which takes longer than most calls do.
testing._get_command = cache(get_command)

TESTS = Path(__file__).parent
#: `support` lies beside the tests, `local_airflow` beside their folder.
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
#: One PostgreSQL for the whole session, and the fixture `ledger`: every test of it on both databases.
pytest_plugins = ("support.postgresql", "support.ledgers", "support.small_mapping")

#: New objects after which garbage is collected. Python's own 700 costs a twentieth of the suite's time.
SELDOM = 50_000

HOME = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
#: Where the conformance tests find Amazon's files, and how many requests they make; everything else of an
#: installation is left outside.
KEPT = {"AMAZON_LISTINGS_SHARED", "AMAZON_LISTINGS_EXAMPLES", "AMAZON_LISTINGS_GENERATED"}
for name in set(os.environ) - KEPT:
    if name.startswith(("AIRFLOW", "AMAZON_LISTINGS_")):
        del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": HOME,
    "AIRFLOW__CORE__DAGS_FOLDER": str(TESTS.parent / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(TESTS.parent / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AMAZON_LISTINGS_CONNECTORS": str(TESTS.parent / "include" / "connectors"),
}

# Not above: what reads the environment reads the one that was just set.
from amazon_listings.messages import DEFAULT, write_log_in  # noqa: E402
from support.examples import try_at_most  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collect without the garbage collector, and let it pass over what was collected from then on."""
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(SELDOM)
    gc.enable()


def pytest_sessionfinish():
    """End without searching what the tests have left, which goes with the process."""
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    """Keep to the number of examples of the profile that was asked for."""
    if config.getoption("--hypothesis-profile") == "unit":
        for item in items:
            try_at_most(item, settings.get_profile("unit").max_examples)


@pytest.fixture(autouse=True)
def english_log():
    """Every test begins with the log in English, whatever connector a test before it ran."""
    write_log_in(DEFAULT)
