"""What pages say and how: words, languages, prefixes, hostile data, filters, files."""

import csv
import gzip
import html
import io
import json
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from markupsafe import escape
from sqlalchemy import insert

from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.connectors.stops import resume, stop
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.states import StateFilter, find_states, record_states
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.ledger.tables import items, submissions
from amazon_listings.messages import catalogue, languages
from amazon_listings.remarks import remark, remark_as_is, worded
from amazon_listings.runs.report.tables import cell
from amazon_listings.web.rendering import Wording, templates
from amazon_listings.web.shopper import values_of
from amazon_product_types.validation.issue import Issue
from support.hostile import HOSTILE
from support.pages import Reading

PAGES = (
    "/",
    "/items",
    "/issues",
    "/dags/amazon_lamps/items",
    "/dags/amazon_lamps/issues",
    "/dags/amazon_lamps/item?id=products/2",
    "/activity",
    "/dags/amazon_lamps/approvals",
    "/dags/amazon_lamps/fields",
    "/dags/amazon_lamps/fields?field=brand.value",
    "/dags/amazon_lamps/runs/manual__lamps",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "it"])
def test_each_page_is_in_the_reader_s_language(client, path, language):
    answer = client("admin", **{"accept-language": f"{language},en;q=0.5"}).get(path)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text


def test_an_address_that_leads_nowhere_is_answered_in_the_reader_s_language(client):
    answer = client("admin", **{"accept-language": "fr"}).get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("Cette page n'existe pas")


def test_the_language_of_airflow_comes_before_the_browser_s(client):
    asked = client("admin", **{"accept-language": "de", "cookie": "amazon_listings_language=fr"})
    assert '<html lang="fr">' in asked.get("/").text


@pytest.mark.parametrize("path", PAGES)
def test_hostile_data_is_text(client, path):
    page = Reading(client("admin").get(path).text)
    assert not [tag for tag, attributes in page.tags if "onerror" in attributes]
    pictures = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert not [address for address in pictures if not re.match(r"/dags/[^/]+/picture\?id=", address)]
    assert [attributes.get("src") for tag, attributes in page.tags if tag == "script"] == [
        "/static/theme.js",
        "/static/workbench.js",
    ]
    assert not [tag for tag, attributes in page.tags if "style" in attributes or tag == "style"]
    assert str(1234 * 4321) not in page.text


def test_a_page_loads_nothing_from_elsewhere(client):
    answer = client("admin").get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert "http://" not in answer.text
    assert "https://" not in answer.text


def test_the_address_of_the_api_leads_to_its_description(client):
    answer = client("viewer").get("/api")
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/openapi.json")
    assert "/api/items" in client("viewer").get("/api/openapi.json").json()["paths"]


def test_addresses_have_the_prefix_of_airflow(client):
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    outer = FastAPI(root_path="/some/prefix")
    outer.mount("/amazon-listings", client.app)
    page = Reading(
        TestClient(outer, headers={"x-user": "admin"}).get("/some/prefix/amazon-listings/items").text
    )
    links = [
        attributes["href"] for tag, attributes in page.tags if tag in {"a", "link"} and "href" in attributes
    ]
    assert links
    assert all(link.startswith(("/some/prefix/amazon-listings/", "#")) for link in links)


def test_a_filter_narrows_the_items(client):
    found = client("viewer").get("/api/dags/amazon_lamps/items", params={"outcome": "blocked"}).json()
    assert [one["pim_id"] for one in found["items"]] == ["products/2", "products/3"]
    assert found["outcomes"] == {"ready": 1, "blocked": 2}
    found = client("viewer").get("/api/dags/amazon_lamps/items", params={"q": "a-1"}).json()
    assert [one["sku"] for one in found["items"]] == ["A-1"]
    found = client("viewer").get("/api/dags/amazon_lamps/items", params={"q": "100%"}).json()
    assert found["items"] == []


