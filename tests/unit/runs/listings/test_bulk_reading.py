"""Reading many listings by twenties."""

import pytest

from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.feed_runs import FRANCE, LAMP


@pytest.fixture
def sandbox():
    with running_sandbox(quotas=False) as running:
        yield running


def test_one_odd_listing_does_not_hide_the_others_of_its_search(sandbox):
    client = SellingPartner(account_at(sandbox), quotas=Quotas(), sleep=lambda seconds: None)
    for sku in ("A-1", "A-2"):
        amazon.put(client, sku, FRANCE, product_type="LAMP", attributes=LAMP)
    odd = {
        "numberOfResults": 2,
        "items": [{"sku": "A-1", "attributes": ["?"]}, {"sku": "A-2", "attributes": {}}],
    }
    sandbox.fault("searchListingsItems", "status", status=200, body=odd)
    sandbox.fault("getListingsItem", "status", status=200, body={"sku": "A-1", "attributes": ["?"]})
    found = read_listings(client, FRANCE, ["A-1", "A-2"], listed=())
    assert list(found.troubles) == ["A-1"]
    assert found.listings["A-2"].attributes["brand"]
