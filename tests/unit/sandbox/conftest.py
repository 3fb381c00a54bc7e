import sys
from pathlib import Path

import pytest

from amazon_listings.sandbox.clock import Clock
from amazon_listings.sandbox.server import running_sandbox

sys.path.insert(0, str(Path(__file__).parent))  # helper modules beside the tests, in any import mode
from amazon_client import Amazon


@pytest.fixture(scope="module")
def frozen():
    """One sandbox a module, on a clock that stands still."""
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
