from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.selling_partner.faults.exceptions import (
    CredentialsRejected,
    GrantRevoked,
    RequestRefused,
    Unavailable,
)


def test_the_request_is_the_one_of_the_documentation(amazon, account, tokens):
    assert tokens.get(account) == "Atza|1"
    asked = amazon.asked[0]
    assert asked.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|refreshsecret"],
        "client_id": ["amzn1.application-oa2-client.test"],
        "client_secret": ["amzn1.oa2-cs.v1.verysecret"],
    }


def test_one_token_serves_its_hour_and_is_renewed_ahead(amazon, account, tokens, time):
    assert tokens.get(account) == tokens.get(account) == "Atza|1"
    time.now += 3600 - 121
    assert tokens.get(account) == "Atza|1"
    time.now += 2  # 119 s before the end
    assert tokens.get(account) == "Atza|2"
    assert amazon.tokens_asked == 2


def test_many_threads_ask_once(amazon, account, tokens):
    together = threading.Barrier(16)

    def ask(_):
        together.wait()
        return tokens.get(account)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(16))) == {"Atza|1"}
    assert amazon.tokens_asked == 1


def test_a_refused_secret_is_asked_about_once_by_all_calls_under_way(amazon, account, tokens, time):
    amazon.say_token(401, {"error": "invalid_client"}, times=1)
    together = threading.Barrier(16)

    def ask(_):
        began = tokens.now()
        together.wait()
        with pytest.raises(CredentialsRejected):
            tokens.get(account, since=began)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))
    assert amazon.tokens_asked == 1
    time.now += 1
    assert tokens.get(account) == "Atza|2"


def test_grants_and_rotated_secrets_have_their_own_tokens(amazon, account, tokens):
    tokens.get(account)
    assert tokens.get(replace(account, refresh_token="Atzr|other")) == "Atza|2"
    assert tokens.get(replace(account, client_secret="amzn1.oa2-cs.v1.new")) == "Atza|3"
    assert tokens.get(account) == "Atza|1"


def test_a_refused_token_is_replaced_once_for_all_who_had_it(amazon, account, tokens):
    old = tokens.get(account)
    assert tokens.get(account, refused=old) == "Atza|2"
    assert tokens.get(account, refused=old) == "Atza|2"
    assert amazon.tokens_asked == 2


def test_a_refused_token_is_not_given_again_after_no_other_was(amazon, account, tokens, time):
    old = tokens.get(account)
    amazon.say_token(400, {"error": "invalid_grant"}, times=1)
    with pytest.raises(GrantRevoked):
        tokens.get(account, refused=old)
    time.now += 1
    assert tokens.get(account) != old


@pytest.mark.parametrize(
    ("status", "error", "kind", "words"),
    [
        (401, "invalid_client", CredentialsRejected, "client id and secret"),
        (400, "unauthorized_client", CredentialsRejected, "another application"),
        (400, "invalid_grant", GrantRevoked, "authorise the application again"),
        (400, "access_denied", GrantRevoked, "authorise the application again"),
        (400, "invalid_scope", RequestRefused, "token address"),
    ],
)
def test_a_refusal_says_who_must_act_and_is_not_repeated(amazon, account, tokens, status, error, kind, words):
    amazon.say_token(status, {"error": error, "error_description": "bad Atzr|refreshsecret"}, times=9)
    with pytest.raises(kind) as caught:
        tokens.get(account)
    assert isinstance(caught.value, ActionRequiredError)
    assert words in str(caught.value)
    assert "must" in caught.value.hint
    assert error in str(caught.value)
    assert "refreshsecret" not in str(caught.value)
    assert caught.value.request_id == "req-1"
    assert amazon.tokens_asked == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503, "body": b"<html>busy</html>"},
        {"status": 400, "body": {"error": "temporarily_unavailable"}},
        {"status": 200, "body": b'{"access_token": "Atza|'},
        {"status": 200, "body": {"access_token": "Atza|x\ny", "expires_in": 3600}},
        {"status": 200, "body": {"access_token": "Atza|x"}},
        {"status": 200, "body": {"access_token": "Atza|x", "expires_in": True}},
        {"status": 200, "body": {"access_token": "Atza|x", "expires_in": 3600}, "fault": "cut"},
        {"fault": "reset"},
    ],
)
def test_blips_are_tried_again_a_few_times(amazon, account, tokens, time, fault):
    amazon.say_token(times=2, **fault)
    assert tokens.get(account) == "Atza|3"
    assert len(time.slept) == 2
    amazon.say_token(times=9, **fault)
    time.now += 3600
    with pytest.raises(Unavailable) as caught:
        tokens.get(account)
    assert isinstance(caught.value, RetryableError)
    assert caught.value.retry_after
    assert amazon.tokens_asked == 3 + 4


def test_nobody_listening_is_a_blip(account, tokens):
    with pytest.raises(Unavailable, match="no readable answer"):
        tokens.get(replace(account, token_url="http://127.0.0.1:9/auth/o2/token"))
