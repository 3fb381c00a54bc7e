from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from amazon_listings.confirm.verdict import enforcements, judge_removal
from amazon_listings.errors import ActionRequiredError, ItemError
from amazon_listings.incoming.http_reader import Limits
from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.selling_partner import listings
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.faults.exceptions import (
    AnswerUnclear,
    MalformedAnswer,
    OutcomeUnknown,
    PreviewIgnored,
    WrongAccount,
)
from amazon_product_types.validation import amazon_issues

FR = "A13V1IB3VIYZZH"
TITLE = {"item_name": [{"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": FR}]}
HELD = {"sku": "S1", "attributes": TITLE, "summaries": [], "issues": []}
ISSUE = {
    "code": "90220",
    "message": "'x' is required but not supplied.",
    "severity": "ERROR",
    "categories": ["MISSING_ATTRIBUTE"],
}


def put(client, **more):
    return listings.put(client, "S1", FR, product_type="HOME", attributes=TITLE, **more)


def patch(client):
    patches = [{"op": "replace", "path": "/attributes/item_name", "value": TITLE["item_name"]}]
    return listings.patch(client, "S1", [FR], product_type="HOME", patches=patches)


def query(asked):
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}


def test_a_put_sends_amazons_body_and_reads_its_answer(amazon, client):
    submission = put(client, issue_locale="fr_FR")
    assert (submission.status, submission.submission_id, submission.request_id) == (
        "ACCEPTED",
        "sub-1",
        "req-1",
    )
    asked = amazon.calls[0]
    assert asked.method == "PUT"
    assert asked.json == {"productType": "HOME", "requirements": "LISTING", "attributes": TITLE}
    assert query(asked) == {"marketplaceIds": FR, "includedData": "issues", "issueLocale": "fr_FR"}


def test_a_preview_asks_for_the_asin_too_and_invalid_is_an_answer(amazon, client):
    amazon.say(body={"sku": "S1", "status": "INVALID", "submissionId": "p", "issues": [ISSUE]})
    submission = put(client, preview=True)
    assert submission.status == "INVALID"
    assert submission.issues == [ISSUE]
    assert query(amazon.calls[0]) == {
        "marketplaceIds": FR,
        "includedData": "identifiers,issues",
        "mode": "VALIDATION_PREVIEW",
    }


def test_an_invalid_submission_is_an_answer_not_an_exception(amazon, client):
    amazon.say(body={"sku": "S1", "status": "INVALID", "submissionId": "x", "issues": [ISSUE]})
    assert patch(client).status == "INVALID"


def test_an_endpoint_that_ignores_preview_is_not_asked_again(amazon, client):
    with pytest.raises(PreviewIgnored) as caught:
        put(client, preview=True)
    assert isinstance(caught.value, ActionRequiredError)
    assert len(amazon.calls) == 1


LOST = [
    {"status": 500},
    {"fault": "reset"},
    {"status": 200, "body": b'{"sku": "S1", "sta', "fault": "cut"},
    {"status": 200, "body": b"<html>"},
]
#: Answers that can be read and do not say what became of the write.
UNCLEAR = [
    {"status": 200, "body": {"sku": "S1"}},
    {"status": 200, "body": {"sku": "S1", "status": "MAYBE", "submissionId": "1"}},
    {"status": 200, "body": {"sku": "S1", "status": None, "issues": None}},
]


@pytest.mark.parametrize("write", [put, patch])
@pytest.mark.parametrize("lost", [*LOST, *UNCLEAR])
def test_a_lost_answer_is_read_back_and_not_sent_again_when_it_was_carried_out(amazon, client, lost, write):
    amazon.say(**lost)
    amazon.say(body=HELD)
    submission = write(client)
    assert submission.status == "ACCEPTED"
    assert submission.read_back
    assert [asked.method for asked in amazon.calls] == [write.__name__.upper(), "GET"]


@pytest.mark.parametrize("write", [put, patch])
@pytest.mark.parametrize("lost", LOST)
def test_a_lost_request_is_sent_again_after_reading_back(amazon, client, lost, write):
    amazon.say(**lost)
    amazon.say_error(404, "NOT_FOUND")
    submission = write(client)
    assert (submission.status, submission.read_back) == ("ACCEPTED", False)
    assert [asked.method for asked in amazon.calls] == [write.__name__.upper(), "GET", write.__name__.upper()]


