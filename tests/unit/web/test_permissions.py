"""Every route, every method, every kind of user: the expected answer, by a table."""

import pytest
from fastapi.routing import APIRoute

#: Who may: `anyone` signed in sees what they may read; `reader` and `editor` ask for the DAG of the address.
TABLE = {
    ("GET", "/"): "anyone",
    ("GET", "/api/connectors"): "anyone",
    ("GET", "/attention"): "anyone",
    ("GET", "/check"): "anyone",
    ("GET", "/new"): "anyone",
    ("GET", "/new/product-types"): "anyone",
    ("GET", "/new/statuses"): "anyone",
    ("POST", "/new"): "anyone",
    ("POST", "/new/account"): "anyone",
    ("POST", "/new/account/test"): "anyone",
    ("GET", "/items"): "anyone",
    ("GET", "/items.csv"): "anyone",
    ("GET", "/api/items"): "anyone",
    ("GET", "/issues"): "anyone",
    ("GET", "/issues.csv"): "anyone",
    ("GET", "/api/issues"): "anyone",
    ("GET", "/product-types"): "anyone",
    ("GET", "/api/product-types"): "anyone",
    ("GET", "/dags/{dag_id}/product-type"): "reader",
    ("GET", "/api/dags/{dag_id}/product-type"): "reader",
    ("GET", "/activity"): "anyone",
    ("GET", "/api/runs"): "anyone",
    ("GET", "/dags/{dag_id}"): "reader",
    ("GET", "/dags/{dag_id}/runs/{run_id}"): "reader",
    ("GET", "/api/dags/{dag_id}/runs/{run_id}"): "reader",
    ("GET", "/dags/{dag_id}/items"): "reader",
    ("GET", "/dags/{dag_id}/items.csv"): "reader",
    ("GET", "/api/dags/{dag_id}/items"): "reader",
    ("GET", "/dags/{dag_id}/issues"): "reader",
    ("GET", "/dags/{dag_id}/approvals.csv"): "reader",
    ("GET", "/dags/{dag_id}/issues.csv"): "reader",
    ("GET", "/api/dags/{dag_id}/issues"): "reader",
    ("GET", "/dags/{dag_id}/issues/mend"): "reader",
    ("POST", "/dags/{dag_id}/issues/mend"): "editor",
    ("GET", "/dags/{dag_id}/approvals"): "reader",
    ("GET", "/api/dags/{dag_id}/approvals"): "reader",
    ("POST", "/dags/{dag_id}/approvals"): "editor",
    ("GET", "/dags/{dag_id}/approvals/left"): "reader",
    ("POST", "/dags/{dag_id}/sending"): "editor",
    ("POST", "/dags/{dag_id}/runs"): "editor",
    ("GET", "/dags/{dag_id}/undo"): "reader",
    ("GET", "/dags/{dag_id}/undo/difference"): "reader",
    ("POST", "/dags/{dag_id}/undo"): "editor",
    ("GET", "/dags/{dag_id}/fields"): "reader",
    ("GET", "/dags/{dag_id}/fields.yaml"): "reader",
    ("GET", "/dags/{dag_id}/fields.patch"): "reader",
    ("GET", "/api/dags/{dag_id}/fields"): "reader",
    ("GET", "/dags/{dag_id}/fields/table"): "reader",
    ("GET", "/dags/{dag_id}/fields/required"): "reader",
    ("GET", "/dags/{dag_id}/fields/test.yaml"): "reader",
    ("GET", "/api/dags/{dag_id}/fields/names"): "reader",
    ("GET", "/api/dags/{dag_id}/fields/versions"): "reader",
    ("POST", "/dags/{dag_id}/fields/preview"): "reader",
    ("POST", "/dags/{dag_id}/fields/check"): "reader",
    ("POST", "/dags/{dag_id}/fields/draft"): "editor",
    ("POST", "/dags/{dag_id}/fields/discard"): "editor",
    ("POST", "/dags/{dag_id}/fields/publish"): "editor",
    ("POST", "/dags/{dag_id}/fields/restore"): "editor",
    ("GET", "/dags/{dag_id}/item"): "reader",
    ("GET", "/api/dags/{dag_id}/item"): "reader",
    ("GET", "/dags/{dag_id}/item/amazon"): "reader",
    ("GET", "/dags/{dag_id}/picture"): "reader",
}
#: The answers to those who may not; None: any that is neither 401 nor 403.
ANSWERS = {
    "anyone": {None: 401, "other": None, "viewer": None, "editor": None, "admin": None},
    "reader": {None: 401, "other": 403, "viewer": None, "editor": None, "admin": None},
    "editor": {None: 401, "other": 403, "viewer": 403, "editor": None, "admin": None},
}
#: What only users of the connector's Airflow connection may ask, whatever they may read.
OF_CONNECTION = {
    "/dags/{dag_id}/approvals/left",
    "/dags/{dag_id}/item/amazon",
    "/dags/{dag_id}/undo/difference",
}
QUERY = {"id": "products/1", "identity": "missing|brand", "field": "brand.value", "run": "1", "sku": "A-1"}
BODY = {
    "identity": "missing|brand",
    "field": "brand.value",
    "revision": 99,
    "number": 99,
    "send": "yes",
    "run": 1,
}


#: The pages of reports have tests of their own.
REPORTS = ("/reports/", "/downloads/", "/quality/")


def routes(app):
    for route in app.routes:
        if isinstance(route, APIRoute) and not route.path.startswith(REPORTS):
            for method in sorted(route.methods):
                yield method, route.path


def test_every_route_is_in_the_table(client):
    assert set(routes(client.app)) == set(TABLE)


@pytest.mark.parametrize(("method", "path"), sorted(TABLE))
def test_each_user_gets_the_expected_answer(client, method, path):
    for user, expected in ANSWERS[TABLE[method, path]].items():
        address = path.format(dag_id="amazon_lamps", run_id="manual__lamps")
        asked = client(user, origin="http://airflow.test").request(
            method, address, params=QUERY, **({"json": BODY} if method == "POST" else {})
        )
        allowed = expected is None and not (path in OF_CONNECTION and user == "viewer")
        if allowed:
            assert asked.status_code not in {401, 403}, (user, asked.status_code)
        else:
            assert asked.status_code == (expected or 403), (user, asked.status_code)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/connectors",
        "/items",
        "/api/items",
        "/items.csv",
        "/issues",
        "/issues.csv",
        "/activity",
        "/product-types",
        "/api/product-types",
        "/api/runs",
    ],
)
def test_lists_hold_only_what_the_user_may_read(client, path):
    assert "elsewhere" not in client("viewer").get(path).text
    assert "elsewhere" in client("admin").get(path).text


def test_the_dag_of_another_parameter_opens_nothing(client):
    answer = client("viewer").get("/dags/amazon_elsewhere/items", params={"dag_id": "amazon_lamps"})
    assert answer.status_code == 403