def test_items_are_narrowed_by_reference_field_type_and_change(client, filled, variable):
    variable("amazon_connector_lamps", {"sync": {"timezone": "Europe/Paris"}})
    key = resolve_key(filled, "lamps")
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # in Paris, half an hour after midnight of the next day
    with filled.begin() as connection:
        connection.execute(
            insert(items).values(
                sku="A-1",
                seller_id="A",
                marketplace_id="M",
                connector_key=key,
                product_type="LAMP",
                accepted_at=at,
            )
        )
    for wanted, left in (
        ({"reference": "A-1"}, ["products/1"]),
        ({"reference": " products/3, A-1\nB-2"}, ["products/1", "products/3"]),
        ({"reference": "A-"}, []),
        ({"field": "brand"}, ["products/2", "products/3"]),
        ({"field": "brand", "reference": "A-1"}, []),
        ({"product_type": "LAMP"}, ["products/1", "products/2", "products/3"]),
        ({"product_type": "CHAIR"}, []),
        ({"kind": "product"}, ["products/1", "products/2", "products/3"]),
        ({"kind": "variant"}, []),
        ({"changed_from": "2026-11-21", "changed_to": "2026-11-21"}, ["products/1"]),
        ({"changed_from": "", "changed_to": "2026-11-20"}, []),
        ({"changed_from": "2026-11-22", "changed_to": "9999-12-31"}, []),
    ):
        for place in ("/api/items", "/api/dags/amazon_lamps/items"):
            found = client("viewer").get(place, params=wanted).json()
            assert [one["pim_id"] for one in found["items"]] == left, (place, wanted)
            assert sum(found["outcomes"].values()) == len(left)
        for place in ("/items.csv", "/dags/amazon_lamps/items.csv"):
            text = client("viewer").get(place, params=wanted).text.removeprefix("\ufeff")
            assert [row["pim_id"] for row in csv.DictReader(io.StringIO(text))] == left
        page = client("viewer").get("/items", params=wanted)
        assert page.status_code == 200
        assert f"<details{' open' if any(wanted.values()) else ''}><summary>More filters" in page.text
    assert client("viewer").get("/items", params={"changed_from": "soon"}).status_code == 422


def test_files_run_no_formula(client, filled):
    rows = list(csv.DictReader(io.StringIO(client("viewer").get("/items.csv").text.removeprefix("\ufeff"))))
    assert [row["pim_id"] for row in rows] == ["products/1", "products/2", "products/3"]
    assert rows[1]["name"] == HOSTILE
    for address in (
        "/items.csv",
        "/issues.csv",
        "/dags/amazon_lamps/items.csv",
        "/dags/amazon_lamps/issues.csv",
    ):
        lines = list(csv.reader(io.StringIO(client("viewer").get(address).text.removeprefix("\ufeff"))))
        assert len(lines) > 1
        assert all(cell(value) == value for line in lines for value in line), address


def test_a_connector_that_is_all_blocked_is_red(client):
    one = client("viewer").get("/api/connectors").json()[0]
    assert (one["state"], one["blocked"], one["trend"]) == ("paused", 2, [2])
    assert one["last_run"]["counts"] == {"ready": 1, "blocked": 2}


def test_the_trend_counts_all_items_whatever_a_run_was_about(client, filled):
    def trend():
        return client("viewer").get("/api/connectors").json()[0]["trend"]

    def ran(name, *found, failure=()):
        number = start_run(filled, connector_key="lamps", run_id=name, operation="test", scope="skus")
        looked = frozenset({"schema"})
        record_issues(filled, "lamps", number, [CheckedItem(sku, some, looked) for sku, some in found])
        finish_run(filled, number, counts={"ready": 1}, calls={}, cursor=None, failure=failure)

    assert trend() == [2]
    ran("one item alone, which passes", ("A-1", []))
    assert trend() == [2, 2]
    ran("one that is mended", (HOSTILE[:60], []))
    assert trend() == [2, 2, 1]
    ran("two that break", ("A-1", [missing("color"), missing("brand")]), (HOSTILE[:60], [missing("color")]))
    ran("one that failed", failure=remark_as_is("PIM"))
    assert trend() == [2, 2, 1, 3]


