"""The page of issues: causes, their order, filters and language."""

import copy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import update

from amazon_listings.checks.offers_apart import held_back
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.states import find_states, record_states
from amazon_listings.ledger.runs.history import start_run
from amazon_listings.ledger.tables import runs
from amazon_listings.messages import catalogue
from amazon_product_types.messages.facts import quoted
from amazon_product_types.validation.issue import Issue, Origin


def test_the_items_of_a_cause_are_those_that_it_counts(client):
    (cause,) = client("viewer").get("/api/issues").json()
    assert (cause["items"], cause["turn"], cause["share"]) == (2, "pim", pytest.approx(2 / 3))
    found = client("viewer").get("/api/dags/amazon_lamps/items", params={"issue": cause["cause"]}).json()
    assert [one["pim_id"] for one in found["items"]] == ["products/2", "products/3"]


def test_causes_that_are_gone_are_listed_apart_and_counted_against_yesterday(client, filled):
    key = resolve_key(filled, "lamps")
    with filled.begin() as connection:
        connection.execute(update(runs).values(started_at=datetime.now(UTC) - timedelta(days=2)))
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    record_issues(filled, key, run, [CheckedItem("products/3", [], frozenset({"schema"}))])
    french = client("viewer", **{"accept-language": "fr"})
    assert "1 de moins qu&#39;hier" in french.get("/dags/amazon_lamps/issues").text
    assert "1 de moins qu&#39;hier" in french.get("/").text
    gone = french.get("/dags/amazon_lamps/issues?which=gone").text
    assert "1 cause a disparu." in gone
    assert "issues/mend" not in gone
    assert [one["examples"] for one in client("viewer").get("/api/issues?which=gone").json()] == [
        ["products/3"]
    ]


def test_an_issue_is_in_the_language_of_its_reader(client, filled):
    key = resolve_key(filled, "lamps")
    french = catalogue("fr")
    issue = Issue(
        code="missing_attribute",
        severity="ERROR",
        source="schema",
        attribute="color",
        label="Couleur",
        **french.issue_texts("missing_attribute", label=quoted("Couleur")),
    )
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    record_issues(filled, key, run, [CheckedItem("A-1", [issue], frozenset({"schema"}))])
    for language, sentence in (("fr", "« Couleur » manque."), ("de", "„Couleur“ fehlt.")):
        reader = client("viewer", **{"accept-language": language})
        for path in ("issues", "issues.csv", "item?id=products/1"):
            shown = reader.get(f"/dags/amazon_lamps/{path}").text.replace("\xa0", " ")
            assert sentence in shown, path
        assert sentence in reader.get("/api/dags/amazon_lamps/item?id=products/1").text


def test_what_costs_money_at_a_live_listing_is_the_first_cause(client, filled):
    key, english = resolve_key(filled, "lamps"), catalogue("en")
    content = {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}]}
    sold_out = copy.deepcopy(content)
    sold_out["fulfillment_availability"][0]["quantity"] = 0
    offers = [
        [{"currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": one}]}]}] for one in (9.9, 8.9)
    ]
    before, after = (content | {"purchasable_offer": offer} for offer in offers)
    held = [("B-1", held_back(after, before, english)), ("B-2", held_back(sold_out, content, english))]
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    record_issues(filled, key, run, [CheckedItem(sku, found, frozenset({"schema"})) for sku, found in held])
    found = client("viewer").get("/api/issues").json()
    assert [(one["code"], one["first"]) for one in found] == [
        ("sold_out_on_sale", True),
        ("offer_held_back", True),
        ("missing_attribute", False),
    ]
    shown = client("viewer").get("/issues").text
    assert shown.count("it costs money until this is corrected") == 2
    assert shown.index("Sold out in the PIM") < shown.index("Marque manque")


def lacking(attribute, **more):
    return Issue(
        code="missing_attribute",
        severity="ERROR",
        source="schema",
        attribute=attribute,
        label=attribute.title(),
        family="missing",
        **catalogue("en").issue_texts("missing_attribute", label=quoted(attribute.title())),
        **more,
    )


