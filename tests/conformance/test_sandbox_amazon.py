"""The sandbox answers as Amazon's models, static examples, schemas and recorded calls say."""

import gzip
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from amazon_models import AmazonModels, shape, shared
from jsonschema import Draft7Validator

from spapi_sandbox.server import running_sandbox

US, CA, FR, GB = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P"
DATA = Path(__file__).resolve().parents[1] / "data"
TYPES = "/definitions/2020-09-01/productTypes"
ITEMS = "/listings/2021-08-01/items/A1SANDBOXSELLER"
FEEDS = "/feeds/2021-06-30"


@pytest.fixture(scope="module")
def models():
    return AmazonModels()


@pytest.fixture(scope="module")
def sandbox():
    folder = shared() / "amazon" / "product_types"
    with running_sandbox(seed=3, quotas=False, definitions=folder) as running:
        yield running


@pytest.fixture
def call(sandbox, models):
    """Calls the sandbox; whatever is asked and answered must be as the models say."""
    sandbox.reset()
    sandbox.control("quotas", enabled=False)
    sandbox.control("recording", on=True)
    asked = {name: getattr(sandbox, name) for name in ("client_id", "client_secret", "refresh_token")}
    token = requests.post(sandbox.token_url, data={"grant_type": "refresh_token", **asked}, timeout=10).json()
    headers = {"x-amz-access-token": token["access_token"], "user-agent": "Conformance/1.0 (Language=Python)"}

    def send(method, path, *, body=None, more=None, **query):
        query = {name: ",".join(value) if isinstance(value, list) else value for name, value in query.items()}
        return requests.request(
            method,
            sandbox.url + path,
            params=query,
            json=body,
            headers={**headers, **(more or {})},
            timeout=30,
        )

    yield send
    answered = [entry for entry in sandbox.requests() if entry["operation"] in models.operations]
    assert answered
    for entry in answered:
        operation = models.operations[entry["operation"]]
        assert models.answer_problems(operation, entry) == [], entry
        if entry["status"] < 300:
            assert models.request_problems(operation, entry) == [], entry


def lamp(marketplace=US, language="en_US", currency="USD"):
    text = (DATA / "lamp.json").read_text(encoding="utf-8")
    text = (
        text.replace("MARKETPLACE", marketplace).replace("LANGUAGE", language).replace("CURRENCY", currency)
    )
    return json.loads(text)


def put(call, sku="S1", marketplace=US, attributes=None, **query):
    body = {"productType": "LAMP", "requirements": "LISTING", "attributes": attributes or lamp()}
    return call("PUT", f"{ITEMS}/{sku}", body=body, marketplaceIds=marketplace, **query)


def example(models, operation, status, number=0):
    return [entry for entry in models.operations[operation].examples() if entry[0] == status][number]


def keys(value):
    """Every key path of a JSON value, arrays over all their elements."""
    if isinstance(value, dict):
        return {
            path
            for name, inner in value.items()
            for path in [name, *(f"{name}.{key}" for key in keys(inner))]
        }
    if isinstance(value, list):
        return {path for inner in value for path in keys(inner)}
    return set()


def test_the_checker_sees_departures(models):
    operation = models.operations["getListingsItem"]
    entry = {
        "operation": "getListingsItem",
        "method": "GET",
        "path": f"{ITEMS}/S1",
        "query": "marketplaceIds=A&includedData=everything&foo=1",
        "request_headers": {"user-agent": "x"},
        "request": "",
        "status": 200,
        "headers": {"x-amzn-requestid": "1"},
        "answer": json.dumps({"sku": "S1", "asin": "B0", "issues": [{"code": 1}]}),
    }
    asked, answered = models.request_problems(operation, entry), models.answer_problems(operation, entry)
    assert [text for text in asked if "foo" in text]
    assert [text for text in asked if "includedData" in text]
    assert [text for text in asked if "x-amz-access-token" in text]
    assert [text for text in answered if "'asin' was unexpected" in text]
    assert [text for text in answered if "rate limit" in text]
    assert [text for text in answered if "issues[0]" in text]


# --- Amazon's static sandbox: the requests that mean something to a stateful sandbox.