@pytest.mark.parametrize(("age", "mood"), [(10, "dim"), (1, "dim"), (170, "warn-text"), (200, "warn-text")])
def test_the_age_of_the_client_secret_is_always_shown(client, monkeypatch, age, mood):
    created = (datetime.now(UTC) - timedelta(days=age)).date()
    fields = {
        "conn_type": "amazon_selling_partner",
        "login": "amzn1.application-oa2-client.a",
        "password": "amzn1.oa2-cs.v1.a",
        "extra": {"seller_id": "A1", "refresh_token": "Atzr|a", "secret_created": created.isoformat()},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_SELLING_PARTNER", json.dumps(fields))
    (line,) = client("viewer").get("/api/connectors").json()
    assert (line["secret_age"], line["secret_days"]) == (age, 180 - age)
    page = client("viewer").get("/").text
    assert f"{age} day{'s' if age != 1 else ''} old" in page
    assert f'<span class="{mood}">{max(180 - age, 0)} days left' in page


@pytest.mark.parametrize(("account", "linked"), [({"seller_id": "A1"}, 1), ({"vendor_code": "ABCDE"}, 0)])
def test_only_a_seller_is_led_to_seller_central(client, filled, monkeypatch, account, linked):
    fields = {
        "conn_type": "amazon_selling_partner",
        "login": "amzn1.application-oa2-client.a",
        "password": "amzn1.oa2-cs.v1.a",
        "extra": {"refresh_token": "Atzr|a"} | account,
    }
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_SELLING_PARTNER", json.dumps(fields))
    with filled.begin() as connection:
        connection.execute(
            insert(items).values(
                sku="A-1",
                seller_id="A1",
                marketplace_id="M",
                connector_key=resolve_key(filled, "lamps"),
                product_type="LAMP",
                state="live",
            )
        )
    page = client("viewer").get("/dags/amazon_lamps/item?id=products/1").text
    assert page.count("https://sellercentral.amazon.fr/") == linked


def test_an_item_is_linked_to_the_pim(client, filled, variable):
    place = "/dags/amazon_lamps/item?id=products/1"
    assert "In the PIM" not in client("viewer").get(place).text
    key = resolve_key(filled, "lamps")
    (known,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))
    product = known.row["product"] | {"id": "7", "ref": 'a/b"&{id}'}
    record_states(filled, key, [msgspec.structs.replace(known, row=known.row | {"product": product})])
    variable(
        "amazon_connector_lamps", {"sales_layer": {"item_url": "https://pim.example/{id}?r={reference}&{id}"}}
    )
    wanted = "https://pim.example/7?r=a%2Fb%22%26%7Bid%7D&7"
    assert client("viewer").get(f"/api{place}").json()["pim_address"] == wanted
    page = Reading(client("viewer").get(place).text)
    assert wanted in [attributes.get("href") for tag, attributes in page.tags if tag == "a"]


@pytest.mark.parametrize(
    "address",
    [
        "http://pim.example/{id}",
        "javascript:alert(1)",
        "https://{reference}/",
        "https://pim.example/{sku}",
        "https://u:p@pim.example/",
        'https://pim.example/">',
        "",
    ],
)
def test_a_pim_is_linked_by_https_alone(client, variable, address):
    variable("amazon_connector_lamps", {"sales_layer": {"item_url": address}})
    (line,) = client("viewer").get("/api/connectors").json()
    assert (line["state"], "item_url" in line["problem"]) == ("broken", True)


def test_a_secret_of_unknown_age_is_shown_as_such(client):
    (line,) = client("viewer").get("/api/connectors").json()
    assert (line["secret_age"], line["secret_days"]) == (None, None)
    assert "does not say when the client secret was created" in client("viewer").get("/").text


def test_a_broken_connector_says_what_is_wrong_and_hides_nobody(client, folder, variable):
    variable("amazon_connector_lamps", {"sync": {"operation": "lve"}})
    lines = client("admin").get("/api/connectors").json()
    assert [(one["id"], one["state"]) for one in lines] == [("lamps", "broken"), ("elsewhere", "paused")]
    assert "live" in lines[0]["problem"]
    assert client("admin").get("/dags/amazon_lamps/items").status_code == 409


def test_a_broken_connector_is_worded_for_its_reader(client, variable):
    variable("amazon_connector_lamps", {"sync": {"operation": "lve"}})
    said = {}
    for language in ("fr", "de"):
        asked = client("admin", **{"accept-language": language, "accept": "text/html"})
        (line, _) = asked.get("/api/connectors").json()
        assert line["problem"].splitlines()[-1] in html.unescape(asked.get("/").text)
        said[language] = line["problem"]
        answer = asked.get("/dags/amazon_lamps/items")
        assert answer.status_code == 409
        assert line["problem"].splitlines()[-1] in html.unescape(answer.text)
    assert said["fr"] != said["de"]


def test_every_page_weighs_little(client):
    """Compressed, with scripts and styles. 1,500 fields and 5,000 options would add 60 kB to `fields`."""
    static = ("theme.js", "workbench.js", "workbench.css", "icon.svg")
    common = sum(len(gzip.compress(client("admin").get(f"/static/{name}").content)) for name in static)
    weights = {path: common + len(gzip.compress(client("admin").get(path).content)) for path in PAGES}
    assert {path: weight for path, weight in weights.items() if weight > 20_000} == {}


