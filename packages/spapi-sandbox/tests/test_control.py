import pytest
import requests
from amazon_client import lamp

from spapi_sandbox.marketplaces import MARKETPLACES

FR, DE = MARKETPLACES["FR"], MARKETPLACES["DE"]
FAULT = {"operation": "getListingsItem", "kind": "status"}
ISSUE = {"seller_id": "A1SANDBOXSELLER", "sku": "S1", "marketplace_id": FR.id, "issue": {}}
#: Where, a body that makes no sense, and part of the message.
NONSENSE = [
    ("faults", {"operation": "getListingItem", "kind": "status"}, "no operation 'getListingItem'; there are"),
    ("faults", FAULT | {"kind": "earthquake"}, "kind: Input should be 'status', 'delay'"),
    ("faults", FAULT | {"status": "500"}, "status: Input should be a valid integer"),
    ("faults", FAULT | {"status": 7}, "status: Input should be greater than or equal to 200"),
    ("faults", FAULT | {"times": 0}, "times"),
    ("faults", FAULT | {"colour": "red"}, "colour: Extra inputs are not permitted"),
    ("faults", {"kind": "status"}, "operation: Field required"),
    ("faults", [FAULT], "dictionary"),
    ("settings", {"x": 1}, "no setting 'x'; there are schema_link_seconds"),
    ("settings", {"read_delay": "soon"}, "read_delay"),
    ("settings", {"read_delay": -1}, "read_delay"),
    ("clock", {"advance": "60"}, "advance: Input should be a valid number"),
    ("clock", {}, "advance: Field required"),
    ("quotas", {"limits": {"getListingItem": [1, 1]}}, "no bucket 'getListingItem'"),
    ("quotas", {"limits": {"preview": [1]}}, "limits.preview.1: Field required"),
    ("quotas", {"enabled": "no"}, "enabled"),
    ("tokens", {"lifetime": 0}, "lifetime"),
    ("secret", {}, "either rotate or expire"),
    ("secret", {"rotate": "new", "expire": True}, "either rotate or expire"),
    ("secret", {"expire": "never issued"}, "no secret 'never issued'"),
    ("revoke", {"refresh_token": "Atzr|other"}, "no grant 'Atzr|other'"),
    ("participations", {"countries": ["XX"]}, "no country 'XX'"),
    ("participations", {"seller_id": "A2", "countries": []}, "no account 'A2'"),
    ("issues", {}, "seller_id: Field required"),
    ("issues", ISSUE | {"issue": "bad"}, "issue: Input should be a valid dictionary"),
    ("issues", ISSUE | {"marketplace_id": "FR"}, "no marketplace 'FR'"),
    ("feeds", {"state": "LOST"}, "state: Input should be 'DONE', 'FATAL' or 'CANCELLED'"),
    ("feeds", {"share": 2}, "share"),
    ("feeds", {"times": "many"}, "times"),
    ("recording", {}, "on: Field required"),
]


@pytest.mark.parametrize(("path", "body", "words"), NONSENSE)
def test_an_order_that_makes_no_sense_is_refused_in_words(frozen, path, body, words):
    answer = requests.post(f"{frozen.url}/_control/{path}", json=body, timeout=10)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_what_is_no_json_is_refused_too(frozen):
    answer = requests.post(f"{frozen.url}/_control/clock", data="{", timeout=10)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_a_test_that_orders_nonsense_is_told(frozen):
    with pytest.raises(requests.HTTPError, match="no operation 'getListingItem'"):
        frozen.fault("getListingItem", "status")


def test_every_name_of_the_overview_can_be_ordered(frozen, amazon):
    overview = requests.get(f"{frozen.url}/_control", timeout=10).json()
    assert {"getListingsItem", "token", "documents", "sales_layer_rest", "images"} <= set(
        overview["operations"]
    )
    for operation in overview["operations"]:
        for kind in overview["kinds"]:
            frozen.fault(operation, kind)
    assert frozen.control("settings", **overview["settings"]) == overview["settings"]


def participations(amazon):
    answer = amazon.call("GET", "/sellers/v1/marketplaceParticipations").json()
    return [entry["marketplace"]["countryCode"] for entry in answer["payload"]]


def test_a_seller_may_be_limited_to_some_countries(frozen, amazon):
    amazon.put("S1", lamp("DE"), country="DE")
    assert len(participations(amazon)) == 23
    assert frozen.control("participations", countries=["IT", "FR"]) == {amazon.seller: ["FR", "IT"]}
    assert participations(amazon) == ["FR", "IT"]
    assert amazon.put("S2", lamp())["status"] == "ACCEPTED"
    types = "/definitions/2020-09-01/productTypes/LAMP"
    for answer in (
        amazon.item("GET", "S1", country="DE"),
        amazon.item("DELETE", "S1", country="DE"),
        amazon.call("GET", types, marketplaceIds=DE.id, sellerId=amazon.seller),
    ):
        message = answer.json()["errors"][0]["message"]
        assert (answer.status_code, message) == (
            400,
            "Invalid 'sellerId' and 'marketplaceId' combination provided.",
        )
    assert amazon.call("GET", types, marketplaceIds=FR.id, sellerId=amazon.seller).status_code == 200
    frozen.reset()
    amazon.sign_in()
    assert len(participations(amazon)) == 23


def test_a_vendor_never_gains_a_country(frozen, amazon):
    assert frozen.control("participations", seller_id="SANDV", countries=["FR", "JP"]) == {"SANDV": ["FR"]}


@pytest.mark.parametrize("path", ["/_control/reset", "/sales_layer/_control/reset"])
def test_pages_of_other_origins_may_not_control_it(frozen, path):
    def answer(**headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(frozen.url + path, headers=named, timeout=30).status_code

    assert answer(Origin="https://example.com") == 403
    assert answer(Origin="null") == 403
    assert answer(Sec_Fetch_Site="cross-site") == answer(Sec_Fetch_Site="same-site") == 403
    # A page whose name was given this machine's address.
    assert answer(Origin="http://page.example", Host="page.example") == 403
    assert (
        answer(Origin=frozen.url)
        == answer(Origin=frozen.url, Sec_Fetch_Site="same-origin")
        == answer()
        == 200
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_answered_as_amazon_answers(frozen, method):
    answer = requests.request(method, f"{frozen.url}/listings/2021-08-01/offers", timeout=30)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "NOT_FOUND"


def test_marketplaces_have_the_domains_of_their_shops(amazon):
    answer = amazon.call("GET", "/sellers/v1/marketplaceParticipations").json()
    domains = {
        one["marketplace"]["countryCode"]: one["marketplace"]["domainName"] for one in answer["payload"]
    }
    assert domains["GB"] == "www.amazon.co.uk"
    assert domains["JP"] == "www.amazon.co.jp"