@pytest.mark.parametrize("write", [put, patch])
@pytest.mark.parametrize("unclear", UNCLEAR)
def test_an_answer_that_can_be_read_is_never_sent_again(amazon, client, unclear, write):
    amazon.say(**unclear)
    amazon.say_error(404, "NOT_FOUND")
    with pytest.raises(AnswerUnclear) as caught:
        write(client)
    assert isinstance(caught.value, OutcomeUnknown)
    assert [asked.method for asked in amazon.calls] == [write.__name__.upper(), "GET"]


@pytest.mark.parametrize(
    "beside",
    [{"issues": "none"}, {"issues": None}, {"submissionId": None}, {"issues": [{"severity": "NEW"}, 1]}],
)
def test_what_does_not_decide_is_repaired(amazon, client, beside):
    amazon.say(body={"sku": "S1", "status": "ACCEPTED", **beside})
    submission = put(client)
    assert (submission.status, len(amazon.calls)) == ("ACCEPTED", 1)
    assert all(issue["severity"] == "WARNING" and issue["code"] == "" for issue in submission.issues)


def test_a_timeout_after_the_write_is_read_back(amazon, account, tokens, time):
    client = SellingPartner(account, tokens=tokens, sleep=time.sleep, limits=Limits(connect=2, silence=0.2))
    amazon.say(fault="silence")
    amazon.say(body=HELD)
    assert put(client).read_back


def test_after_three_sendings_the_outcome_stays_unknown(amazon, client):
    stale = {**HELD, "attributes": {"item_name": [{"value": "Old"}]}}
    for _ in range(5):
        amazon.say(500)
        amazon.say(body=stale)
    with pytest.raises(OutcomeUnknown):
        put(client)
    assert [asked.method for asked in amazon.calls] == ["PUT", "GET"] * 3


def test_a_preview_has_nothing_to_read_back(amazon, client):
    amazon.say(500, times=2)
    amazon.say(body={"sku": "S1", "status": "VALID", "submissionId": "p", "issues": []})
    assert put(client, preview=True).status == "VALID"
    assert [asked.method for asked in amazon.calls] == ["PUT"] * 3


def test_an_unreadable_preview_is_never_a_pass(amazon, client):
    amazon.default = {"sku": "S1", "status": "FINE"}
    with pytest.raises(MalformedAnswer, match="FINE"):
        put(client, preview=True)


def test_the_wrong_vendor_code_stops_the_run(amazon, client):
    amazon.say_error(400, "InvalidInput", "Invalid 'sellerId' and 'marketplaceId' combination provided.")
    with pytest.raises(WrongAccount, match="vendor code") as caught:
        put(client)
    assert isinstance(caught.value, ActionRequiredError)


def test_a_refused_request_is_the_items_own_error(amazon, client):
    amazon.say_error(413)
    with pytest.raises(ItemError) as caught:
        put(client)
    assert caught.value.sku == "S1"


def test_get_returns_parts_and_none_for_an_unknown_sku(amazon, client):
    amazon.say(body={**HELD, "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT"}]})
    listing = listings.get(client, "S1", [FR])
    assert listing.attributes == TITLE
    assert listing.fulfillment_availability[0]["fulfillmentChannelCode"] == "DEFAULT"
    assert query(amazon.calls[0])["includedData"] == "summaries,attributes,issues"
    amazon.say_error(404, "NOT_FOUND")
    assert listings.get(client, "S2", [FR]) is None


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"sku": 1},
        {"sku": "S1", "attributes": []},
        {"sku": "S1", "attributes": {"a": {}}},
    ],
)
def test_a_listing_of_another_shape_is_refused(amazon, client, bad):
    amazon.default = bad
    with pytest.raises(MalformedAnswer):
        listings.get(client, "S1", [FR])


