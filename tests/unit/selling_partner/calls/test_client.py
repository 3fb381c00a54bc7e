from __future__ import annotations

import json
import logging
import re
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

import pytest

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.incoming.http_reader import Limits
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.pipeline import submit_all
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from amazon_listings.selling_partner.faults.exceptions import (
    AccessDenied,
    CredentialsRejected,
    GatewayRefused,
    ListingRefused,
    MalformedAnswer,
    OutcomeUnknown,
    RequestRefused,
    SecretExpired,
    Throttled,
    Unavailable,
)

PATH = {"sellerId": "A1SELLER", "sku": "S1"}


def read(client):
    return client.call("getListingsItem", path=PATH)


def write(client):
    return client.call("putListingsItem", path=PATH, body={"productType": "X", "attributes": {}})


def test_headers_are_as_amazon_asks(amazon, client):
    answer = write(client)
    assert answer.request_id == "req-1"
    headers = amazon.calls[0].headers
    assert headers["x-amz-access-token"] == "Atza|1"
    assert re.fullmatch(r"\d{8}T\d{6}Z", headers["x-amz-date"])
    assert headers["user-agent"].startswith("AmazonListingsForAirflow/")
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/json"
    assert "authorization" not in headers


def test_lists_are_comma_separated_and_none_is_left_out(amazon, client):
    client.call(
        "searchListingsItems",
        path={"sellerId": "A1SELLER"},
        query={
            "marketplaceIds": ["A", "B"],
            "pageSize": 20,
            "pageToken": None,
            "identifiers": ["a b", "c+d&e"],
        },
    )
    assert amazon.calls[0].path.endswith("?marketplaceIds=A,B&pageSize=20&identifiers=a%20b,c%2Bd%26e")


def test_json_types_of_the_body_stay(amazon, client):
    body = {"a": ["0123", "1e5", "Infinity", "true", True, 1, 1.5, None, "é"]}
    client.call("putListingsItem", path=PATH, body=body)
    assert amazon.calls[0].json == body
    with pytest.raises(ValueError, match="JSON"):
        client.call("putListingsItem", path=PATH, body={"a": float("nan")})


BLIPS = [
    {"status": 500},
    {"status": 503},
    {"status": 504, "body": b"<html>gateway</html>"},
    {"fault": "reset"},
    {"status": 200, "body": b'{"sku": "S1"', "fault": "cut"},
    {"status": 200, "body": b"not json"},
    {"status": 200, "body": b"[]"},
]


@pytest.mark.parametrize("blip", BLIPS)
def test_reading_outlives_blips(amazon, client, time, blip):
    amazon.say(times=3, **blip)
    assert read(client).status == 200
    assert len(amazon.calls) == 4
    assert len([wait for wait in time.slept if wait >= 1]) == 3


@pytest.mark.parametrize("blip", BLIPS)
def test_reading_gives_up_after_four_tries_with_a_named_error(amazon, client, blip):
    amazon.say(times=9, **blip)
    with pytest.raises((Unavailable, MalformedAnswer)) as caught:
        read(client)
    assert isinstance(caught.value, RetryableError)
    assert caught.value.retry_after == 60
    assert "getListingsItem" in str(caught.value)
    assert len(amazon.calls) == 4


@pytest.mark.parametrize("blip", BLIPS)
def test_a_write_is_not_repeated_when_its_outcome_is_unknown(amazon, client, blip):
    amazon.say(times=9, **blip)
    with pytest.raises(OutcomeUnknown, match="S1"):
        write(client)
    assert len(amazon.calls) == 1


def test_a_write_without_an_answer_in_time_has_an_unknown_outcome(amazon, account, tokens, time):
    impatient = SellingPartner(
        account, tokens=tokens, sleep=time.sleep, limits=Limits(connect=2, silence=0.05)
    )
    amazon.say(fault="silence")
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        write(impatient)


def test_a_write_that_was_never_sent_is_tried_again(account, tokens, time):
    tokens.get(account)
    nowhere = SellingPartner(replace(account, endpoint="http://127.0.0.1:9"), tokens=tokens, sleep=time.sleep)
    with pytest.raises(Unavailable, match="could not connect"):
        write(nowhere)
    assert len(time.slept) == 3


def test_a_429_waits_and_uses_up_no_try(amazon, client, time):
    amazon.say_error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.", times=6)
    amazon.say(500, times=3)
    before = time.now
    assert read(client).status == 200
    assert len(amazon.calls) == 10
    assert time.now - before > 6  # 0.2 + 0.4 + 0.8 + … and the waits of the 500s


