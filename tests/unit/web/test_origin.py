"""A change is taken from a page of this site or from a program, and from nothing else."""

import pytest
from starlette.datastructures import Headers

from amazon_listings.web.origin import comes_from_here


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "authorization": "Bearer x"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://airflow.test", "host": "airflow.test"}, True),
        ({"origin": "https://shop.test", "host": "airflow:8080", "x-forwarded-host": "shop.test"}, True),
        ({"origin": "http://airflow.test.evil.test", "host": "airflow.test"}, False),
        ({"origin": "null", "host": "airflow.test"}, False),
        ({"origin": "", "host": "airflow.test"}, False),
        ({"host": "airflow.test", "cookie": "_token=x"}, False),
        ({"host": "airflow.test", "authorization": "Bearer x"}, True),
    ],
)
def test_who_may_change_something(headers, taken):
    assert comes_from_here(Headers(headers)) is taken


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_origin_is_refused_before_anything_is_asked(client, method):
    answer = client("admin", origin="http://evil.test").request(method, "/dags/amazon_lamps/items")
    assert (answer.status_code, answer.json()) == (403, {"detail": "other origin"})
    assert "content-security-policy" in answer.headers
