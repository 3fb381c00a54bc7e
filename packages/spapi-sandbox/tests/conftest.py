"""The sandbox and the PIM that the tests ask.

Servers are imported where one starts: what hands the tests out to workers reads this file too.
"""

import sys
from pathlib import Path

import pytest

from spapi_sandbox.catalogue.catalogue import load
from spapi_sandbox.clock import Clock

sys.path.insert(0, str(Path(__file__).parent))  # helper modules beside the tests, in any import mode
from amazon_client import Amazon


@pytest.fixture(scope="module")
def frozen():
    """One sandbox a module, on a clock that stands still."""
    from spapi_sandbox.server import running_sandbox

    with running_sandbox(seed=5, clock=Clock(frozen_at=1_800_000_000.0)) as sandbox:
        yield sandbox


@pytest.fixture
def amazon(frozen):
    """Signed in at a sandbox that remembers nothing; quotas off until a test turns them on."""
    frozen.reset()
    frozen.control("quotas", enabled=False)
    client = Amazon(frozen)
    client.sign_in()
    return client


@pytest.fixture(scope="module")
def pim_server():
    """One PIM a module, with the catalogue as it is written."""
    from pim_client import serving

    with serving(load()) as pim:
        yield pim


@pytest.fixture
def pim(pim_server):
    """The PIM as if nobody had been there; no limit on requests until a test sets one."""
    pim_server.control("POST", "reset")
    pim_server.control("PUT", "rate", {"requests": 0, "seconds": 10})
    pim_server.slept.clear()
    return pim_server


@pytest.fixture(scope="module")
def plain():
    """Every entry of the catalogue, read without the server."""
    catalogue = load()
    return {table: list(catalogue.entries(table)) for table in ("categories", "products", "variants")}
