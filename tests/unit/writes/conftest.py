import pytest

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.feed_runs import FRANCE, ConnectorRuns


@pytest.fixture(scope="package")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    running.state.buckets.enabled = False
    return running


@pytest.fixture
def waits():
    """The seconds that were waited for, without waiting."""
    return []


@pytest.fixture
def client(sandbox, waits):
    return SellingPartner(account_at(sandbox), quotas=Quotas(sleep=waits.append), sleep=waits.append)


@pytest.fixture
def listings(sandbox):
    return ListingScope("lamps", sandbox.seller_id, FRANCE, "LAMP")


@pytest.fixture
def runs(connector, definitions, client, ledger, tmp_path):
    """Runs of a connector that sends by feeds from one item on."""
    return ConnectorRuns(connector(sync={"feed_from": 1}), definitions, client, ledger, tmp_path / "storage")
