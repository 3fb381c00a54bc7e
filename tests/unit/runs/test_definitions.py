from dataclasses import replace

import pytest

from amazon_listings.definitions.refresh import load_member, load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.definitions import Definitions, refresh_definitions
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.faults.exceptions import WrongAccount, WrongMarketplace
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


def refresh(account, connector, tmp_path, **changes):
    client = SellingPartner(account, quotas=Quotas(), sleep=lambda seconds: None)
    return refresh_definitions(connector(**changes), client, tmp_path / "storage")


FAMILIES = {"parent_sku": "{{ product.ref }}", "theme": "COLOR"}


def judging(note, storage, level):
    """The document that judges members of families of a level; None if it is the whole definition."""
    store = DefinitionStore(storage / "definitions")
    judge = load_pair(store, note.key, marketplace(note.country)).validation
    return load_member(store, judge, level)


def test_members_of_families_are_judged_by_what_amazon_asks_of_them(account, connector, tmp_path):
    storage = tmp_path / "storage"
    note = refresh(account, connector, tmp_path)
    assert judging(note, storage, "child") is None
    note = refresh(account, connector, tmp_path, variations=FAMILIES)
    child, parent = judging(note, storage, "child"), judging(note, storage, "parent")
    assert "item_weight" in child["required"]
    assert "item_weight" not in parent["required"]
    assert judging(note, storage, "") is None
    store = DefinitionStore(storage / "definitions")
    newer = replace(load_pair(store, note.key, marketplace("FR")).validation, version="newer")
    assert load_member(store, newer, "child") is None


def test_a_payload_is_judged_by_its_own_parentage_level(account, connector, tmp_path):
    storage = tmp_path / "storage"
    note = refresh(account, connector, tmp_path, variations=FAMILIES)
    pair = load_pair(DefinitionStore(storage / "definitions"), note.key, marketplace("FR"))
    child = judging(note, storage, "child")
    stricter = {**child, "required": [*child["required"], "fabric_type"]}
    definitions = Definitions(pair, of_member={"child": stricter}.get)
    missing = [
        "fabric_type"
        in {one.attribute for one in definitions.issues({"parentage_level": [{"value": level}]})}
        for level in ("child", "parent", "of nothing")
    ]
    assert missing == [True, False, False]


def test_a_country_in_which_the_account_does_not_sell_is_named_with_those_where_it_does(
    sandbox, account, connector, tmp_path
):
    sandbox.control("participations", countries=["DE", "IT"])
    with pytest.raises(WrongMarketplace, match=r"on amazon\.fr; it sells on: amazon\.de, amazon\.it\."):
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
