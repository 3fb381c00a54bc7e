"""Faults, edits and pictures of the sandbox's PIM, asked over real sockets."""

import time

import pytest
import requests
from pim_client import Pim, rows_of, serving

from spapi_sandbox.catalogue.catalogue import generate
from spapi_sandbox.server import running_sandbox


def test_faults_come_in_order_and_as_often_as_asked(pim):
    pim.fault("rest", "status", status=503, times=2, skip=1)
    assert [pim.rest("Products", top=1).status_code for _ in range(4)] == [200, 503, 503, 200]
    pim.fault("connector", "error", code=14)
    assert [pim.connector(test="1")["error"] for _ in range(2)] == [14, 0]
    pim.fault("rest", "body", body="<html>")
    assert pim.rest("Products").text == "<html>"
    pim.fault("rest", "delay", seconds=7)
    assert pim.rest("Products", top=1).status_code == 200
    assert pim.slept == [7]
    counters = pim.control("GET", "state")["counters"]
    assert (counters["rest.fault.status"], counters["connector.error.14"]) == (2, 1)


def test_a_truncated_answer_is_no_json_and_a_reset_breaks_the_connection(pim):
    pim.fault("rest", "truncate")
    with pytest.raises(requests.JSONDecodeError):
        pim.rest("Products").json()
    pim.fault("connector", "truncate")
    with pytest.raises((requests.RequestException, EOFError)):
        pim.http.get(f"{pim.url}/sales_layer/connector", params=pim.signed(compression="0")).json()
    pim.fault("rest", "reset")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        pim.rest("Products")


def test_a_lost_page_can_be_noticed_by_its_counts(pim):
    pim.fault("rest", "lose_page", skip=1)
    pages = list(pim.rest_pages("Products", top=20))
    assert sum(len(page["value"]) for page in pages) < pages[0]["@count"]
    pim.control("PUT", "connector", {"page_length": 50})
    pim.fault("connector", "lose_page", skip=1)
    assert len(list(pim.connector_pages())) == 2 < pim.connector()["page_count"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "items/products/1", {"values": {}}),
        ("PATCH", "items/products/1001", {"values": {"nothing": 1}}),
        ("POST", "items/orders", {"ref": "x", "values": {}}),
        ("POST", "items/products", {}),
        ("DELETE", "items/variants/1", None),
        ("POST", "faults", {"api": "rest", "kind": "earthquake"}),
        ("POST", "faults", {"kind": "status"}),
        ("POST", "faults", {"api": "rest", "kind": "status", "status": "500"}),
        ("PUT", "connector", {"colour": "red"}),
        ("POST", "clock", {}),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(pim, method, path, body):
    response = pim.http.request(method, f"{pim.url}/sales_layer/_control/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    "path", ["ORG/missing/lost.jpg", "ORG/lamp.gif", "XXL/lamp.jpg", "ORG/..%2fsecret.jpg", "lamp.jpg"]
)
def test_pictures_of_nothing_are_not_found(pim, path):
    assert pim.http.get(f"{pim.url}/images/{path}").status_code == 404


def test_pictures_are_the_same_each_time_and_differ_by_name(pim):
    one, again, other = (pim.http.get(f"{pim.url}/images/ORG/{n}.png").content for n in ("a", "a", "b"))
    assert one == again != other
    assert one[:8] == b"\x89PNG\r\n\x1a\n"
    assert one[16:24] == (1000).to_bytes(4) * 2


def test_a_generated_catalogue_is_served_the_same_way():
    with serving(generate(1_234, 1)) as pim:
        pim.control("PUT", "rate", {"requests": 0, "seconds": 10})
        items = 0
        for page in pim.rest_pages(
            "Products", select="prod_id,prod_stat", expand="Variants", filter="prod_stat eq 'V'"
        ):
            items += sum(max(product["Variants@count"], 1) for product in page["value"])
        assert items == 1_234
        rows = rows_of(pim.connector_pages(pagination="999"))
        assert len(rows["product_formats"]) == len(pim.everything("Variants", select="frmt_id"))


def test_the_whole_sandbox_serves_the_pim_and_breaks_connections_when_told():
    with running_sandbox() as sandbox:
        pim = Pim(sandbox.url, [])
        assert pim.rest("Products", top=1).json()["@count"] == 70
        pim.fault("rest", "reset")
        with pytest.raises(requests.ConnectionError):
            pim.rest("Products")
        assert pim.connector(test="1")["error"] == 0
        sandbox.advance(3600)
        assert pim.connector(at=int(time.time()))["error"] == 13