def test_sentences_show_what_they_quote_as_code():
    template = templates().from_string("{{ sentence|marked }}")
    assert template.render(sentence="Say `a<b` or `c`.") == "Say <code>a&lt;b</code> or <code>c</code>."
    assert template.render(sentence=f"One ` alone {HOSTILE}") == escape(f"One ` alone {HOSTILE}")
    assert HOSTILE not in template.render(sentence=f"`{HOSTILE}`")


def test_no_line_ends_between_a_french_sign_and_its_word():
    template = templates().from_string("{{ sentence|marked }}")
    shown = template.render(sentence="Non indiqué : « Pile » ; voir `a : b`.")
    assert shown == "Non indiqué\xa0: «\xa0Pile\xa0»\xa0; voir <code>a : b</code>."


def test_what_goes_wrong_is_said_in_words(client):
    answer = client("viewer", accept="text/html", **{"accept-language": "fr"}).get("/dags/amazon_gone/items")
    assert answer.status_code == 403
    assert "DAG" in answer.text
    assert "<h1>" in answer.text
    answer = client("admin").get("/dags/amazon_lamps/item", params={"id": "products/9"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "This connector has no such item.")
    answer = client(accept="text/html").get("/")
    assert answer.status_code == 401
    assert "/auth/login" in answer.text


def test_an_installation_without_runs_says_so(client, folder, filled):
    for path in folder.iterdir():
        path.unlink()
    page = client("admin").get("/").text
    assert "no connector that you may read" in page


def test_an_item_is_shown_with_its_mood_and_the_price_as_its_reader_writes_it(client, filled):
    offer = {"currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": 92.9}]}]}
    key = resolve_key(filled, "lamps")
    (known,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))
    record_states(filled, key, [msgspec.structs.replace(known, attributes={"purchasable_offer": [offer]})])
    page = client("viewer", **{"accept-language": "fr"}).get("/dags/amazon_lamps/item?id=products/1").text
    assert "92,90\xa0€" in page
    assert re.search(r'<span class="chip good"[^>]*><span aria-hidden="true">●</span> prêt', page)


def test_the_note_of_an_item_is_in_its_reader_s_language(client, filled):
    key = resolve_key(filled, "lamps")
    (known,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))
    note = remark("note.offer_alone") + remark("note.parent_rejected", parent="<F-P>")
    record_states(filled, key, [msgspec.structs.replace(known, note=note)])
    for language in languages():
        reader = client("viewer", **{"accept-language": language})
        said = worded(note, catalogue(language))
        assert "<F-P>" in said
        assert escape(said) in reader.get("/dags/amazon_lamps/item?id=products/1").text
        assert reader.get("/api/dags/amazon_lamps/item?id=products/1").json()["note"] == said


def test_a_truth_among_the_values_of_an_item_is_a_word_of_its_reader(client, filled):
    key = resolve_key(filled, "lamps")
    (known,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))
    sent = {"is_fragile": [{"value": True}], "batteries_required": [{"value": False}]}
    record_states(filled, key, [msgspec.structs.replace(known, attributes=sent)])
    place = "/api/dags/amazon_lamps/item?id=products/1"
    for language, texts in (("fr", {"oui", "non"}), ("en", {"yes", "no"})):
        fields = client("viewer", **{"accept-language": language}).get(place).json()["fields"]
        assert {one["sent"] for one in fields if one["attribute"] in sent} == texts
    assert values_of(sent["is_fragile"], catalogue("de")) == ["ja"]


def test_counts_are_worded_in_number():
    words = Wording(catalogue("fr"))
    assert [words.outcome("accepted", count) for count in (0, 1, 31)] == ["accepté", "accepté", "acceptés"]
    assert [words.approved_kind("create", count) for count in (0, 1, 31)] == ["créé", "créé", "créés"]
    assert words.mark("mapped", 0) == "relié"
    spanish = Wording(catalogue("es"))
    one, many = spanish.approved_kind("create", 1), spanish.approved_kind("create", 2)
    assert spanish.approved_kind("create", 0) == many != one
    assert words.outcome("of a later version", 2) == "of a later version"


def test_a_mark_of_fields_agrees_with_their_number():
    french = Wording(catalogue("fr"))
    assert (french.mark("required", 1), french.mark("required", 2)) == (
        "obligatoire à remplir",
        "obligatoires à remplir",
    )


