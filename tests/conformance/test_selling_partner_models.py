"""The client is held to Amazon's models, schemas and recorded answers."""

from __future__ import annotations

import json
import re

import pytest
from amazon_models import AmazonModels, shared
from jsonschema import Draft7Validator

from amazon_listings.selling_partner import definitions, feed_messages, feed_reports, feeds, listings, sellers
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.content.comparison import matches_patches, matches_put
from amazon_listings.selling_partner.content.leaves import Layout
from amazon_listings.selling_partner.content.patches import build_patches
from amazon_listings.selling_partner.operations import OPERATIONS
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at

FR = "A13V1IB3VIYZZH"
#: JSON_LISTINGS_FEED has a limit of its own (SP-API changelog 2025-05-06).
OWN_LIMIT = {"createFeed"}


def has_model(operation):
    """Amazon's model of an operation is at hand."""
    return shared().joinpath("amazon", "models", operation.source).exists()


def amazon(*path):
    return json.loads(shared().joinpath("amazon", *path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_methods_paths_and_limits_are_those_of_the_model(operation):
    if not has_model(operation):
        pytest.skip(f"Amazon's model {operation.source} is not at hand")
    described = amazon("models", operation.source)["paths"][operation.path][operation.method.lower()]
    assert described["operationId"] == operation.name
    limits = re.search(r"\|\s*([\d.]+)\s*\|\s*([\d.]+)\s*\|", described["description"])
    if operation.name not in OWN_LIMIT:
        assert (operation.rate, operation.burst) == tuple(map(float, limits.groups()))
    success = next(answer for status, answer in described["responses"].items() if status.startswith("2"))
    assert ("schema" in success) is operation.answers


@pytest.fixture(scope="module")
def recorded():
    """A client, and in the end: everything it asked must be as the models say."""
    models = AmazonModels()
    with running_sandbox(quotas=False) as sandbox:
        sandbox.control("recording", on=True)
        account = account_at(sandbox)
        yield SellingPartner(account), sandbox
        asked = sandbox.requests()
        described = {name for name, one in OPERATIONS.items() if has_model(one)}
        assert {entry["operation"] for entry in asked} >= described - {"cancelFeed"}
        assert models.problems(asked) == []


def test_definitions_listings_and_sellers(recorded):
    client, _ = recorded
    sellers.participations(client)
    definitions.search(client, [FR], keywords=["lampe", "table"], locale="fr_FR")
    definitions.search(client, [FR], item_name="Lampe de table")
    answer = definitions.get(client, "LAMP", FR, locale="fr_FR", parentage_level="NONE")
    definitions.download(client, answer.schema)
    attributes = {"item_name": [{"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": FR}]}
    for preview in (True, False):
        listings.put(client, "é/ +%", FR, product_type="LAMP", attributes=attributes, preview=preview)
        patches = build_patches({}, attributes, owned={}, layout=Layout()).operations
        listings.patch(client, "é/ +%", [FR], product_type="LAMP", patches=patches, preview=preview)
    listings.get(client, "é/ +%", [FR], included=["summaries", "relationships", "productTypes"])
    list(listings.search(client, [FR], withIssueSeverity=["ERROR"], sortBy="sku", sortOrder="ASC"))
    listings.delete(client, "é/ +%", FR, issue_locale="fr_FR")


def test_feeds(recorded):
    client, sandbox = recorded
    head = feed_messages.header(client.account.seller_id)
    (document,) = feed_messages.documents(
        [feed_messages.encoded(feed_messages.delete("S1"))], head, refused=print
    )
    place = feeds.create_document(client)
    feeds.upload_document(client, place, document.content)
    feed_id = feeds.create(client, place.document_id, [FR])
    sandbox.advance(3600)
    feeds.search(client, "2020-01-01T00:00:00Z")
    feeds.report(client, feeds.get(client, feed_id).report_id)


def test_feed_documents_follow_amazons_schema():
    schema = Draft7Validator(amazon("feeds", "listings-feed-schema-v2.json"))
    attributes = {"item_name": [{"value": "x"}]}
    messages = [
        feed_messages.update("A", "LAMP", attributes, "LISTING"),
        feed_messages.partial_update("B", "LAMP", attributes),
        feed_messages.patch("C", "LAMP", build_patches({}, attributes, owned={}, layout=Layout()).operations),
        feed_messages.delete("D"),
    ]
    head = feed_messages.header("A1", issue_locale="fr_FR")
    made = list(
        feed_messages.documents(map(feed_messages.encoded, messages), head, refused=print, most_messages=2)
    )
    assert len(made) == 2
    for document in made:
        assert list(schema.iter_errors(json.loads(document.content))) == []


def test_amazons_example_report_is_read():
    text = (shared() / "amazon/feeds/listings-feed-processing-report-schema-v2.example.json").read_bytes()
    report = feed_reports.read_report(text)
    assert (report.feed_id, report.processed, report.accepted, report.invalid) == ("1234567890", 4, 2, 2)
    skus = ("M1", "M2", "M3", "My-SKU-B", "My-SKU-C")
    outcomes = {one.sku: one.outcome for one in feed_reports.outcomes(report, skus)}
    # It was made of a feed of which one message is not counted, so only refusals are certain.
    assert outcomes == {
        "M1": "UNKNOWN",
        "M2": "UNKNOWN",
        "M3": "UNKNOWN",
        "My-SKU-B": "INVALID",
        "My-SKU-C": "INVALID",
    }


CAPTURES = "examples/captures"
OFFER = "PRODUCT_OFFER_ONLY_GB_2024-09__lineofflight-peddler.json"


def test_a_recorded_report_means_accepted():
    content = (
        shared() / "amazon" / CAPTURES / "processing_report__accepted_2024-09-14__lineofflight-peddler.json"
    ).read_bytes()
    (outcome,) = feed_reports.outcomes(feed_reports.read_report(content), ("SKU123",))
    assert outcome.outcome == "ACCEPTED"


def test_a_recorded_listing_holds_what_was_recorded_as_sent():
    sent = amazon(CAPTURES, f"putListingsItem__{OFFER}")["request"]["body"]["attributes"]
    held = amazon(CAPTURES, f"getListingsItem__{OFFER}")["response"]["body"]["attributes"]
    assert matches_put(held, sent)
    changed = json.loads(json.dumps(sent))
    changed["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] = 399.99
    assert not matches_put(held, changed)
    selectors = {
        **{name: ["marketplace_id"] for name in sent},
        "merchant_suggested_asin": ["marketplace_id", "value"],
        "purchasable_offer": ["marketplace_id", "currency", "audience"],
        "fulfillment_availability": ["fulfillment_channel_code"],
    }
    layout = Layout(
        properties={
            name: Layout(
                tuple(selectors[name]),
                single=True,
                properties={key: Layout() for element in elements for key in (*element, *selectors[name])},
            )
            for name, elements in sent.items()
        }
    )
    how = {
        "owned": sent,
        "layout": layout,
        "defaults": {"marketplace_id": "A1F83G8C2ARO7P", "audience": "ALL"},
    }
    assert build_patches(held, sent, **how).operations == []
    (patch,) = build_patches(held, changed, **how).operations
    assert patch["op"] == "merge"
    assert patch["value"] == [
        {
            "marketplace_id": "A1F83G8C2ARO7P",
            "currency": "GBP",
            "audience": "ALL",
            "our_price": [{"schedule": [{"value_with_tax": 399.99}]}],
        }
    ]
    assert not matches_patches(held, [patch])
