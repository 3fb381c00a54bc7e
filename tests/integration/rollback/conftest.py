from __future__ import annotations

import pytest

from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.sellers import Seller


@pytest.fixture(scope="session")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


@pytest.fixture
def client(sandbox):
    account = account_at(sandbox)
    return SellingPartner(
        account,
        quotas=Quotas(sleep=sandbox.advance),
        tokens=Tokens(sleep=sandbox.advance),
        sleep=sandbox.advance,
    )


@pytest.fixture
def seller(client, ledger):
    return Seller(client, ledger)
