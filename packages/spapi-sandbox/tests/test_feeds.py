import gzip
import json

import pytest
from amazon_client import lamp

FR = "A13V1IB3VIYZZH"
FEEDS = "/feeds/2021-06-30"
TYPE = "application/json; charset=UTF-8"


def message(number=1, sku=None, **changes):
    made = {"messageId": number, "sku": sku or f"F{number}", "operationType": "UPDATE", "productType": "LAMP"}
    return {**made, "attributes": lamp(), **changes}


def document(amazon, messages, **header):
    made = amazon.call("POST", f"{FEEDS}/documents", {"contentType": TYPE}).json()
    sent = messages
    if isinstance(messages, list):
        sent = {"header": {"sellerId": amazon.seller, "version": "2.0", **header}, "messages": messages}
    answer = amazon.session.put(
        made["url"], data=json.dumps(sent), headers={"content-type": TYPE}, timeout=10
    )
    assert answer.status_code == 200
    return made["feedDocumentId"]


def create(amazon, messages, **header):
    spec = {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": [FR],
        "inputFeedDocumentId": document(amazon, messages, **header),
    }
    answer = amazon.call("POST", f"{FEEDS}/feeds", spec)
    assert answer.status_code == 202
    amazon.sandbox.state.feeds.wait()
    return answer.json()["feedId"]


def state(amazon, feed_id):
    return amazon.call("GET", f"{FEEDS}/feeds/{feed_id}").json()


def report(amazon, feed_id):
    shown = state(amazon, feed_id)
    result = amazon.call("GET", f"{FEEDS}/documents/{shown['resultFeedDocumentId']}").json()
    assert result["compressionAlgorithm"] == "GZIP"
    return json.loads(gzip.decompress(amazon.session.get(result["url"], timeout=10).content))


def test_every_operation_type(amazon):
    stock = [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}]
    patch = [{"op": "merge", "path": "/attributes/fulfillment_availability", "value": stock}]
    amazon.put("GONE", lamp())
    sent = [
        message(1, "A"),
        message(2, "B"),
        {"messageId": 3, "sku": "A", "operationType": "PATCH", "productType": "LAMP", "patches": patch},
        {"messageId": 4, "sku": "B", "operationType": "PARTIAL_UPDATE", "productType": "LAMP",
         "attributes": {"brand": [{"value": "Other", "language_tag": "fr_FR"}]}},
        {"messageId": 5, "sku": "GONE", "operationType": "DELETE"},
    ]  # fmt: skip
    found = report(amazon, create(amazon, sent))
    assert found["issues"] == []
    assert found["summary"] == {
        "errors": 0, "warnings": 0, "messagesProcessed": 5, "messagesAccepted": 5, "messagesInvalid": 0,
    }  # fmt: skip
    assert amazon.attributes("A")["fulfillment_availability"][0]["quantity"] == 5
    held = amazon.attributes("B")
    assert held["brand"][0]["value"] == "Other"
    assert "item_name" in held
    assert amazon.item("GET", "GONE").status_code == 404


def test_refused_messages_change_nothing_and_name_one_attribute(amazon):
    found = report(
        amazon, create(amazon, [message(1, attributes=lamp(brand=None)), message(2)], issueLocale="de_DE")
    )
    assert found["issues"] == [
        {
            "messageId": 1,
            "sku": "F1",
            "code": "90220",
            "severity": "ERROR",
            "message": "'Marke' ist erforderlich, wurde aber nicht angegeben.",
            "attributeName": "brand",
        }
    ]
    assert (found["summary"]["messagesAccepted"], found["summary"]["messagesInvalid"]) == (1, 1)
    assert amazon.item("GET", "F1").status_code == 404
    assert amazon.item("GET", "F2").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"messageId": 0}, "4002008"),
        ({"operationType": "PUT"}, "4002008"),
        ({"patches": []}, "4002008"),
        ({"attributes": {}}, "4002008"),
        ({"sku": ""}, "4002008"),
        ({"productType": "TOASTER"}, "4000003"),
        (
            {"operationType": "PATCH", "attributes": None, "patches": [{"op": "replace", "path": "/x"}]},
            "4002008",
        ),
    ],
)
def test_messages_that_are_none(amazon, wrong, code):
    found = report(amazon, create(amazon, [message(2), {**message(1), **wrong}]))
    assert [issue["code"] for issue in found["issues"]] == [code]
    assert found["summary"]["messagesInvalid"] == 1


def test_a_message_id_counts_once(amazon):
    found = report(amazon, create(amazon, [message(1, "A"), message(1, "B")]))
    assert [issue["code"] for issue in found["issues"]] == ["4002008"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"messages": []}, "4002005"),
        ([], "4002001"),
        ("text", "4002001"),
        ({"header": [{"sellerId": "A"}], "messages": [1]}, "4002005"),
        ({"header": {"sellerId": "A1SANDBOXSELLER", "version": "1.0"}, "messages": [1]}, "4002006"),
    ],
)
def test_feeds_that_cannot_be_read(amazon, sent, code):
    found = report(amazon, create(amazon, sent))
    assert [issue["code"] for issue in found["issues"]] == [code]
    assert "messageId" not in found["issues"][0]
    assert found["summary"]["messagesProcessed"] == 0


