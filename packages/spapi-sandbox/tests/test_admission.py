import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest
from amazon_client import lamp

from spapi_sandbox.marketplaces import MARKETPLACES

RATE = "x-amzn-RateLimit-Limit"


@pytest.mark.parametrize(
    "sku",
    [
        "A/B",
        "a b+c",
        "100%",
        "ключ",
        "a?b=c&d#e",
        ".hidden",
        "x%2Fy",
        "a,b;c",
        '"quoted"',
        "A//B",
        "é́",
        "a\nb",
        "a\n",
    ],
)
def test_skus_are_percent_decoded_once(amazon, sku):
    assert amazon.put(sku, lamp())["sku"] == sku
    assert amazon.item("GET", sku).json()["sku"] == sku


@pytest.mark.parametrize("path", ["a/b", "a/b/c"])
def test_a_path_with_a_plain_slash_is_no_resource(amazon, path):
    answer = amazon.call("GET", f"/listings/2021-08-01/items/{amazon.seller}/{path}", marketplaceIds="A")
    assert answer.status_code == 403


def test_user_agent_and_token_are_required(frozen, amazon):
    path = f"/listings/2021-08-01/items/{amazon.seller}/S1?marketplaceIds=A13V1IB3VIYZZH"
    details = []
    token = amazon.session.headers["x-amz-access-token"]
    for headers in ({"x-amz-access-token": token}, {"user-agent": "x"}, {"user-agent": "x" * 501}):
        connection = http.client.HTTPConnection(frozen.url.removeprefix("http://"), timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 403
        assert answer.getheader(RATE) is None
        assert answer.getheader("x-amzn-RequestId")
        details.append(answer.read().decode())
        connection.close()
    assert "user-agent" in details[0]
    assert "Access token is missing" in details[1]
    assert "500 characters" in details[2]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"marketplaceIds": "A13V1IB3VIYZZH", "foo": "1"}, 400),
        ({"marketplaceIds": ["A13V1IB3VIYZZH", "A1PA6795UKMFR9"]}, 400),
        ({"marketplaceIds": "A13V1IB3VIYZZH", "includedData": "summaries,prices"}, 400),
        ({"marketplaceIds": ""}, 400),
        ({"marketplaceIds": "NOWHERE"}, 400),
        ({"marketplaceIds": "A13V1IB3VIYZZH,ATVPDKIKX0DER"}, 403),
        ({"marketplaceIds": "A13V1IB3VIYZZH,A1PA6795UKMFR9", "includedData": "issues, summaries"}, 404),
    ],
)
def test_parameters(amazon, query, status):
    answer = amazon.item("GET", "S1", **query)
    assert answer.status_code == status
    assert (RATE in answer.headers) == (status != 403)


def test_one_marketplace_for_put(amazon):
    both = f"{MARKETPLACES['FR'].id},{MARKETPLACES['DE'].id}"
    body = {"productType": "LAMP", "attributes": lamp()}
    assert amazon.item("PUT", "S1", body, marketplaceIds=both).status_code == 400


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"productType": "LAMP", "attributes": {"a": NaN}}',
        b"\xff",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"productType": "LAMP", "attributes": {"brand": [{"value": "\\ud83d"}]}}',
    ],
)
def test_bodies_that_are_not_json_objects(frozen, amazon, content):
    path = f"{frozen.url}/listings/2021-08-01/items/{amazon.seller}/S1?marketplaceIds=A13V1IB3VIYZZH"
    answer = amazon.session.put(path, data=content, headers={"content-type": "application/json"}, timeout=10)
    assert answer.status_code == 400


def spend(amazon, times):
    return [amazon.item("GET", "S1").status_code for _ in range(times)]


def test_buckets_fill_with_the_clock(frozen, amazon):
    frozen.control("quotas", enabled=True)
    assert spend(amazon, 11) == [404] * 10 + [429]
    frozen.advance(1)
    assert spend(amazon, 6) == [404] * 5 + [429]
    frozen.advance(3600)
    amazon.sign_in()
    assert spend(amazon, 11) == [404] * 10 + [429]
    counters = frozen.counters()
    assert counters["operations"]["getListingsItem"]["throttled"] == counters["throttled"] == 3


def test_a_429_is_quiet_about_rates(frozen, amazon):
    frozen.control("quotas", enabled=True, limits={"getListingsItem": [0.5, 1]})
    assert amazon.item("GET", "S1").headers[RATE] == "0.5"
    refused = amazon.item("GET", "S1")
    assert refused.json()["errors"][0] == {
        "code": "QuotaExceeded",
        "message": "You exceeded your quota for the requested resource.",
        "details": "",
    }
    assert RATE not in refused.headers
    assert "retry-after" not in refused.headers


def test_buckets_are_per_account_and_operation(frozen, amazon):
    frozen.control("quotas", enabled=True, factor=0.1)
    assert spend(amazon, 2) == [404, 429]
    assert amazon.put("S1", lamp())["status"] == "ACCEPTED"
    amazon.seller = frozen.vendor_code
    assert spend(amazon, 1) == [404]


def test_previews_have_a_bucket_of_the_application(frozen, amazon):
    frozen.control("quotas", enabled=True, limits={"preview": [1, 2], "putListingsItem": [100, 100]})
    answers = [amazon.put(f"S{n}", lamp(), mode="VALIDATION_PREVIEW") for n in range(3)]
    assert [answer.get("status") for answer in answers] == ["VALID", "VALID", None]
    assert "for the application" in answers[2]["errors"][0]["message"]
    assert amazon.put("S9", lamp())["status"] == "ACCEPTED"


def test_many_requests_at_once(frozen, amazon):
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda number: amazon.put(f"T{number}", lamp())["status"], range(96)))
    assert answers == ["ACCEPTED"] * 96
    assert frozen.counters()["operations"]["putListingsItem"]["requests"] == 96
    found = amazon.call("GET", f"/listings/2021-08-01/items/{amazon.seller}", marketplaceIds="A13V1IB3VIYZZH")
    assert found.json()["numberOfResults"] == 96
