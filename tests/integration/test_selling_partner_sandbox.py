"""The client against the sandbox: real sockets, Amazon's rules played by code that is not ours."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.incoming.http_reader import Limits
from amazon_listings.marketplaces import marketplace
from amazon_listings.messages import catalogue
from amazon_listings.selling_partner import definitions, feed_messages, feed_reports, feeds, listings, sellers
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from amazon_listings.selling_partner.content.leaves import Layout
from amazon_listings.selling_partner.content.patches import build_patches
from amazon_listings.selling_partner.faults.exceptions import (
    AccessDenied,
    CredentialsRejected,
    GrantRevoked,
    LinkExpired,
    SecretExpired,
    Unavailable,
    UnknownProductType,
    WrongAccount,
)
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.sellers import FR, OFFER, SELECTORS

LIMITS = Limits(connect=5, silence=10)

LAYOUT = Layout(
    properties={
        name: Layout(
            SELECTORS[name],
            single=True,
            properties={key: Layout() for element in elements for key in (*element, *SELECTORS[name])},
        )
        for name, elements in OFFER.items()
    }
)


@pytest.fixture(scope="module")
def running():
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


@pytest.fixture
def account(sandbox):
    return account_at(sandbox)


@pytest.fixture
def connect(sandbox):
    """A client whose waits move the sandbox's clock instead of ours."""

    def connected(account, *, limits=LIMITS):
        def sleep(seconds):
            sandbox.advance(seconds)

        return SellingPartner(
            account, quotas=Quotas(sleep=sleep), tokens=Tokens(sleep=sleep), sleep=sleep, limits=limits
        )

    return connected


@pytest.fixture
def client(connect, account):
    return connect(account)


def put(client, sku="S1", **more):
    return listings.put(
        client,
        sku,
        FR.id,
        product_type="PRODUCT",
        requirements="LISTING_OFFER_ONLY",
        attributes=OFFER,
        **more,
    )


def put_or_patch(client, sku, name):
    if name == "putListingsItem":
        return put(client, sku)
    patches = [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}],
        }
    ]
    return listings.patch(client, sku, [FR.id], product_type="PRODUCT", patches=patches)


@pytest.mark.parametrize("sku", ["S1", "a/b c", "50%+ß#?&=;", "..a", "漢字🙂", " x ", "%2F"])
def test_a_listing_lives_under_any_sku(client, sku):
    assert listings.get(client, sku, [FR.id]) is None
    assert put(client, sku, preview=True).status == "VALID"
    assert listings.get(client, sku, [FR.id]) is None
    assert put(client, sku).status == "ACCEPTED"
    held = listings.get(client, sku, [FR.id])
    assert held.sku == sku
    assert held.attributes["item_weight"] == OFFER["item_weight"]
    if sku == sku.strip():  # Amazon separates identifiers by commas and spaces
        found = listings.search(client, [FR.id], identifiers=[sku], identifiersType="SKU")
        assert [one.sku for one in found] == [sku]
    assert listings.delete(client, sku, FR.id).status == "ACCEPTED"
    assert listings.get(client, sku, [FR.id]) is None