def test_required_fields_that_are_not_mapped_are_one_row_of_the_page(client, filled):
    key = resolve_key(filled, "lamps")
    found = [lacking("color"), lacking("material"), lacking("size", origin=Origin(3, "size", "size"))]
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    checked = {"A-1": found, "products/3": found[1:]}
    schema = frozenset({"schema"})
    record_issues(filled, key, run, [CheckedItem(name, wrong, schema) for name, wrong in checked.items()])
    shown = client("viewer", **{"accept-language": "de"}).get("/issues").text
    assert "2 Pflichtfelder sind nicht zugeordnet" in shown
    assert "Material, Color" in shown
    assert "/dags/amazon_lamps/issues/mend?identity=missing%7Cmaterial" in shown
    assert "„Size“ fehlt." in shown
    assert "„Color“ fehlt." not in shown
    (causes,) = re.findall(r"/dags/amazon_lamps/items\?issue=(\w+,\w+)", shown)
    assert re.search(rf"issue={causes}[^>]*>2</a>", shown)  # none lacks all, two lack one of them
    german = client("viewer", **{"accept-language": "de"})
    items = german.get("/api/dags/amazon_lamps/items", params={"issue": causes}).json()["items"]
    assert [one["pim_id"] for one in items] == ["products/1", "products/3"]
    narrowed = german.get("/dags/amazon_lamps/items", params={"issue": causes}).text
    assert re.search("Problem: „(Color|Material)“ fehlt. Und ein weiteres", narrowed)
    gone = german.get("/dags/amazon_lamps/items", params={"issue": "0" * 40}).text
    assert "Dieses Problem ist nicht mehr offen" in gone
    unmapped = {one["label"]: one["unmapped"] for one in client("viewer").get("/api/issues").json()}
    assert unmapped | {"Color": True, "Material": True, "Size": False} == unmapped


@pytest.mark.parametrize(
    ("severity", "source", "said"),
    [
        ("ERROR", "schema", "Frees 0 items."),
        ("WARNING", "schema", "0 warnings disappear."),
        ("WARNING", "preview", ""),  # what Amazon would say is not replayed
    ],
)
def test_a_change_for_a_warning_is_not_said_to_free_items(client, filled, severity, source, said):
    key = resolve_key(filled, "lamps")
    rows = []
    for state in find_states(filled, key):
        product = state.row["product"]
        filled_in = product | {"fields": product["fields"] | {"material": "Bois"}}
        rows.append(msgspec.structs.replace(state, row=state.row | {"product": filled_in}))
    record_states(filled, key, rows)
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    found = replace(lacking("material"), severity=severity, source=source, sources=(source,))
    record_issues(filled, key, run, [CheckedItem("A-1", [found], frozenset({source}))])
    asked = {"identity": "missing|material"}
    page = client("viewer").get("/dags/amazon_lamps/issues/mend", params=asked).text
    assert "Fill it from the PIM field material." in page
    assert re.findall(r"Frees \d+ items\.|\d+ warnings disappear\.", page) == ([said] if said else [])


def test_issues_are_narrowed_by_who_found_them_and_by_what_costs_money(client, filled):
    key = resolve_key(filled, "lamps")
    warning = replace(lacking("color"), severity="WARNING", code="not_suggested", source="preview")
    warning = replace(warning, sources=("preview",))
    held = replace(warning, attribute="purchasable_offer", code="offer_held_back", sources=("schema",))
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    record_issues(filled, key, run, [CheckedItem("A-1", [warning, held], frozenset({"schema", "preview"}))])

    def codes(**query):
        return [one["code"] for one in client("viewer").get("/api/issues", params=query).json()]

    assert codes(severity="ERROR") == ["offer_held_back", "missing_attribute"]
    assert codes(severity="WARNING") == ["not_suggested"] == codes(found_by="preview")
    assert "not_suggested" not in codes(found_by="check")
    assert codes(found_by="amazon") == [] == codes(found_by="nobody")


def test_a_value_of_several_elements_is_shown_as_people_read_it(client, filled):
    key = resolve_key(filled, "lamps")
    elements = [{"value": text, "language_tag": "fr_FR", "marketplace_id": "A13V1IB3VIYZZH"} for text in "ab"]
    found = replace(lacking("bullet_point"), found=elements, source="quality")
    run = start_run(filled, connector_key=key, run_id="later", operation="test")
    record_issues(filled, key, run, [CheckedItem("A-1", [found], frozenset({"quality"}))])
    (cause,) = [
        one for one in client("viewer").get("/api/issues").json() if one["attribute"] == "bullet_point"
    ]
    assert cause["found"] == "a · b"
    assert "language_tag" not in client("viewer").get("/issues").text