def test_chosen_items_are_exported(client):
    place = "/dags/amazon_lamps/items.csv"
    answer = client("viewer").get(place, params={"chosen": "true", "skus": ["A-1", "nowhere"]})
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["sku"] for row in rows] == ["A-1"]
    none = client("viewer", **{"accept-language": "fr"}).get(place, params={"chosen": "true"})
    assert (none.status_code, none.json()["detail"]) == (422, "Choisissez au moins un article.")


def test_a_field_of_an_item_has_a_verdict_and_a_write_its_before_and_after(client, filled):
    key = resolve_key(filled, "lamps")
    (known,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))
    names = ("item_name", "model_name", "style", "brand")
    sent = {name: [{"value": name, "language_tag": "fr_FR"}] for name in names}
    record_states(filled, key, [msgspec.structs.replace(known, attributes=sent)])
    run = start_run(filled, connector_key=key, run_id="later", operation="live")
    record_issues(
        filled, key, run, [CheckedItem("A-1", [missing("brand"), missing("color")], frozenset({"schema"}))]
    )
    french = {"language_tag": "fr_FR"}
    before = {"item_name": [{"value": HOSTILE} | french], "style": [{"value": "old"} | french]}
    accepted = {
        "item_name": sent["item_name"],
        "model_name": [{"value": "other"} | french],
        "material": [{"value": "oak"} | french],
    }
    body = [
        {"op": "replace", "path": "/attributes/item_name", "value": sent["item_name"]},
        {"op": "delete", "path": "/attributes/style", "value": before["style"]},
    ]
    with filled.begin() as connection:
        connection.execute(
            insert(items).values(
                sku="A-1",
                seller_id="A",
                marketplace_id="M",
                connector_key=key,
                product_type="LAMP",
                accepted_content=packed(accepted),
            )
        )
        connection.execute(
            insert(submissions).values(
                run=run,
                seller_id="A",
                marketplace_id="M",
                sku="A-1",
                sent_at=datetime.now(UTC),
                method="PATCH",
                status="ACCEPTED",
                payload_hash="h",
                body=packed(body),
                before=packed(before),
            )
        )
    place = "/dags/amazon_lamps/item?id=products/1"
    item = client("viewer").get(f"/api{place}").json()
    verdicts = {one["path"].partition("/")[0]: one["verdict"] for one in item["fields"]}
    assert verdicts == {
        "color": "blocked",
        "brand": "blocked",
        "item_name": "same",
        "model_name": "differs",
        "style": "new",
        "material": "not_sent",
    }
    assert item["fields"][0]["attribute"] == "color"  # what is missing has no value, and is first
    (write,) = item["writes"]
    assert [(before, after) for _, before, after in write["changes"]] == [(HOSTILE, "item_name"), ("old", "")]
    shown = client("viewer").get(place).text
    assert HOSTILE not in shown
    assert "2 values changed" in shown
    assert re.search(r'<span class="chip warn"><span aria-hidden="true">▲</span> differs', shown)


def missing(attribute):
    return Issue(
        code="missing_attribute",
        severity="ERROR",
        source="schema",
        message=f"{attribute} is missing.",
        attribute=attribute,
        label=attribute,
    )


def test_a_connector_that_may_not_send_says_so(client, filled):
    assert "stopped" not in client("viewer").get("/").text
    stop(filled, resolve_key(filled, "lamps"), by="editor")
    assert "stopped" in client("viewer").get("/").text
    assert [one["stopped"] for one in client("viewer").get("/api/connectors").json()] == [True]
    resume(filled, resolve_key(filled, "lamps"))
    stop(filled)  # all of them
    assert [one["stopped"] for one in client("admin").get("/api/connectors").json()] == [True, True]


@pytest.mark.parametrize("number", ["99999999999999999999", "-1", "x", "\N{SUPERSCRIPT TWO}"])
def test_a_number_that_no_row_has_is_refused_in_words(client, number):
    for path in (
        "activity?before=",
        "dags/amazon_lamps/runs/manual__lamps?attempt=",
        "dags/amazon_lamps/undo?run=",
    ):
        answer = client("editor", accept="text/html").get(f"/{path}{number}")
        assert answer.status_code == 422, path
        assert "<h1>" in answer.text
    origin = {"origin": "http://airflow.test"}
    body = {"approve": "yes", "which": "all", "questions": number}
    assert client("editor", **origin).post("/dags/amazon_lamps/approvals", json=body).status_code == 422
