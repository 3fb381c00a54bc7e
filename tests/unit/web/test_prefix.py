"""Behind a path prefix: every link, form, fragment and static file stays below it."""

import re

import pytest
from fastapi.testclient import TestClient

PREFIX = "/airflow/amazon-listings"
#: What a page leads to, loads or sends to.
ADDRESS = re.compile(r'\b(?:href|src|action|data-load|data-[a-z-]*(?:url|base))="([^"]*)"')
BEGIN = ("/", "/items", "/issues", "/activity", "/product-types", "/new", "/dags/amazon_lamps/fields")
#: Addresses of a page's own place, and of other hosts.
ELSEWHERE = ("#", "?", "https://", "mailto:")


@pytest.fixture
def prefixed(client):
    return TestClient(
        client.app,
        headers={"x-user": "editor", "accept": "text/html"},
        base_url="http://airflow.test",
        root_path=PREFIX,
        follow_redirects=False,
    )


def test_every_address_of_every_page_is_below_the_prefix(prefixed):
    waiting, seen, files = [f"{PREFIX}{path}" for path in BEGIN], set(), set()
    while waiting and len(seen) < 120:
        url = waiting.pop(0)
        seen.add(url)
        answer = prefixed.get(url)
        assert answer.status_code in {200, 307}, url
        found = [answer.headers["location"]] if answer.status_code == 307 else ADDRESS.findall(answer.text)
        for raw in found:
            address = raw.replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", '"')
            if not address or address.startswith(ELSEWHERE):
                continue
            assert address.startswith("/airflow/"), (url, address)
            if not address.startswith(f"{PREFIX}/"):
                continue  # a page of Airflow's
            (files if "/static/" in address else seen).add(address)
            known = {re.sub(r"[?].*", "", one) for one in (*waiting, *seen)}
            if 'href="' + raw in answer.text and re.sub(r"[?].*", "", address) not in known - {address}:
                waiting.append(address)
    assert len(seen) > 20
    assert len(files) >= 3
    for one in files:
        assert prefixed.get(one).status_code == 200, one
