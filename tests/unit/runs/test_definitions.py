from dataclasses import replace

import pytest

from amazon_listings.runs.definitions import refresh_definitions
from amazon_listings.selling_partner.client import SellingPartner
from amazon_listings.selling_partner.exceptions import WrongAccount, WrongMarketplace
from amazon_listings.selling_partner.quotas import Quotas
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox() as running:
        yield running


@pytest.fixture
def account(sandbox):
    sandbox.reset()
    return account_at(sandbox)


def refresh(account, connector, tmp_path):
    client = SellingPartner(account, quotas=Quotas(), sleep=lambda seconds: None)
    return refresh_definitions(connector(), client, tmp_path / "storage")


def test_a_country_in_which_the_account_does_not_sell_is_named_with_those_where_it_does(
    sandbox, account, connector, tmp_path
):
    sandbox.control("participations", countries=["DE", "IT"])
    with pytest.raises(WrongMarketplace, match=r"does not sell in France; it sells in: DE, IT\."):
        refresh(account, connector, tmp_path)
    assert not list((tmp_path / "storage").rglob("*.json"))


def test_another_s_seller_id_is_the_account_s_mistake_not_the_country_s(account, connector, tmp_path):
    with pytest.raises(WrongAccount, match="A1SOMEBODYELSE"):
        refresh(replace(account, seller_id="A1SOMEBODYELSE"), connector, tmp_path)


def test_where_the_countries_cannot_be_read_the_refusal_itself_is_told(sandbox, account, connector, tmp_path):
    sandbox.control("participations", countries=["DE"])
    sandbox.fault("getMarketplaceParticipations", "status", status=503, times=50)
    with pytest.raises(WrongAccount, match="does not sell there"):
        refresh(account, connector, tmp_path)
