import pytest

from spapi_sandbox.server import running_sandbox
from support.ledgers import ledger_in
from support.sync_runs import Shop


@pytest.fixture(scope="session")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    running.control("quotas", enabled=False)
    return running


@pytest.fixture
def ledger(tmp_path):
    engine = ledger_in(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(sandbox, ledger, tmp_path):
    return Shop(sandbox, ledger, tmp_path)


@pytest.fixture
def vendor(sandbox, ledger, tmp_path):
    return Shop(sandbox, ledger, tmp_path, vendor=True)
