import pytest
import requests
from amazon_client import lamp

GET = "getListingsItem"


def test_status_faults_strike_so_many_times_after_so_many(frozen, amazon):
    frozen.fault(GET, "status", status=503, times=2, skip=1)
    assert [amazon.item("GET", "S1").status_code for _ in range(4)] == [404, 503, 503, 404]


def test_a_fault_may_bring_its_own_body_and_headers(frozen, amazon):
    frozen.fault(
        "*", "status", status=502, body="<html>bad gateway</html>", headers={"Content-Type": "text/html"}
    )
    answer = amazon.item("GET", "S1")
    assert (answer.status_code, answer.text) == (502, "<html>bad gateway</html>")
    assert answer.headers["content-type"] == "text/html"


def test_a_reset_does_nothing_and_a_time_out_after_the_write_does(frozen, amazon):
    for kind, status in (("reset", 404), ("timeout_after_write", 200)):
        frozen.fault("putListingsItem", kind)
        with pytest.raises(requests.ConnectionError):
            amazon.put("S1", lamp())
        assert amazon.item("GET", "S1").status_code == status


def test_broken_bodies(frozen, amazon):
    amazon.put("S1", lamp())
    frozen.fault(GET, "truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        amazon.item("GET", "S1")
    frozen.fault(GET, "invalid_json")
    answer = amazon.item("GET", "S1")
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert amazon.item("GET", "S1").json()["sku"] == "S1"


def test_tokens_and_documents_can_break_too(frozen, amazon):
    frozen.fault("token", "status", status=503)
    assert amazon.token().status_code == 503
    frozen.fault("documents", "status", status=500, body="")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        amazon.document()
    assert amazon.document()["$id"].endswith("/LAMP")


def test_faults_can_be_taken_back(frozen, amazon):
    frozen.fault(GET, "status", times=100)
    requests.delete(f"{frozen.url}/_control/faults", timeout=10)
    assert amazon.item("GET", "S1").status_code == 404


def test_recordings_hold_no_token(frozen, amazon):
    frozen.control("recording", on=True)
    amazon.sign_in()
    amazon.put("S1", lamp())
    recorded = frozen.requests()
    assert [entry["operation"] for entry in recorded] == ["token", "putListingsItem"]
    assert recorded[1]["status"] == 200
    text = str(recorded)
    assert frozen.client_secret not in text
    assert amazon.session.headers["x-amz-access-token"] not in text
