"""Every route of the pages of reports, every kind of user: the expected answer, by a table."""

import pytest
from fastapi.routing import APIRoute

from amazon_listings.web.activity import report_pages

#: Of those that name no key; Airflow's right to read the task logs of a DAG decides.
TABLE = {
    "/reports/{dag_id}/{run_id}": {None: 401, "other": 403, "viewer": None, "editor": None, "admin": None},
    "/reports/{dag_id}/{run_id}/{name}": {
        None: 401,
        "other": 403,
        "viewer": None,
        "editor": None,
        "admin": None,
    },
    "/quality/{dag_id}/{name:path}": {None: 401, "other": 403, "viewer": None, "editor": None, "admin": None},
}
#: A key stands for the right; without one nobody is let in, signed in or not.
BY_KEY = {
    "/downloads/{key}/{dag_id}/{run_id}/attempts/{attempt}",
    "/downloads/{key}/{dag_id}/{run_id}/{name}",
}
NAMES = {
    "dag_id": "amazon_lamps",
    "run_id": "manual__lamps",
    "name": "items.csv",
    "key": "no-key",
    "attempt": 0,
}


@pytest.fixture
def asked(client, monkeypatch):
    """Ask as a user, with the rights that Airflow itself looks up."""
    from airflow.api_fastapi.core_api import security

    from amazon_listings.web import access

    monkeypatch.delitem(client.app.dependency_overrides, report_pages._may_read.dependency)
    monkeypatch.setattr(security, "get_auth_manager", access.get_auth_manager)

    def asked(path, user):
        address = path.replace("{name:path}", "index.html").format(**NAMES)
        return client(user).get(address).status_code

    return asked


def test_every_route_is_in_the_table():
    found = {route.path for route in report_pages.app.routes if isinstance(route, APIRoute)}
    assert found == set(TABLE) | BY_KEY


@pytest.mark.parametrize("path", sorted(TABLE))
def test_each_user_gets_the_expected_answer(asked, path):
    for user, expected in TABLE[path].items():
        answer = asked(path, user)
        assert answer == expected if expected else answer not in {401, 403}, (user, answer)


@pytest.mark.parametrize("path", sorted(BY_KEY))
def test_nobody_is_let_in_by_a_key_that_is_none(asked, path):
    assert {asked(path, user) for user in (None, "other", "viewer", "editor", "admin")} == {403}