def test_a_patch_changes_what_changed_and_leaves_what_others_set(client):
    put(client)
    promotion = [
        {
            **OFFER["purchasable_offer"][0],
            "discounted_price": [
                {"schedule": [{"value_with_tax": 12.0, "start_at": "2026-12-01", "end_at": "2026-12-10"}]}
            ],
        }
    ]
    listings.patch(
        client,
        "S1",
        [FR.id],
        product_type="PRODUCT",
        patches=[{"op": "replace", "path": "/attributes/purchasable_offer", "value": promotion}],
    )
    wanted = json.loads(json.dumps(OFFER))
    wanted["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] = 14.5
    patches = build_patches(
        OFFER,
        wanted,
        owned=OFFER,
        layout=LAYOUT,
    ).operations
    assert [patch["op"] for patch in patches] == ["merge"]
    assert listings.patch(client, "S1", [FR.id], product_type="PRODUCT", patches=patches).status == "ACCEPTED"
    offer = listings.get(client, "S1", [FR.id]).attributes["purchasable_offer"][0]
    assert offer["our_price"][0]["schedule"][0]["value_with_tax"] == 14.5
    assert offer["discounted_price"] == promotion[0]["discounted_price"]


def test_what_amazon_returns_is_no_difference_to_what_was_sent(client):
    put(client)
    held = listings.get(client, "S1", [FR.id]).attributes
    patches = build_patches(
        held,
        OFFER,
        owned=OFFER,
        layout=LAYOUT,
        defaults={"marketplace_id": FR.id, "audience": "ALL"},
    )
    assert patches.operations == []


WRITES = ["putListingsItem", "patchListingsItem"]


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("kind", ["timeout_after_write", "truncate", "invalid_json"])
def test_a_write_whose_answer_was_lost_is_not_repeated(sandbox, client, operation, kind):
    put(client)
    before = count(sandbox, operation)
    sandbox.fault(operation, kind)
    submission = put_or_patch(client, "S1", operation)
    assert submission.status == "ACCEPTED"
    assert submission.read_back
    assert count(sandbox, operation) == before + 1


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "fault", [{"kind": "reset"}, {"kind": "status", "status": 500}, {"kind": "status", "status": 503}]
)
def test_a_write_that_was_lost_is_repeated(sandbox, client, operation, fault):
    put(client, "S0")
    sandbox.fault(operation, **fault)
    submission = put_or_patch(client, "S0" if operation.startswith("patch") else "S1", operation)
    assert submission.status == "ACCEPTED"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset"},
        {"kind": "truncate"},
        {"kind": "invalid_json"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "times": 6},
    ],
)
def test_reading_and_previews_outlive_faults(sandbox, client, fault):
    put(client)
    for operation in ("getListingsItem", "putListingsItem", "getDefinitionsProductType"):
        sandbox.fault(operation, **{"times": 2, **fault})
    assert listings.get(client, "S1", [FR.id]).sku == "S1"
    assert put(client, preview=True).status == "VALID"
    assert definitions.get(client, "LAMP", FR.id, locale="fr_FR").locale == "fr_FR"


def test_many_writes_meet_no_429(sandbox, connect, account):
    client = connect(account)
    for number in range(40):
        assert put(client, f"S{number}").status == "ACCEPTED"
    assert sandbox.counters()["throttled"] == 0


def test_an_expired_or_revoked_token_is_renewed_once(sandbox, client):
    put(client)
    sandbox.control("tokens", forget=True)
    assert listings.get(client, "S1", [FR.id]).sku == "S1"
    sandbox.advance(4000)
    assert listings.get(client, "S1", [FR.id]).sku == "S1"


def test_a_rotated_secret_works_on_for_its_days_and_then_needs_a_person(sandbox, connect, account):
    client = connect(account)
    put(client)
    sandbox.control("secret", rotate="amzn1.oa2-cs.v1.rotated", old_valid_seconds=3600 * 24)
    sandbox.advance(4000)
    assert listings.get(client, "S1", [FR.id]).sku == "S1"
    sandbox.advance(3600 * 24)
    with pytest.raises((CredentialsRejected, SecretExpired)):
        listings.get(client, "S1", [FR.id])
    rotated = connect(replace(account, client_secret="amzn1.oa2-cs.v1.rotated"))
    assert listings.get(rotated, "S1", [FR.id]).sku == "S1"


def test_an_expired_secret_says_so(sandbox, client):
    put(client)
    sandbox.control("secret", expire=True)
    with pytest.raises((CredentialsRejected, SecretExpired), match="180 days"):
        put(client)


def test_a_revoked_grant_says_so(sandbox, client):
    put(client)
    sandbox.control("revoke")
    sandbox.control("tokens", forget=True)
    with pytest.raises((GrantRevoked, AccessDenied), match="must"):
        put(client)