@pytest.mark.parametrize("odd", [None, 5, "x", True, [], {}, [1, None, []], {"a": []}])
@pytest.mark.parametrize(
    "name",
    ["severity", "categories", "attributeNames", "marketplaceIds", "enforcements", "actions", "exemption"],
)
def test_an_odd_part_of_an_issue_hides_no_other(amazon, client, name, odd):
    enforced = {"actions": [{"action": "LISTING_SUPPRESSED"}], "exemption": {"status": "EXEMPT"}}
    issue = {"code": "5461", "message": "No.", "severity": "ERROR", "enforcements": enforced}
    changed = {"enforcements": enforced | {name: odd}} if name in enforced else {name: odd}
    body = {"sku": "S1", "issues": [issue | changed, issue], "summaries": [{"asin": odd, "status": odd}]}
    amazon.say(body=body)
    listing = listings.get(client, "S1", [FR])
    assert listing.issues[1] == issue
    assert [found.code for found in amazon_issues(listing.issues, source="listing")] == ["5461", "5461"]
    assert isinstance(enforcements(listing.issues), dict)
    assert judge_removal(listing, "delete", MARKETPLACES["FR"], last=True).state == "not_applied"


def test_delete_may_be_repeated(amazon, client):
    amazon.say(503, times=2)
    assert listings.delete(client, "S1", FR).status == "ACCEPTED"
    assert [asked.method for asked in amazon.calls] == ["DELETE"] * 3


def test_a_deletion_whose_answer_was_lost_is_confirmed_by_the_unknown_sku(amazon, client):
    amazon.say(fault="reset")
    amazon.say_error(404, "NOT_FOUND")
    submission = listings.delete(client, "S1", FR)
    assert (submission.status, submission.read_back) == ("ACCEPTED", True)


def test_search_reads_page_after_page(amazon, client):
    amazon.say(
        body={"numberOfResults": 3, "items": [{"sku": "a"}, {"sku": "b"}], "pagination": {"nextToken": "t=1"}}
    )
    amazon.say(body={"numberOfResults": 3, "items": [{"sku": "c"}]})
    found = listings.search(client, [FR], withIssueSeverity=["ERROR", "WARNING"])
    assert [listing.sku for listing in found] == ["a", "b", "c"]
    assert query(amazon.calls[0])["withIssueSeverity"] == "ERROR,WARNING"
    assert query(amazon.calls[1])["pageToken"] == "t=1"


def created(numbers, *, found, token=None, at=None):
    """A page of listings, each created a minute after the one before, or all `at` the same moment."""
    day = datetime(2026, 1, 1, tzinfo=UTC)
    items = [
        {"sku": f"S{n}", "summaries": [{"createdDate": (at or day + timedelta(minutes=n)).isoformat()}]}
        for n in numbers
    ]
    return {"numberOfResults": found, "items": items, "pagination": {"nextToken": token}}


def test_a_search_goes_on_where_amazons_pages_end_at_a_thousand(amazon, client):
    amazon.say(body=created(range(500), found=1500, token="t"))
    amazon.say(body=created(range(500, 1000), found=1500))
    amazon.say(body=created(range(999, 1500), found=501))
    found = [listing.sku for listing in listings.search(client, [FR], variationParentSku="P")]
    assert found == [f"S{n}" for n in range(1500)]
    asked = [query(one) for one in amazon.calls]
    assert asked[0]["sortBy"] == asked[2]["sortBy"] == "createdDate"
    assert "createdAfter" not in asked[1]
    assert asked[2]["createdAfter"] == "2026-01-01T16:38:59Z"


def test_a_search_that_leads_no_further_is_an_error_and_not_shorter(amazon, client):
    same = datetime(2026, 1, 1, tzinfo=UTC)
    amazon.say(body=created(range(1000), found=1500, at=same), times=2)
    with pytest.raises(MalformedAnswer, match="counts 1,500 results, and its pages end after 1,000"):
        list(listings.search(client, [FR], variationParentSku="P"))


@pytest.mark.parametrize("items", [[], [{"sku": "S1"}]])
def test_pages_that_never_end_are_an_error(amazon, client, items):
    amazon.default = {"numberOfResults": 9, "items": items, "pagination": {"nextToken": "t"}}
    with pytest.raises(MalformedAnswer, match="circle"):
        list(listings.search(client, [FR]))
    assert len(amazon.calls) < 9


@pytest.mark.parametrize(
    "page", [{}, {"items": []}, {"numberOfResults": 1}, {"numberOfResults": 1, "items": [{}]}]
)
def test_a_search_without_its_parts_is_not_an_empty_search(amazon, client, page):
    amazon.default = page
    with pytest.raises(MalformedAnswer):
        list(listings.search(client, [FR]))