@pytest.mark.parametrize(
    ("operation", "status", "request_line"),
    [
        ("searchDefinitionsProductTypes", 200, f"GET {TYPES}"),
        ("getDefinitionsProductType", 200, f"GET {TYPES}/LAMP"),
        ("getDefinitionsProductType", 400, f"GET {TYPES}/{{productType}}"),
        ("searchListingsItems", 400, "GET /listings/2021-08-01/items/{sellerId}"),
        ("getMarketplaceParticipations", 200, "GET /sellers/v1/marketplaceParticipations"),
        ("getFeeds", 400, f"GET {FEEDS}/feeds"),
        ("createFeed", 400, f"POST {FEEDS}/feeds"),
        ("cancelFeed", 400, f"DELETE {FEEDS}/feeds/{{feedId}}"),
        ("getFeed", 400, f"GET {FEEDS}/feeds/{{feedId}}"),
        ("createFeedDocument", 201, f"POST {FEEDS}/documents"),
        ("createFeedDocument", 400, f"POST {FEEDS}/documents"),
        ("getFeedDocument", 400, f"GET {FEEDS}/documents/{{feedDocumentId}}"),
    ],
)
def test_static_examples(call, models, operation, status, request_line):
    method, path = request_line.split()
    _, parameters, expected = example(models, operation, status)
    values = {name: entry.get("value") for name, entry in parameters.items()}
    body = values.pop("body", None)
    for name in [name for name in values if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", values.pop(name))
    if operation in {"searchDefinitionsProductTypes", "getDefinitionsProductType"}:
        values["marketplaceIds"] = [US]
    answer = call(method, path, body=body, **values)
    assert answer.status_code == status
    ours = answer.json()
    if operation == "getDefinitionsProductType" and status == 200:
        # The groups are named by the product type: one stands for all.
        ours["propertyGroups"] = {"any": next(iter(ours["propertyGroups"].values()))}
        expected = {**expected, "propertyGroups": {"any": next(iter(expected["propertyGroups"].values()))}}
    assert shape(ours) == shape(expected)


def test_submissions_have_the_shape_of_the_examples(call, models):
    valid = put(call, mode="VALIDATION_PREVIEW", includedData="identifiers,issues").json()
    assert valid["status"] == "VALID"
    assert keys(valid) == keys(example(models, "putListingsItem", 200, 1)[2])

    wrong = {name: value for name, value in lamp().items() if name != "condition_type"}
    wrong["fake_attribute"] = [{"value": 1}]
    invalid = put(call, attributes=wrong, mode="VALIDATION_PREVIEW", includedData="identifiers,issues").json()
    expected = example(models, "putListingsItem", 200, 2)[2]
    assert keys(invalid) == keys(expected)
    # Not by category: Amazon's own two examples of 90000900 disagree on it.
    found, wanted = (
        {(issue["code"], *issue["attributeNames"]) for issue in entry["issues"]}
        for entry in (invalid, expected)
    )
    assert found == wanted

    accepted = put(call).json()
    assert shape(accepted) == shape(example(models, "putListingsItem", 200)[2])
    change = {"op": "replace", "path": "/attributes/condition_type", "value": [{"value": "new_new"}]}
    body = {"productType": "LAMP", "patches": [change]}
    patched = call("PATCH", f"{ITEMS}/S1", body=body, marketplaceIds=US)
    assert shape(patched.json()) == shape(example(models, "patchListingsItem", 200)[2])
    deleted = call("DELETE", f"{ITEMS}/S1", marketplaceIds=US)
    assert shape(deleted.json()) == shape(example(models, "deleteListingsItem", 200)[2])


def test_items_show_what_the_example_shows(call, models, sandbox):
    put(call)
    put(call, marketplace=CA, attributes=lamp(CA, "en_CA", "CAD"))
    theirs = example(models, "getListingsItem", 200)[2]
    for issue in theirs["issues"]:
        where = {"seller_id": "A1SANDBOXSELLER", "sku": "S1", "marketplace_id": US}
        sandbox.control("issues", **where, issue=issue)
    included = "summaries,issues,offers,fulfillmentAvailability"
    ours = call("GET", f"{ITEMS}/S1", marketplaceIds=f"{US},{CA}", includedData=included).json()
    assert keys(ours) == keys(theirs)
    everything = f"{included},attributes,procurement,relationships,productTypes"
    whole = call("GET", f"{ITEMS}/S1", marketplaceIds=f"{US},{CA}", includedData=everything).json()
    assert set(whole) == {"sku", *everything.split(",")} - {"procurement"}  # a vendor's only

    page = call(
        "GET", ITEMS, marketplaceIds=f"{US},{CA}", identifiersType="SKU", identifiers="S1,S2", pageSize=1
    )
    assert page.json()["numberOfResults"] == 1
    for number in range(3):
        put(call, sku=f"P{number}")
    page = call("GET", ITEMS, marketplaceIds=US, pageSize=2).json()
    more = call("GET", ITEMS, marketplaceIds=US, pageSize=2, pageToken=page["pagination"]["nextToken"]).json()
    assert len({item["sku"] for item in [*page["items"], *more["items"]]}) == 4
    assert set(keys(more)) >= {"pagination.previousToken"}


# --- Errors


def test_error_answers(call, sandbox):
    body = {"productType": "LAMP", "attributes": lamp()}
    path, place = f"{ITEMS}/S1", {"marketplaceIds": US}
    assert call("GET", path, **place).status_code == 404
    assert call("GET", path, marketplaceIds=f"{US},{FR}").status_code == 403
    assert call("GET", path, more={"x-amz-access-token": "Atza|none"}, **place).status_code == 403
    assert call("GET", f"{ITEMS}/a/b", **place).status_code == 403
    assert call("GET", path, **place, unknown="1").status_code == 400
    assert call("PUT", path, body=body, more={"content-type": "text/plain"}, **place).status_code == 415
    sandbox.control("settings", max_body=100)
    assert call("PUT", path, body=body, **place).status_code == 413
    sandbox.control("quotas", enabled=True, limits={"getListingsItem": [0.001, 1]})
    assert call("GET", path, **place).status_code == 404
    refused = call("GET", path, **place)
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == "QuotaExceeded"
    for status in (500, 503):
        sandbox.fault("getListingsItem", "status", status=status)
        assert call("GET", path, **place).status_code == status


# --- Recorded calls, and real definitions


def captured(name):
    path = next((shared() / "amazon" / "examples" / "captures").glob(f"{name}*"))
    return json.loads(path.read_text(encoding="utf-8"))


def test_recorded_calls_are_answered_as_amazon_did(call):
    for name in ("putListingsItem", "getListingsItem", "patchListingsItem", "deleteListingsItem"):
        capture = captured(name)
        asked, told = capture["request"], capture["response"]
        address = urlsplit(asked["uri"].replace("{sellerId}", "A1SANDBOXSELLER"))
        query = dict(part.split("=") for part in address.query.split("&"))
        answer = call(asked["method"], address.path, body=asked["body"], **query)
        assert answer.status_code == told["status"]["code"]
        ours, theirs = answer.json(), told["body"]
        for body in (ours, theirs):
            body.pop("submissionId", None)
        assert ours == theirs


@pytest.mark.parametrize("day", ["2025-09-08"])
def test_a_recorded_definition_is_served_byte_for_byte(call, day):
    theirs = captured(f"getDefinitionsProductType__PRODUCT_OFFER_ONLY_GB_{day}")
    ours = call("GET", f"{TYPES}/PRODUCT", marketplaceIds=GB, requirements="LISTING_OFFER_ONLY").json()
    assert ours["schema"]["checksum"] == theirs["schema"]["checksum"]
    for name in ("requirements", "requirementsEnforced", "locale", "marketplaceIds", "productType"):
        assert ours[name] == theirs[name]
    assert set(ours) == set(theirs)
    assert keys(ours["productTypeVersion"]) == keys(theirs["productTypeVersion"])
    theirs_shown = {name for group in theirs["propertyGroups"].values() for name in group["propertyNames"]}
    assert {
        name for group in ours["propertyGroups"].values() for name in group["propertyNames"]
    } == theirs_shown


@pytest.mark.parametrize(
    ("product_type", "marketplace", "language"), [("HOME", FR, "fr_FR"), ("BRACELET", US, "en_US")]
)
def test_real_definitions_in_every_variant(call, product_type, marketplace, language):
    for requirements in ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"):
        for enforced in ("ENFORCED", "NOT_ENFORCED"):
            query = {
                "marketplaceIds": marketplace,
                "requirements": requirements,
                "requirementsEnforced": enforced,
            }
            answer = call("GET", f"{TYPES}/{product_type}", **query).json()
            document = requests.get(answer["schema"]["link"]["resource"], timeout=10).json()
            assert ("item_name" in document["properties"]) == (requirements != "LISTING_OFFER_ONLY")
            assert ("purchasable_offer" in document["properties"]) == (requirements != "LISTING_PRODUCT_ONLY")
            assert bool(document["required"] or document.get("allOf")) == (enforced == "ENFORCED")
            assert set(document["required"]) <= set(document["properties"])
    body = {"productType": product_type, "attributes": {"brand": [{"value": "x", "language_tag": language}]}}
    told = call("PUT", f"{ITEMS}/R1", body=body, marketplaceIds=marketplace, issueLocale=language).json()
    missing = {issue["attributeNames"][0] for issue in told["issues"] if issue["code"] == "90220"}
    assert {"item_name", "merchant_suggested_asin", "externally_assigned_product_identifier"} <= missing


# --- Feeds


def feed(call, sandbox, document, marketplace=US):
    content_type = "application/json; charset=UTF-8"
    made = call("POST", f"{FEEDS}/documents", body={"contentType": content_type}).json()
    requests.put(made["url"], json.dumps(document), headers={"Content-Type": content_type}, timeout=10)
    spec = {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": [marketplace],
        "inputFeedDocumentId": made["feedDocumentId"],
    }
    feed_id = call("POST", f"{FEEDS}/feeds", body=spec).json()["feedId"]
    sandbox.state.feeds.wait()
    shown = call("GET", f"{FEEDS}/feeds/{feed_id}").json()
    result = call("GET", f"{FEEDS}/documents/{shown['resultFeedDocumentId']}").json()
    return json.loads(gzip.decompress(requests.get(result["url"], timeout=10).content))


def test_reports_meet_amazons_schema(call, sandbox):
    folder = shared() / "amazon" / "feeds"
    schema = json.loads(
        (folder / "listings-feed-processing-report-schema-v2.json").read_text(encoding="utf-8")
    )
    document = json.loads((folder / "listings-feed-schema-v2.example.json").read_text(encoding="utf-8"))
    document["header"]["sellerId"] = "A1SANDBOXSELLER"
    message = {
        "messageId": 999,
        "sku": "F1",
        "operationType": "UPDATE",
        "productType": "LAMP",
        "attributes": lamp(),
    }
    document["messages"].append(message)
    document["header"]["report"] = {"includedData": ["issues", "summaries"], "apiVersion": "2021-08-01"}
    headless = {**document, "header": [document["header"]]}
    for sent in (document, headless, {"messages": 1}, {**document, "messages": [{"messageId": 1}]}):
        report = feed(call, sandbox, sent)
        assert list(Draft7Validator(schema).iter_errors(report)) == []
        counts = report["summary"]
        assert counts["messagesAccepted"] + counts["messagesInvalid"] == counts["messagesProcessed"]
    whole = feed(call, sandbox, document)
    assert whole["summary"]["messagesProcessed"] == len(document["messages"])
    assert "F1" in [item["sku"] for item in whole["items"]]


def test_a_recorded_feed_is_reported_as_amazon_did(sandbox, call):
    sent, theirs = captured("JSON_LISTINGS_FEED"), captured("processing_report")
    sent["header"]["sellerId"] = "A1SANDBOXSELLER"
    report = feed(call, sandbox, sent, marketplace=GB)
    assert {**report, "header": 0} == {**theirs, "header": 0}
    assert report["header"].keys() == theirs["header"].keys()


def test_the_account_and_notifications_answer_as_the_models_say(sandbox, call):
    def grantless(scope):
        asked = {"grant_type": "client_credentials", "scope": scope}
        asked |= {name: getattr(sandbox, name) for name in ("client_id", "client_secret")}
        answer = requests.post(sandbox.token_url, data=asked, timeout=10).json()
        return {"x-amz-access-token": answer["access_token"]}

    ours = grantless("sellingpartnerapi::notifications")
    places, status = (
        "/notifications/v1/destinations",
        "/notifications/v1/subscriptions/LISTINGS_ITEM_STATUS_CHANGE",
    )
    assert call("GET", "/sellers/v1/account").status_code == 200
    resources = (
        {"sqs": {"arn": "arn:aws:sqs:eu-west-1:123456789012:listings"}},
        {"eventBridge": {"region": "eu-west-1", "accountId": "123456789012"}},
    )
    for resource in resources:
        body = {"name": "listings", "resourceSpecification": resource}
        made = call("POST", places, body=body, more=ours).json()["payload"]
    assert len(call("GET", places, more=ours).json()["payload"]) == len(resources)
    one = f"{places}/{made['destinationId']}"
    assert call("GET", one, more=ours).status_code == 200
    body = {"payloadVersion": "1.0", "destinationId": made["destinationId"]}
    subscribed = call("POST", status, body=body).json()["payload"]
    assert call("GET", status).status_code == 200
    mine = f"{status}/{subscribed['subscriptionId']}"
    assert [call(method, mine, more=ours).status_code for method in ("GET", "DELETE", "GET")] == [
        200,
        200,
        404,
    ]
    assert call("DELETE", one, more=ours).status_code == 200
    rotate = ("POST", "/applications/2023-11-30/clientSecret")
    scope = grantless("sellingpartnerapi::client_credential:rotation")
    assert call(*rotate, more=scope).status_code == 400
    sandbox.control("rotation")
    assert call(*rotate, more=scope).status_code == 204
