"""Pace, retries, safe links and secrets, over a socket."""

from __future__ import annotations

import logging
import socket
import traceback

import pytest

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.incoming.decoding import decode_as_sent
from amazon_listings.messages import catalogue
from amazon_listings.sources.errors import (
    CredentialsRefused,
    IncompleteConnection,
    NotThere,
    PimBusy,
    PimUnavailable,
    UnexpectedAnswer,
)
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.check import check_connection
from amazon_listings.sources.sales_layer.clock import Clock, Pace
from amazon_listings.sources.sales_layer.connection import PimConnection
from amazon_listings.sources.sales_layer.transport import TRIES, Transport
from amazon_listings.sources.selection import Selection


@pytest.fixture
def transport(rest, time):
    return Transport(rest.connection, time.clock)


def get(transport):
    return transport.get(lambda: transport.connection.url + "/x").body


@pytest.mark.parametrize(
    "fault",
    [
        (500, {}, b"oops"), (502, {}, b""), (429, {}, b""), (408, {}, b""), "reset",
        (200, {}, b'{"value": ['), (200, {}, b"<html>"), (200, {}, b"[]"),
        (200, {"Content-Length": "100"}, b'{"value": []}'),
        (200, {"Content-Encoding": "gzip"}, b'\x1f\x8b{"value": []}'),
    ],
)  # fmt: skip
def test_passing_faults_are_tried_again(server, transport, time, fault):
    server.answer = lambda *_: {"value": []}
    server.faults.extend([fault, fault])
    assert get(transport) == {"value": []}
    assert len(time.slept) == 2
    assert all(0 < wait <= 60 for wait in time.slept)


@pytest.mark.parametrize(("status", "error"), [(500, PimUnavailable), (503, PimBusy), (429, PimBusy)])
def test_faults_that_stay_end_after_a_few_tries(server, transport, status, error):
    server.answer = lambda *_: (status, {"Retry-After": "7"}, b"")
    with pytest.raises(error) as caught:
        get(transport)
    assert isinstance(caught.value, RetryableError)
    assert caught.value.retry_after == 7
    assert len(server.asked) == TRIES


def test_what_the_pim_asks_us_to_wait_is_waited(server, transport, time):
    server.answer = lambda *_: {}
    server.faults.extend([(429, {"Retry-After": "7"}, b""), (429, {"Retry-After": "99999"}, b""),
                          (429, {"Retry-After": "soon"}, b"")])  # fmt: skip
    get(transport)
    assert time.slept[:2] == [7, 60]
    assert len(time.slept) == 3


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(401, CredentialsRefused, "API key"), (403, CredentialsRefused, "API key"), (404, NotThere, "Base URL"),
     (400, UnexpectedAnswer, "HTTP 400")],
)  # fmt: skip
def test_what_a_person_must_mend_is_asked_once(server, transport, status, error, words):
    server.answer = lambda *_: (status, {}, b"no rest-test-key here")
    with pytest.raises(error) as caught:
        get(transport)
    assert isinstance(caught.value, ActionRequiredError)
    assert words in str(caught.value)
    assert "rest-test-key" not in str(caught.value)
    assert len(server.asked) == 1


def test_redirects_without_end_end(server, transport):
    server.answer = lambda *_: (302, {"Location": "/again"}, b"")
    with pytest.raises(UnexpectedAnswer, match="without end"):
        get(transport)


def test_an_unreachable_pim_says_so(time):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    connection = PimConnection(base_url=url, api_key="rest-test-key")
    with pytest.raises(PimUnavailable, match=r"127\.0\.0\.1.*could not connect"):
        check_connection(connection, clock=time.clock)


def test_no_more_than_fifty_requests_in_ten_seconds(time):
    sent = []
    pace = Pace(time.clock)
    for n in range(230):
        pace.wait()
        sent.append(time.at)
        time.at += 0.05 if n % 3 else 0
    assert all(later - earlier > 9.999 for earlier, later in zip(sent, sent[50:], strict=False))
    assert sent[-1] < 50  # and no slower than that


def test_the_pace_holds_for_a_reading(rest, time):
    rest.page = 1
    rest.products = [
        {"prod_id": n, "prod_ref": str(n), "prod_stat": "V", "prod_modify": "2026-01-01"} for n in range(120)
    ]
    assert len(list(read_items(SalesLayerAccount(rest.connection, clock=time.clock), Selection()))) == 120
    assert sum(time.slept) >= 20


@pytest.mark.parametrize("api", ["rest", "connector"])
@pytest.mark.parametrize(
    "fault", [(500, {}, b""), "reset", (403, {}, b""), (400, {}, b"key256=feed code=CNTEST")]
)
def test_no_secret_in_logs_reprs_or_tracebacks(request, time, caplog, api, fault):
    caplog.set_level(logging.DEBUG)
    pim = request.getfixturevalue(api)
    connection, server = pim.connection, pim.server
    server.answer = lambda *_: fault
    with pytest.raises((RetryableError, ActionRequiredError)) as caught:
        list(read_items(SalesLayerAccount(connection, clock=time.clock), Selection()))
    error, shown = caught.value, ""
    while error is not None:  # even what a traceback would hide
        shown += "".join(traceback.format_exception(error, chain=False))
        error = error.__cause__ or error.__context__
    shown += caplog.text + repr(connection)
    signatures = [query["key256"] for _, query, _ in server.asked if "key256" in query]
    for secret in ("rest-test-key", "connector-test-secret", "feed", *signatures):
        assert secret not in shown
    assert "127.0.0.1" in caplog.text  # the log was on


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (PimConnection(), "API key"),
        (PimConnection(api="connector", code="x"), "secret"),
        (PimConnection(api="connector", secret="x"), "Connector code"),
        (PimConnection(api_key="line\nbreak"), "without line breaks"),
        (PimConnection(api_key="x", base_url="ftp://host"), "Base URL"),
        (PimConnection(api_key="x", base_url="host.example"), "Base URL"),
        (PimConnection(api="soap", api_key="x"), "rest or connector"),
    ],
)
def test_an_incomplete_connection_names_its_field(connection, words):
    with pytest.raises(IncompleteConnection, match=words) as caught:
        check_connection(connection)
    for language in ("de", "es", "fr", "it"):
        assert "the field" not in caught.value.worded(catalogue(language))


def test_json_keeps_its_types():
    assert decode_as_sent(b'\xef\xbb\xbf{"a": "0123", "b": 1, "c": 1.5, "d": true, "e": "1e5"}') == {
        "a": "0123", "b": 1, "c": 1.5, "d": True, "e": "1e5"}  # fmt: skip


def test_the_real_clock_is_the_default():
    assert Clock().now() > 1_700_000_000
