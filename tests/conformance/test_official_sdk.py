"""The sandbox, driven by Amazon's own Python SDK (`amzn-sp-api`) over sockets."""

import gzip
import json
from pathlib import Path

import pytest
import requests
from amazon_models import AmazonModels
from spapi import ApiException, SPAPIClient, SPAPIConfig
from spapi.api.feeds_v2021_06_30.feeds_api import FeedsApi
from spapi.api.listings_items_v2021_08_01.listings_api import ListingsApi
from spapi.api.product_type_definitions_v2020_09_01.definitions_api import DefinitionsApi
from spapi.api.sellers_v1.sellers_api import SellersApi
from spapi.models.feeds_v2021_06_30 import CreateFeedDocumentSpecification, CreateFeedSpecification
from spapi.models.listings_items_v2021_08_01 import (
    ListingsItemPatchRequest,
    ListingsItemPutRequest,
    PatchOperation,
)

from spapi_sandbox.server import running_sandbox

FR = "A13V1IB3VIYZZH"
SKU = "LAMP/1 é+%"
DATA = Path(__file__).resolve().parents[1] / "data"


def lamp():
    text = (DATA / "lamp.json").read_text(encoding="utf-8")
    return json.loads(text.replace("MARKETPLACE", FR).replace("LANGUAGE", "fr_FR").replace("CURRENCY", "EUR"))


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(seed=7, quotas=False) as running:
        running.control("recording", on=True)
        yield running
        # Whatever the tests below did, Amazon's models describe it.
        assert AmazonModels().problems(running.requests()) == []


@pytest.fixture(scope="module")
def client(sandbox):
    config = SPAPIConfig(
        client_id=sandbox.client_id, client_secret=sandbox.client_secret, refresh_token=sandbox.refresh_token
    )
    return SPAPIClient(config, oauth_endpoint=sandbox.token_url, endpoint=sandbox.url).api_client


@pytest.fixture(scope="module")
def listings(client):
    return ListingsApi(client)


def test_searches_and_fetches_a_definition(client):
    api = DefinitionsApi(client)
    found = api.search_definitions_product_types([FR], keywords=["lampe"], locale="fr_FR")
    assert [entry.name for entry in found.product_types] == ["LAMP"]
    definition = api.get_definitions_product_type("LAMP", [FR], requirements="LISTING", locale="fr_FR")
    assert definition.locale == "fr_FR"
    document = requests.get(definition.var_schema.link.resource, timeout=10).json()
    assert document["properties"]["item_name"]["title"] == "Nom du produit"
    shown = [name for group in definition.property_groups.values() for name in group.property_names]
    assert sorted(shown) == sorted(document["properties"])


def test_participations(client):
    found = SellersApi(client).get_marketplace_participations()
    assert len(found.payload) == 23


def test_a_listing_from_preview_to_deletion(sandbox, listings):
    seller = sandbox.seller_id
    body = ListingsItemPutRequest(product_type="LAMP", requirements="LISTING", attributes=lamp())
    preview = listings.put_listings_item(
        seller, SKU, [FR], body, mode="VALIDATION_PREVIEW", included_data=["issues", "identifiers"]
    )
    assert (preview.status, preview.issues) == ("VALID", [])
    with pytest.raises(ApiException) as unknown:
        listings.get_listings_item(seller, SKU, [FR])
    assert unknown.value.status == 404

    accepted = listings.put_listings_item(seller, SKU, [FR], body)
    assert (accepted.sku, accepted.status) == (SKU, "ACCEPTED")
    shown = listings.get_listings_item(
        seller,
        SKU,
        [FR],
        included_data=["summaries", "attributes", "issues", "offers", "fulfillmentAvailability"],
    )
    assert shown.summaries[0].asin == preview.identifiers[0].asin
    assert shown.summaries[0].status == ["BUYABLE", "DISCOVERABLE"]
    assert shown.offers[0].price.amount == "79.90"

    merge = PatchOperation(
        op="merge",
        path="/attributes/fulfillment_availability",
        value=[{"fulfillment_channel_code": "DEFAULT", "quantity": 0}],
    )
    change = ListingsItemPatchRequest(product_type="LAMP", patches=[merge])
    assert listings.patch_listings_item(seller, SKU, [FR], change).status == "ACCEPTED"
    kept = listings.get_listings_item(seller, SKU, [FR], included_data=["attributes", "summaries"])
    stock = kept.attributes["fulfillment_availability"][0]
    assert (stock["quantity"], stock["lead_time_to_ship_max_days"]) == (0, 2)
    assert kept.summaries[0].status == ["DISCOVERABLE"]

    found = listings.search_listings_items(
        seller, [FR], identifiers=[kept.summaries[0].asin], identifiers_type="ASIN"
    )
    assert [item.sku for item in found.items] == [SKU]
    assert listings.delete_listings_item(seller, SKU, [FR]).status == "ACCEPTED"
    with pytest.raises(ApiException):
        listings.get_listings_item(seller, SKU, [FR])


def test_an_invalid_listing_is_answered_with_200_and_issues(sandbox, listings):
    attributes = lamp()
    del attributes["brand"], attributes["item_weight"][0]["unit"]
    attributes["lamp_type"][0]["value"] = "torch"
    body = ListingsItemPutRequest(product_type="LAMP", attributes=attributes)
    answer = listings.put_listings_item(sandbox.seller_id, "L2", [FR], body, issue_locale="de_DE")
    assert answer.status == "INVALID"
    assert {(issue.code, issue.attribute_names[0]) for issue in answer.issues} == {
        ("90220", "brand"),
        ("99022", "item_weight"),
        ("90244", "lamp_type"),
    }
    assert "'Marke' ist erforderlich, wurde aber nicht angegeben." in [
        issue.message for issue in answer.issues
    ]


def test_a_feed(sandbox, client, listings):
    feeds = FeedsApi(client)
    content_type = "application/json; charset=UTF-8"
    document = feeds.create_feed_document(CreateFeedDocumentSpecification(content_type=content_type))
    message = {"sku": "F1", "operationType": "UPDATE", "productType": "LAMP", "attributes": lamp()}
    feed = {
        "header": {"sellerId": sandbox.seller_id, "version": "2.0", "issueLocale": "fr_FR"},
        "messages": [
            {"messageId": 1, **message},
            {"messageId": 2, **message, "attributes": {"brand": []}, "sku": "F2"},
        ],
    }
    uploaded = requests.put(
        document.url, json.dumps(feed), headers={"Content-Type": content_type}, timeout=10
    )
    assert uploaded.status_code == 200
    created = feeds.create_feed(
        CreateFeedSpecification(
            feed_type="JSON_LISTINGS_FEED",
            marketplace_ids=[FR],
            input_feed_document_id=document.feed_document_id,
        )
    )
    sandbox.state.feeds.wait()
    done = feeds.get_feed(created.feed_id)
    assert done.processing_status == "DONE"
    assert [entry.feed_id for entry in feeds.get_feeds(feed_types=["JSON_LISTINGS_FEED"]).feeds] == [
        created.feed_id
    ]
    result = feeds.get_feed_document(done.result_feed_document_id)
    assert result.compression_algorithm == "GZIP"
    report = json.loads(gzip.decompress(requests.get(result.url, timeout=10).content))
    assert report["summary"]["messagesAccepted"] == 1
    assert report["summary"]["messagesInvalid"] == 1
    assert {issue["messageId"] for issue in report["issues"]} == {2}
    assert listings.get_listings_item(sandbox.seller_id, "F1", [FR]).sku == "F1"
