"""One region at an address, tolerance for other clients, and listings that people made."""

import pytest
from amazon_client import Amazon, lamp

from spapi_sandbox.listings.by_hand import add_listings_by_hand
from spapi_sandbox.marketplaces import MARKETPLACES
from spapi_sandbox.server import running_sandbox
from spapi_sandbox.state import SandboxState

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def state(frozen):
    """What the module's sandbox remembers; as it was afterwards."""
    yield frozen.state
    frozen.state.region, frozen.state.lenient = "", False


def test_marketplaces_of_another_region_are_refused(amazon, state):
    state.region = "EU"
    assert amazon.item("GET", "S1", country="FR").status_code == 404
    refused = amazon.item("GET", "S1", country="US")
    assert refused.status_code == 403
    assert "not valid for region" in refused.json()["errors"][0]["details"]
    account = amazon.call("GET", "/sellers/v1/marketplaceParticipations").json()["payload"]
    assert {MARKETPLACES[one["marketplace"]["countryCode"]].region for one in account} == {"EU"}


@pytest.mark.parametrize(
    "query",
    [
        {"marketplaceIds": FR, "colour": "red"},
        {"MarketplaceIds": FR},
        {"marketplaceIds": [FR, "A1PA6795UKMFR9"]},
        {"marketplaceIds": FR, "issueLocale": ["fr_FR", "de_DE"]},
        {"marketplaceIds": f"{FR},{FR}", "MarketplaceIds": FR},
    ],
)
def test_a_lenient_sandbox_reads_what_amazon_reads(amazon, state, query):
    path = f"/listings/2021-08-01/items/{amazon.seller}/S1"
    assert amazon.call("GET", path, **query).status_code == 400
    state.lenient = True
    assert amazon.call("GET", path, **query).status_code == 404


def test_leniency_ends_at_values(amazon, state):
    state.lenient = True
    path = f"/listings/2021-08-01/items/{amazon.seller}/S1"
    assert amazon.call("GET", path, marketplaceIds=FR, includedData="prices").status_code == 400
    assert amazon.call("GET", path).status_code == 400


def test_the_account_is_described(amazon):
    account = amazon.call("GET", "/sellers/v1/account").json()["payload"]
    assert account["businessType"] == "PRIVATE_LIMITED"
    assert len(account["marketplaceParticipationList"]) == len(MARKETPLACES)


@pytest.mark.parametrize("preview", [{}, {"mode": "VALIDATION_PREVIEW"}])
def test_a_product_type_that_amazon_does_not_have_is_an_issue(amazon, preview):
    put = amazon.put("S1", lamp(), product_type="TOASTER", **preview)
    patch = amazon.patch("S1", ("replace", "brand", [{"value": "x"}]), product_type="TOASTER", **preview)
    for answer in (put, patch):
        assert answer["status"] == "INVALID"
        (issue,) = answer["issues"]
        assert (issue["code"], issue["severity"], issue["attributeNames"]) == ("4000003", "ERROR", [])
    assert amazon.item("GET", "S1").status_code == 404


def test_listings_that_people_made_are_added_once(tmp_path):
    storage = tmp_path / "state.db"
    state = SandboxState(storage=storage)
    added = add_listings_by_hand(state.listings)
    assert "AGENCY-GIFT-SET" in added
    state.close()
    with running_sandbox(storage=storage) as running:
        assert add_listings_by_hand(running.state.listings) == []
        client = Amazon(running)
        client.sign_in()
        held = client.attributes("LUM-B101-BLK", country="DE")
        assert {one["audience"] for one in held["purchasable_offer"]} == {"ALL", "B2B"}
        assert held["fulfillment_availability"][0]["lead_time_to_ship_max_days"] == 4
        gone = {"marketplaceIds": MARKETPLACES["DE"].id}
        client.item("DELETE", "AGENCY-GIFT-SET", country="DE", **gone)
        assert add_listings_by_hand(running.state.listings) == [], "what was deleted stays deleted"
