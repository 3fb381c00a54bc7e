"""A new connector in the workbench, against the sandbox: form, draft, who sees it, publication."""

import json
import threading
import time

import pytest
import yaml

from amazon_listings.web.new import new_page, products_seen
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection, pim_connection
from support.pages import Reading

ORIGIN = {"origin": "http://airflow.test", "accept-language": "fr"}
PLACE = "/dags/amazon_fr_lamp/fields"


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def connections(sandbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_EU", json.dumps(amazon_connection(sandbox)))
    monkeypatch.setenv("AIRFLOW_CONN_PIM", json.dumps(pim_connection(sandbox)))


@pytest.fixture
def answers():
    return {
        "connection": "amazon_eu",
        "country": "FR",
        "locale": "fr_FR",
        "product_type": "LAMP",
        "source": "sales_layer",
        "pim_connection": "pim",
        "statuses": "visible",
        "languages": "fr",
        "timezone": "Europe/Paris",
    }


@pytest.fixture
def maker(client, connections):
    return client("editor", **ORIGIN)


def test_the_form_asks_in_the_readers_language_with_a_sample_of_each_locale(maker):
    page = maker.get("/new").text
    assert "Continuer vers les champs" in page
    assert "« poids »" in page
    assert 'value="amazon_eu" list="accounts"' in page
    assert '<option value="FR"' in page
    assert "France · EUR" in page


def test_a_connector_is_started_like_another_one(maker, folder):
    assert 'href="/new?like=lamps"' in maker.get("/new").text
    tags = Reading(maker.get("/new", params={"like": "lamps"}).text).tags
    held = {one["name"]: one["value"] for tag, one in tags if tag == "input" and "checked" in one}
    assert (held["product_type"], held["operation"]) == ("LAMP", "test")
    typed = {one.get("name"): one.get("value") for tag, one in tags if tag == "input"}
    assert (typed["languages"], typed["title"], typed["id"]) == ("fr", "", "")
    chosen = [one["value"] for tag, one in tags if tag == "option" and "selected" in one]
    assert "FR" not in chosen  # the country is to be chosen
    assert maker.get("/new", params={"like": "elsewhere"}).status_code == 404  # not theirs to read


@pytest.mark.parametrize("place", ["/new/statuses", "/new/product-types"])
def test_files_without_a_path_are_not_read(maker, answers, place):
    asked = {name: value for name, value in answers.items() if name != "product_type"}
    answer = maker.get(place, params=asked | {"source": "files", "path": ""})
    assert answer.status_code == 200


def test_each_wrong_answer_is_told_at_its_field(maker, answers):
    wrong = answers | {"country": "XX", "sku_limit": "0", "schedule": "cron", "cron": "tomorrow", "id": "A b"}
    told = maker.post("/new", json=wrong)
    assert told.status_code == 422
    assert set(told.json()["errors"]) == {"country", "sku_limit", "cron", "id"}
    assert told.json()["errors"]["sku_limit"] == "Un nombre entier à partir de 1."
    nothing = maker.post("/new", json={}).json()["errors"]
    assert {"connection", "country", "product_type", "pim_connection", "languages"} <= set(nothing)
    assert "id" not in nothing


def test_the_address_of_an_item_in_the_pim_is_asked_and_kept(maker, answers):
    told = maker.post("/new", json=answers | {"item_url": "http://pim.example/{id}"}).json()["errors"]
    assert set(told) == {"item_url"}
    address = "https://pim.example/products/{id}"
    assert maker.post("/new", json=answers | {"item_url": address}).status_code == 200
    document = yaml.safe_load(maker.get(f"{PLACE}.yaml").text)
    assert document["sales_layer"]["item_url"] == address
    assert f'value="{address}"' in maker.get("/new?draft=fr_lamp").text


def test_an_answer_that_only_the_pim_or_amazon_can_judge_is_told_at_its_field(maker, answers):
    told = maker.post("/new", json=answers | {"languages": "xx"}).json()["errors"]
    assert set(told) == {"pim_connection"}
    told = maker.post("/new", json=answers | {"product_type": "NO_SUCH_TYPE"}).json()["errors"]
    assert set(told) == {"product_type"}
    told = maker.post("/new", json=answers | {"id": "lamps"}).json()["errors"]
    assert set(told) == {"id"}


def test_product_types_are_found_by_words_and_by_titles_of_the_pims_products(maker, answers):
    asked = {name: value for name, value in answers.items() if name != "product_type"}
    assert 'value="LAMP"' in maker.get("/new/product-types", params=asked | {"words": "lamp"}).text
    suggested = maker.get("/new/product-types", params=asked).text
    assert "titres sur 5 essayés" in suggested


def test_statuses_come_with_the_counts_of_the_pim(maker, answers):
    boxes = maker.get("/new/statuses", params=answers).text
    assert boxes.count('type="checkbox"') == 4
    assert "articles dans le PIM" in boxes


def test_an_account_is_tried_for_the_country(maker, answers):
    told = maker.post("/new/account/test", json=answers)
    assert told.status_code == 200, told.text
    assert maker.post("/new/account/test", json=answers | {"connection": "none"}).status_code == 422


def test_only_who_may_use_a_connection_reaches_amazon_or_the_pim(client, connections, answers):
    viewer = client("viewer", **ORIGIN)
    assert viewer.post("/new/account/test", json=answers).status_code == 403
    assert set(viewer.post("/new", json=answers).json()["errors"]) == {"connection"}
    assert "articles dans le PIM" not in viewer.get("/new/statuses", params=answers).text
    assert 'type="radio"' not in viewer.get("/new/product-types", params=answers | {"product_type": ""}).text


@pytest.fixture
def slow(monkeypatch):
    """Let pages wait for one second, and what is asked outside take longer until it is set."""
    go_on, patience = threading.Event(), 1.0
    monkeypatch.setattr(new_page, "PATIENCE", patience)

    def later(call):
        def called(*args, **kwargs):
            go_on.wait(20)
            return call(*args, **kwargs)

        return called

    yield go_on, lambda place, name: monkeypatch.setattr(place, name, later(getattr(place, name)))
    go_on.set()


def test_amazon_and_the_pim_take_no_longer_together_than_a_person_waits(maker, answers, slow):
    go_on, delay = slow
    delay(products_seen, "_read")
    delay(new_page, "refresh_definitions")
    asked = answers | {"id": "slow_both", "languages": "fr, en"}
    start = time.monotonic()
    told = maker.post("/new", json=asked)
    assert time.monotonic() - start < 1.8
    assert list(told.json()["errors"]) == ["product_type"]
    assert "Pas de réponse après" in told.json()["errors"]["product_type"]
    go_on.set()  # the answers come late, and are there the next time
    time.sleep(0.5)
    assert maker.post("/new", json=asked).status_code == 200


def test_a_draft_without_products_says_so(maker, answers, slow):
    _, delay = slow
    delay(products_seen, "_read")
    asked = answers | {"id": "slow_pim", "languages": "fr, es"}
    told = maker.post("/new", json=asked)
    assert told.status_code == 200, told.text
    page = maker.get("/dags/amazon_slow_pim/fields").text
    assert "Aucun produit n&#39;est encore connu" in page


@pytest.fixture
def kept(maker, answers):
    told = maker.post("/new", json=answers | {"title": "Lampes neuves"})
    assert told.status_code == 200, told.text
    return told.json()


def test_it_continues_to_the_fields_as_a_draft_of_its_maker(client, maker, kept, answers):
    assert kept["next"].endswith(PLACE)
    fields = {one["path"]: one for one in maker.get(f"/api{PLACE}").json()}
    assert fields["item_name.value"]["mark"] == "mapped"
    shown = maker.post(
        f"{PLACE}/preview", json={"field": "brand.value", "kind": "constant", "constant": "Acme"}
    )
    assert "Acme" in shown.text
    assert "LUM-" in shown.text
    assert "Lampes neuves" in maker.get("/").text
    assert 'value="Lampes neuves"' in maker.get("/new", params={"draft": "fr_lamp"}).text
    assert yaml.safe_load(maker.get(f"{PLACE}.yaml").text)["id"] == "fr_lamp"
    # Those who may create Variables see it too, and nobody else; its id is taken.
    assert client("admin").get(PLACE).status_code == 200
    for user in ("viewer", "other"):
        assert client(user).get(PLACE).status_code == 403
        assert "Lampes neuves" not in client(user).get("/").text
        assert client(user).get("/new", params={"draft": "fr_lamp"}).status_code == 404
    told = client("admin", **ORIGIN).post("/new", json=answers)
    assert set(told.json()["errors"]) == {"id"}
    # A value that is no option: the closest ones are proposed, and the table is one expression.
    rows = maker.get(f"{PLACE}/table", params={"field": "bulb_base.value", "table_pim": "bulb_base"}).text
    assert 'name="table_from"' in rows
    asked = {"kind": "table", "table_pim": "bulb_base", "table_from": ["LED"], "table_to": ["LED intégrée"]}
    maker.post(f"{PLACE}/draft", json=asked | {"field": "bulb_base.value"})
    line = yaml.safe_load(maker.get(f"{PLACE}.yaml").text)["mapping"]["Culot"]
    assert line == '{{ {"LED": "LED intégrée"}[item.bulb_base] or item.bulb_base }}'
    assert maker.post(f"{PLACE}/discard", json={"revision": 1}).json()["next"] == "/"
    assert "Lampes neuves" not in maker.get("/").text


def test_publishing_writes_the_whole_document_and_ends_the_draft(maker, kept, monkeypatch, variable):
    from airflow.models.variable import Variable

    from amazon_listings.airflow_adapter.api_server import Answer
    from amazon_listings.web.drafts import publishing

    async def call(method, path, headers, body=None):
        variable(body["key"], {})
        Variable.set(body["key"], body["value"])
        return Answer(200, {})

    monkeypatch.setattr(publishing, "call", call)
    maker.post(f"{PLACE}/draft", json={"field": "brand.value", "kind": "constant", "constant": "Acme"})
    told = maker.post(f"{PLACE}/publish", json={"revision": 1})
    assert told.json()["next"] == "/activity?dag=amazon_fr_lamp"
    document = json.loads(Variable.get("amazon_connector_fr_lamp"))
    assert document["amazon"]["product_type"] == "LAMP"
    assert document["sync"]["operation"] == "test"
    assert document["sales_layer"]["filter"] == "{{ item.amazon_product_type == 'LAMP' }}"
    assert document["mapping"]["Marque"] == "Acme"
    # From here on the DAG's rights count: the maker has none on this one.
    assert maker.get(PLACE).status_code == 403