def test_429s_without_end_give_the_task_back(amazon, client, time):
    amazon.say_error(429, "QuotaExceeded", times=500)
    with pytest.raises(Throttled) as caught:
        read(client)
    assert caught.value.retry_after
    assert time.now > 1000 + 900


def test_retry_after_is_obeyed(amazon, client, time):
    amazon.say_error(429, "QuotaExceeded", headers={"Retry-After": "33"})
    before = time.now
    read(client)
    assert time.now - before >= 32


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_renewed_once(amazon, client, status):
    read(client)
    amazon.say_error(
        status, "Unauthorized", details="The access token you provided is revoked, malformed or invalid."
    )
    assert read(client).status == 200
    assert amazon.calls[-1].headers["x-amz-access-token"] == "Atza|2"
    amazon.say_error(status, "Unauthorized", times=9)
    with pytest.raises(AccessDenied, match="Product Listing") as caught:
        read(client)
    assert isinstance(caught.value, ActionRequiredError)
    assert amazon.tokens_asked == 3


def test_a_missing_role_costs_one_new_token(amazon, client):
    amazon.say_error(403, "Unauthorized", times=9)
    with pytest.raises(AccessDenied):
        read(client)
    assert (amazon.tokens_asked, len(amazon.calls)) == (2, 2)


def test_without_a_token_amazon_is_not_asked(amazon, client):
    amazon.say_token(503, times=99)
    with pytest.raises(Unavailable, match="Login with Amazon"):
        read(client)
    assert (amazon.tokens_asked, len(amazon.calls)) == (4, 0)


def test_an_expired_secret_needs_no_second_try(amazon, client):
    amazon.say_error(403, "Unauthorized", details="The LWA secret token you provided has expired.", times=9)
    with pytest.raises(SecretExpired, match="rotate the client secret"):
        read(client)
    assert len(amazon.calls) == 1


@pytest.mark.parametrize("place", ["token", "operation"])
def test_calls_under_way_end_with_the_first_refusal_of_the_secret(amazon, account, time, place):
    """Those that wait for their turn are not sent; a call that begins later asks again."""
    tokens = Tokens(sleep=time.sleep, clock=time)
    turns = threading.Semaphore(0)

    class OneByOne(Quotas):
        def acquire(self, buckets):
            turns.acquire()

    client = SellingPartner(account, quotas=OneByOne(), tokens=tokens, sleep=time.sleep)
    if place == "token":
        amazon.say_token(401, {"error": "invalid_client"})
    else:
        amazon.say_error(403, "Unauthorized", details="The LWA secret token you provided has expired.")
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(read, client) for _ in range(8)]
        turns.release()
        wait(calls, return_when=FIRST_COMPLETED)
        turns.release(7)
        errors = {type(call.exception()) for call in calls}
    assert errors == {CredentialsRejected if place == "token" else SecretExpired}
    assert (amazon.tokens_asked, len(amazon.calls)) == ((1, 0) if place == "token" else (1, 1))
    time.now += 1
    turns.release()
    assert read(client).status == 200


def test_a_redirect_is_not_followed(amazon, client):
    amazon.say(302, {}, headers={"Location": f"{amazon.url}/elsewhere"})
    with pytest.raises(RequestRefused, match="302"):
        read(client)
    assert len(amazon.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"errors": 1}',
        b'{"errors": []}',
        b'{"errors": [1]}',
        b'{"errors": [{"code": 5, "message": {}}]}',
    ],
)
def test_error_bodies_of_any_shape_are_survived(amazon, client, body):
    amazon.say(400, body)
    with pytest.raises(Exception, match="400") as caught:
        read(client)
    assert caught.value.sku == "S1"


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html><head><title>Web Filter &amp; Violation</title></head>", "Web Filter & Violation"),
        (b"Access denied by policy 17", "Access denied by policy 17"),
        (b'{"blocked": true}', '{"blocked": true}'),
    ],
)
def test_what_a_firewall_says_is_not_told_as_a_missing_role(amazon, client, status, body, told):
    amazon.say(status, body)
    with pytest.raises(GatewayRefused, match=re.escape(told)) as caught:
        read(client)
    assert "role" not in str(caught.value)
    assert len(amazon.calls) == 1