WRONG = {
    "secret": ({"client_secret": "amzn1.oa2-cs.v1.wrong"}, CredentialsRejected, "client id and secret"),
    "client": (
        {"client_id": "amzn1.application-oa2-client.wrong"},
        CredentialsRejected,
        "client id and secret",
    ),
    "grant": ({"refresh_token": "Atzr|wrong"}, GrantRevoked, "authorise the application again"),
    "foreign": ({"refresh_token": "Atzr|sandbox-foreign"}, CredentialsRejected, "another application"),
    "seller": ({"seller_id": "A1NOBODY"}, WrongAccount, "A1NOBODY"),
    "vendor": ({"seller_id": "NOONE", "vendor": True}, WrongAccount, "vendor code 'NOONE'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_credentials_end_in_one_sentence_and_change_nothing(sandbox, connect, account, case):
    change, kind, words = WRONG[case]
    client = connect(replace(account, **change))
    for attempt in (lambda: put(client), lambda: sellers.check_account(client, FR)):
        with pytest.raises(kind) as caught:
            attempt()
        assert isinstance(caught.value, ActionRequiredError)
        assert words in str(caught.value)
        assert "must" in caught.value.hint
        assert "\n" not in str(caught.value)
        for secret in client.account.secrets:
            assert secret not in str(caught.value)
    assert not list(listings.search(connect(account), [FR.id]))


def test_a_right_connection_is_confirmed_for_sellers_and_vendors(sandbox, connect, account):
    assert "may list on amazon.fr" in catalogue("en").word(sellers.check_account(connect(account), FR)[0])
    vendor = replace(account, seller_id=sandbox.vendor_code, vendor=True)
    assert "may list on amazon.fr" in catalogue("en").word(sellers.check_account(connect(vendor), FR)[0])
    with pytest.raises(WrongAccount):
        sellers.check_account(connect(vendor), marketplace("PL"))


def test_an_unknown_product_type_and_a_wrong_locale_say_so(client):
    with pytest.raises(UnknownProductType, match="product type 'LAMPE'"):
        definitions.get(client, "LAMPE", FR.id)
    with pytest.raises(ActionRequiredError, match="locale"):
        definitions.get(client, "LAMP", FR.id, locale="fr_XX")


def test_a_definition_is_loaded_whole_and_its_link_expires(sandbox, client):
    answer = definitions.get(client, "LAMP", FR.id, locale="fr_FR")
    document = definitions.download(client, answer.schema)
    assert json.loads(document)["properties"]
    assert definitions.checksum(document) == answer.schema.checksum
    sandbox.advance(7 * 86400 + 1)
    with pytest.raises(LinkExpired):
        definitions.download(client, answer.schema)


def test_a_feed_goes_through_and_its_report_is_read(sandbox, client):
    messages = [
        feed_messages.update("F1", "PRODUCT", OFFER, "LISTING_OFFER_ONLY"),
        feed_messages.update(
            "F2", "PRODUCT", {"condition_type": OFFER["condition_type"]}, "LISTING_OFFER_ONLY"
        ),
    ]
    head = feed_messages.header(client.account.seller_id, issue_locale="fr_FR")
    (document,) = feed_messages.documents(map(feed_messages.encoded, messages), head, refused=print)
    place = feeds.create_document(client)
    feeds.upload_document(client, place, document.content)
    feed_id = feeds.create(client, place.document_id, [FR.id])
    feed = feeds.get(client, feed_id)
    for _ in range(10):
        if feed.finished:
            break
        sandbox.advance(600)
        feed = feeds.get(client, feed_id)
    assert feed.state == "DONE"
    report = feed_reports.read_report(feeds.report(client, feed.report_id))
    outcomes = {one.sku: one for one in feed_reports.outcomes(report, document.skus)}
    assert (outcomes["F1"].outcome, outcomes["F2"].outcome) == ("ACCEPTED", "INVALID")
    assert outcomes["F2"].issues
    assert listings.get(client, "F1", [FR.id]) is not None
    assert listings.get(client, "F2", [FR.id]) is None
    assert feed_id in [one.feed_id for one in feeds.search(client, "2020-01-01T00:00:00Z")]


def test_an_upload_after_five_minutes_asks_for_a_new_place(sandbox, client):
    place = feeds.create_document(client)
    sandbox.advance(301)
    with pytest.raises(LinkExpired):
        feeds.upload_document(client, place, b"{}")


def test_amazon_down_gives_the_task_back(sandbox, client):
    sandbox.fault("getListingsItem", "status", status=503, times=50)
    with pytest.raises(Unavailable) as caught:
        listings.get(client, "S1", [FR.id])
    assert isinstance(caught.value, RetryableError)


def count(sandbox, operation):
    return sandbox.counters()["operations"].get(operation, {"requests": 0})["requests"]