def test_a_foreign_account(amazon):
    found = report(amazon, create(amazon, [message()], sellerId="A2OTHER"))
    assert found["issues"][0]["message"] == "Invalid 'accountId' provided."


def test_items_are_shown_when_asked_for(amazon):
    asked = {"includedData": ["issues", "summaries"], "apiVersion": "2021-08-01"}
    bad = lamp(externally_assigned_product_identifier=[{"type": "ean", "value": "4006381333930"}])
    found = report(amazon, create(amazon, [message(1), message(2, attributes=bad)], report=asked))
    assert found["issues"] == []
    assert found["summary"]["itemSummary"] == {"items": 2, "errors": 1, "warnings": 0}
    assert [item["sku"] for item in found["items"]] == ["F1", "F2"]


def test_states_follow_the_clock(frozen, amazon):
    frozen.control("settings", feed_queue_delay=60, feed_processing_delay=120)
    feed_id = create(amazon, [message()])
    assert state(amazon, feed_id)["processingStatus"] == "IN_QUEUE"
    frozen.advance(61)
    amazon.sandbox.state.feeds.wait()
    running = state(amazon, feed_id)
    assert (running["processingStatus"], "resultFeedDocumentId" in running) == ("IN_PROGRESS", False)
    assert amazon.call("DELETE", f"{FEEDS}/feeds/{feed_id}").status_code == 400
    frozen.advance(120)
    done = state(amazon, feed_id)
    assert done["processingStatus"] == "DONE"
    assert done["createdTime"] < done["processingStartTime"] < done["processingEndTime"]
    frozen.advance(91 * 24 * 3600)
    amazon.sign_in()
    assert amazon.call("GET", f"{FEEDS}/feeds/{feed_id}").status_code == 404


def test_a_feed_in_the_queue_can_be_cancelled(frozen, amazon):
    frozen.control("settings", feed_queue_delay=60)
    feed_id = create(amazon, [message()])
    assert amazon.call("DELETE", f"{FEEDS}/feeds/{feed_id}").status_code == 200
    frozen.advance(600)
    assert state(amazon, feed_id)["processingStatus"] == "CANCELLED"
    assert amazon.item("GET", "F1").status_code == 404


def test_a_fatal_feed_applies_a_part(frozen, amazon):
    frozen.control("feeds", state="FATAL", share=0.5, report=False)
    ended = state(amazon, create(amazon, [message(number) for number in range(1, 5)]))
    assert (ended["processingStatus"], "resultFeedDocumentId" in ended) == ("FATAL", False)
    assert [amazon.item("GET", f"F{number}").status_code for number in range(1, 5)] == [200, 200, 404, 404]
    assert state(amazon, create(amazon, [message(9)]))["processingStatus"] == "DONE"


def test_upload_links(frozen, amazon):
    made = amazon.call("POST", f"{FEEDS}/documents", {"contentType": TYPE}).json()
    other = amazon.session.put(
        made["url"], data=b"{}", headers={"content-type": "application/json"}, timeout=10
    )
    assert other.status_code == 403  # another content type than was signed
    frozen.advance(301)
    late = amazon.session.put(made["url"], data=b"{}", headers={"content-type": TYPE}, timeout=10)
    assert (late.status_code, "expired" in late.text) == (403, True)


def test_documents_live_two_days(frozen, amazon):
    old = document(amazon, [message()])
    frozen.advance(2 * 24 * 3600 + 1)
    amazon.sign_in()
    spec = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": old}
    assert amazon.call("POST", f"{FEEDS}/feeds", spec).status_code == 400


def test_the_result_may_be_unpacked_by_the_client(amazon):
    shown = state(amazon, create(amazon, [message()]))
    path = f"{FEEDS}/documents/{shown['resultFeedDocumentId']}"
    url = amazon.call("GET", path, enableContentEncodingUrlHeader="true").json()["url"]
    assert amazon.session.get(url, timeout=10).json()["summary"]["messagesAccepted"] == 1


def test_five_feeds_in_five_minutes(frozen, amazon):
    documents = [document(amazon, [message(n)]) for n in range(1, 8)]
    frozen.control("quotas", enabled=True)

    def send(name):
        spec = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": name}
        return amazon.call("POST", f"{FEEDS}/feeds", spec).status_code

    assert [send(name) for name in documents[:6]] == [202] * 5 + [429]
    frozen.advance(61)
    assert [send(name) for name in documents[5:7]] == [202, 429]


def test_feeds_are_listed_newest_first(frozen, amazon):
    made = []
    for number in range(1, 4):
        made.append(create(amazon, [message(number)]))
        frozen.advance(1)
    query = {"feedTypes": "JSON_LISTINGS_FEED", "pageSize": 2}
    first = amazon.call("GET", f"{FEEDS}/feeds", **query).json()
    rest = amazon.call("GET", f"{FEEDS}/feeds", **query, nextToken=first["nextToken"]).json()
    assert [feed["feedId"] for feed in [*first["feeds"], *rest["feeds"]]] == made[::-1]
    assert "nextToken" not in rest
    assert amazon.call("GET", f"{FEEDS}/feeds").status_code == 400
    none = amazon.call("GET", f"{FEEDS}/feeds", feedTypes="JSON_LISTINGS_FEED", processingStatuses="FATAL")
    assert none.json() == {"feeds": []}