def test_every_error_of_a_refusal_is_kept(amazon, client):
    errors = [{"code": "InvalidInput", "message": "First."}, {"code": "Quota", "message": "Second."}]
    for body in ({"errors": errors}, errors):
        amazon.say(400, json.dumps(body).encode())
        with pytest.raises(ListingRefused, match=r"InvalidInput First\.; Quota: Second\."):
            read(client)
    amazon.say(400, b'{"message": "Only a sentence."}')
    with pytest.raises(ListingRefused, match=r"Only a sentence\."):
        read(client)


def test_an_answer_is_read_as_far_as_it_can_be(amazon, client):
    amazon.say(body=b'{"a": NaN, "b": "x\\ud83d", "c": "\xff", "d": ' + b"[" * 500 + b"]" * 500 + b"}")
    body = read(client).body
    assert (body["a"], body["b"], body["c"]) == (None, "x\ufffd", "\ufffd")
    json.dumps(body).encode()


def test_nothing_secret_is_shown_or_logged(amazon, client, caplog):
    caplog.set_level(logging.DEBUG)
    said = "Atza|1 Atzr|refreshsecret amzn1.oa2-cs.v1.verysecret https://x/y?X-Amz-Signature=sig"
    amazon.say_error(400, "InvalidInput", said)
    with pytest.raises(Exception, match="400") as caught:
        read(client)
    shown = f"{caught.value!r} {caught.value} {client!r} {caplog.text}"
    for secret in ("Atza|", "refreshsecret", "verysecret", "sig "):
        assert secret not in shown


def test_threads_share_a_client(amazon, client):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: read(client), range(60)))
    assert len(answers) == len(amazon.calls) == 60
    assert amazon.tokens_asked == 1


def test_amazons_stated_rate_reaches_the_store(amazon, account, tokens, time):
    class Store:
        def __init__(self):
            self.stated = []

        def lease(self, bucket, *, rate, burst, tokens):
            from amazon_listings.selling_partner.calls.buckets import Lease

            return Lease(tokens, 0.0)

        def restate(self, bucket, rate):
            self.stated.append((bucket, rate))

        def penalise(self, bucket, wait):
            raise AssertionError

    store = Store()
    client = SellingPartner(account, quotas=Quotas(store, sleep=time.sleep, clock=time), tokens=tokens)
    for stated in ("10.0", "10.0", "", "abc", "-1", "nan", "inf", "0", "2.5"):
        amazon.say(headers={"x-amzn-RateLimit-Limit": stated})
        read(client)
    bucket = "amzn1.application-oa2-client.test|A1SELLER|EU|getListingsItem"
    assert store.stated == [(bucket, 9.9), (bucket, 2.475)]


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("You exceeded your quota for the requested resource.", "|A1SELLER|EU|putListingsItem"),
        ("… greater than what is allowed for the application", "|*|EU|putListingsItem"),
        ("… greater than what is allowed for relationships", "|*|EU|putListingsItem relationships"),
    ],
)
def test_a_429_lowers_the_bucket_that_it_names(amazon, account, tokens, time, text, bucket):
    quotas = Quotas(sleep=time.sleep, clock=time)
    lowered = []
    quotas.store.penalise = lambda name, wait: lowered.append(name)
    client = SellingPartner(account, quotas=quotas, tokens=tokens, sleep=time.sleep)
    amazon.say_error(429, "QuotaExceeded", text)
    client.call("putListingsItem", path=PATH, body={}, kinds=["relationships", "product data"])
    assert lowered == [f"{account.client_id}{bucket}"]


def test_a_429_of_a_preview_lowers_the_preview_bucket(amazon, account, tokens, time):
    quotas = Quotas(sleep=time.sleep, clock=time)
    lowered = []
    quotas.store.penalise = lambda name, wait: lowered.append(name)
    client = SellingPartner(account, quotas=quotas, tokens=tokens, sleep=time.sleep)
    amazon.say_error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
    client.call("putListingsItem", path=PATH, body={}, kinds=["preview"])
    assert lowered == [f"{account.client_id}|A1SELLER|EU|preview"]


def test_pipelines_one_after_the_other_use_the_same_connections(amazon, client):
    for _ in range(3):
        done = list(submit_all(range(6), lambda _: read(client), in_flight=lambda: 2))
        assert [one.error for one in done] == [None] * 6
    assert len(amazon.connections) <= 2 + 1  # a token comes by a connection of its own


def test_connections_that_were_not_used_for_a_while_are_not_used_again(amazon, client, monkeypatch):
    read(client)
    monkeypatch.setattr("amazon_listings.selling_partner.calls.client.MOST_IDLE", -1.0)
    read(client)
    assert len(amazon.connections) == 2 + 1
