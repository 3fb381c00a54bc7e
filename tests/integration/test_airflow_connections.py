"""Connection types in a running Airflow: their forms, and the Test button."""

import json

import pytest
import requests

from support.airflow import amazon_connection, pim_connection

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def forms(house):
    """What the UI builds the forms of the connection types from."""
    house.airflow.call("GET", "/version")
    answer = requests.get(
        f"{house.airflow.url}/ui/connections/hook_meta",
        headers={"Authorization": f"Bearer {house.airflow.token}"},
        timeout=60,
    )
    answer.raise_for_status()
    return {one["connection_type"]: one for one in answer.json()}


def fields_of(form):
    return {name: field["schema"] for name, field in form["extra_fields"].items()}


def test_the_form_of_an_amazon_account(forms):
    form = forms["amazon_selling_partner"]
    assert form["hook_name"] == "Amazon Selling Partner"
    standard = form["standard_fields"]
    assert standard["login"]["title"] == "LWA client ID"
    assert standard["password"]["title"] == "LWA client secret"
    assert {name for name, field in standard.items() if field and field["hidden"]} >= {
        "host",
        "port",
        "url_schema",
    }
    fields = fields_of(form)
    assert {name: field["title"] for name, field in fields.items()} == {
        "refresh_token": "LWA refresh token",
        "seller_id": "Merchant token (sellers)",
        "vendor_code": "Vendor code (vendors)",
        "country": "Country",
        "secret_created": "Secret created on",
        "endpoint": "SP-API endpoint override",
        "lwa_url": "Token URL override",
    }
    assert fields["refresh_token"]["format"] == "password"
    assert fields["secret_created"]["format"] == "date"
    assert "FR" in fields["country"]["enum"]


def test_the_form_of_a_pim(forms):
    form = forms["sales_layer"]
    assert form["hook_name"] == "Sales Layer (PIM)"
    assert form["standard_fields"]["password"]["title"] == "API key, or the connector's secret key"
    assert form["standard_fields"]["login"]["hidden"]
    fields = fields_of(form)
    assert fields["api"]["enum"] == ["rest", "connector"]
    assert set(fields) == {"api", "code"}


@pytest.fixture(scope="module")
def button(house):
    """Press Test on a filled-in form; whether it worked, and what is said."""

    def button(form):
        body = form | {"connection_id": "new_one", "extra": json.dumps(form["extra"])}
        answer = house.airflow.call("POST", "/connections/test", json=body)
        return answer["status"], answer["message"]

    return button


def test_the_test_button_of_an_amazon_account(house, button):
    assert button(amazon_connection(house.sandbox)) == (
        True,
        "Seller A1SANDBOXSELLER may list in France: token, role and marketplace are right.",
    )
    right, sentence = button(amazon_connection(house.sandbox, password="amzn1.oa2-cs.v1.wrong"))
    assert not right
    assert "client secret" in sentence
    right, sentence = button(amazon_connection(house.sandbox, extra={"vendor_code": "SANDV"}))
    assert not right
    assert sentence.startswith("This connection must have either a merchant token (sellers) or a vendor code")


def test_the_test_button_of_a_pim(house, button):
    right, sentence = button(pim_connection(house.sandbox))
    assert right, sentence
    assert "product fields" in sentence
    right, sentence = button(pim_connection(house.sandbox, password="wrong-key"))
    assert not right
    assert sentence.endswith("Correct the field “API key, or the connector's secret key” of this connection.")


def test_a_stored_connection_shows_what_is_no_secret(house):
    form = amazon_connection(house.sandbox)
    body = form | {"connection_id": "shown", "extra": json.dumps(form["extra"])}
    house.airflow.call("POST", "/connections", json=body)
    shown = house.airflow.call("GET", "/connections/shown")
    extra = json.loads(shown["extra"])
    assert (shown["password"], extra.pop("refresh_token")) == ("***", "***")
    assert extra == {name: value for name, value in form["extra"].items() if name != "refresh_token"}
