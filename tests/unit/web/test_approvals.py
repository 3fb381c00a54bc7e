"""Approvals: what waits is shown with its difference, and answers hold for what was seen."""

import html
import json
import re
from datetime import timedelta

import msgspec
import pytest
import yaml
from sqlalchemy import update

from amazon_listings.approvals.touched import largest_share, touched_by
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.ledger.approvals.questions import Asked, ask
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.connectors.stops import stop_of
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.items.states import StateFilter, find_states, record_states
from amazon_listings.ledger.tables import approvals
from amazon_listings.messages import catalogue
from amazon_listings.runs.plan import Change
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.content.leaves import Leaf
from amazon_listings.selling_partner.listings import put
from amazon_listings.web.changes.approvals_page import BATCH, SHOWN
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.airflow import amazon_connection
from support.feed_runs import FRANCE, LAMP
from support.hostile import HOSTILE
from support.pages import Reading

ORIGIN = {"origin": "http://airflow.test"}
PLACE = "/dags/amazon_lamps/approvals"
LISTINGS = ListingScope("lamps", "A1", "A13V1IB3VIYZZH", "LAMP")


@pytest.fixture
def asked(filled):
    """Ask about these SKUs; another value is another question."""

    def asked(*skus, after="new"):
        change = Change(Leaf("A13V1IB3VIYZZH", "item_name"), before="old", after=after)
        changes = packed(msgspec.to_builtins([change]))
        items = [Asked(sku, sku, "change", f"{sku}-{after}", ("first",), ("line",), changes) for sku in skus]
        return ask(filled, LISTINGS, 1, items, patience=timedelta(hours=24))

    return asked


def asked_about(sku, pim_id, kind, changes=(), *, hash_="", reasons=("first",), lines=("line",)):
    """Return what a run asks about changes."""
    text, changed = packed(msgspec.to_builtins(list(changes))), changes if kind == "change" else ()
    kept = {"touches": touched_by(changed), "price_share": largest_share(changed)}
    return Asked(sku, pim_id, kind, hash_ or sku, reasons, lines, text, **kept)


def waiting(answer):
    return answer.json()["items"]


def states(ledger):
    return {one.sku: one.state for one in find_approvals(ledger, ApprovalFilter(connectors=("lamps",)))}


def answer(client, user="editor", **body):
    return client(user, **ORIGIN).post(PLACE, json=body)


def test_what_waits_is_shown_with_before_after_and_reason(client, asked):
    asked("A-1")
    (item,) = waiting(client("viewer").get(f"/api{PLACE}"))
    (change,) = item["changes"]
    assert (item["sku"], change["label"], change["before"], change["after"]) == (
        "A-1",
        "Nom du produit",
        "old",
        "new",
    )
    shown = client("viewer").get(PLACE).text
    assert "the mapping line was not approved yet" in shown
    assert "What it takes to send: one by one, 1 update, less than a minute." in shown


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


def test_what_others_entered_at_amazon_is_shown_beside_the_question(client, filled, sandbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_SELLING_PARTNER", json.dumps(amazon_connection(sandbox)))
    french = {"language_tag": "fr_FR", "marketplace_id": FRANCE}
    (known,) = find_states(filled, "lamps", StateFilter(pim_ids=["products/1"]))
    ours = {name: [{"value": f"Our {name}"} | french] for name in ("item_name", "brand")}
    ours["lamp_type"] = LAMP["lamp_type"]
    record_states(filled, "lamps", [msgspec.structs.replace(known, attributes=ours)])
    leaf = Leaf(FRANCE, "item_name", (("language_tag", "fr_FR"),), ("value",))
    changes = packed(msgspec.to_builtins([Change(leaf, before="old", after="Our item_name")]))
    item = Asked("A-1", "products/1", "change", "h", ("first",), ("line",), changes)
    ask(filled, LISTINGS, 1, [item], patience=timedelta(hours=24))
    editor, place = client("editor"), f"{PLACE}/left?sku=A-1"
    assert f'data-open="{place}"' in editor.get(PLACE).text
    assert "data-open" not in client("viewer").get(PLACE).text  # who may not use the connection
    assert "Amazon has no listing of this SKU." in editor.get(place).text
    account = account_at(sandbox, seller_id=sandbox.seller_id)
    put(SellingPartner(account), "A-1", FRANCE, product_type="LAMP", attributes=LAMP)
    page = html.unescape(editor.get(place).text)
    rows = re.findall(r"<dt title=\"([^\"]*)\">.*?<dd>(.*?)<br>(.*?)</dd>", page, re.DOTALL)
    assert len(rows) == len({where for where, *_ in rows}) > 3
    assert not [where for where, *_ in rows if where.startswith(("item_name", "lamp_type"))]
    for where, value, said in rows:
        if where.startswith("brand"):
            assert (value, "we send: Our brand" in said) == (LAMP["brand"][0]["value"], True)
        else:
            assert "not ours, kept as it is" in said
    assert editor.get(f"{PLACE}/left?sku=nothing").status_code == 404


def test_the_largest_price_changes_are_shown_first(client, filled):
    leaf = Leaf("A13V1IB3VIYZZH", "purchasable_offer", (("currency", "EUR"),), ("our_price",))
    before, *after = ([{"schedule": [{"value_with_tax": price}]}] for price in (89.9, 89.0, 8.99))
    for sku, then in zip(("A-1", "A-2"), after, strict=True):
        item = asked_about(sku, sku, "change", [Change(leaf, before, then)], reasons=("price_fall",))
        ask(filled, LISTINGS, 1, [item], patience=timedelta(hours=24))
    _, second = waiting(client("viewer").get(f"/api{PLACE}"))
    assert second["prices"] == [{"sku": "A-2", "before": 89.9, "after": 8.99, "share": pytest.approx(-0.9)}]
    shown = client("viewer", **{"accept-language": "fr"}).get(PLACE).text
    assert "Les plus grands changements de prix" in shown
    assert 0 < shown.index(">A-2</th>") < shown.index(">A-1</th>")


@pytest.mark.parametrize(
    ("which", "named", "expected"),
    [
        ("all", [], {"A-1": "approved", "A-2": "approved", "A-3": "approved"}),
        ("but", ["A-2"], {"A-1": "approved", "A-2": "asked", "A-3": "approved"}),
        ("only", "A-2", {"A-1": "asked", "A-2": "approved", "A-3": "asked"}),
    ],
)
def test_an_answer_holds_for_all_all_but_some_or_some(client, asked, filled, which, named, expected):
    number = asked("A-1", "A-2", "A-3")
    assert answer(client, approve="yes", which=which, sku=named, questions=str(number)).status_code == 200
    assert states(filled) == expected


def test_a_change_that_came_after_the_page_is_not_approved_with_it(client, asked, filled):
    seen = asked("A-1", "A-2")
    asked("A-2", after="newer")
    told = answer(client, approve="yes", which="all", questions=str(seen)).json()["message"]
    assert told.startswith("1 item approved")
    assert states(filled) == {"A-1": "approved", "A-2": "asked"}


def test_a_refusal_is_entered_and_a_choice_of_nothing_is_not(client, asked, filled):
    number = asked("A-1")
    assert answer(client, approve="no", which="only", sku=[], questions=str(number)).status_code == 422
    assert answer(client, approve="no", which="all", questions="").status_code == 422
    assert answer(client, approve="no", which="all", questions=str(number)).status_code == 200
    assert states(filled) == {"A-1": "refused"}


def test_only_named_approvers_answer(client, asked, filled, folder):
    number = asked("A-1")
    document = yaml.safe_load((folder / "lamps.yaml").read_text())
    (folder / "lamps.yaml").write_text(yaml.safe_dump(document | {"approval": {"approvers": ["admin"]}}))
    assert answer(client, approve="yes", which="all", questions=str(number)).status_code == 403
    assert states(filled) == {"A-1": "asked"}
    assert answer(client, "admin", approve="yes", which="all", questions=str(number)).status_code == 200


def test_a_connector_is_stopped_and_resumed_by_name(client, filled):
    stop = client("editor", **ORIGIN).post("/dags/amazon_lamps/sending", json={"send": "no"})
    assert stop.status_code == 200
    assert (stop_of(filled, "lamps").stopped_by, stop_of(filled, "elsewhere")) == ("editor", None)
    assert "by editor" in client("viewer").get("/activity?dag=amazon_lamps").text
    client("editor", **ORIGIN).post("/dags/amazon_lamps/sending", json={"send": "yes"})
    assert stop_of(filled, "lamps") is None


def test_what_waits_is_a_list_of_what_to_correct_in_the_pim(client, asked):
    asked("A-1")
    asked("A-2")
    answer = client("viewer").get(f"{PLACE}.csv?q=a-2")
    assert answer.headers["content-type"].startswith("text/csv")
    head, *lines = answer.text.removeprefix("\ufeff").splitlines()
    assert head.split(",")[:4] == ["sku", "name", "kind", "field"]
    assert [line.split(",")[0] for line in lines] == ["A-2"]
    assert f"{PLACE}.csv?q=a-2" in client("viewer").get(f"{PLACE}?q=a-2").text


@pytest.fixture
def many(filled):
    """Ask about more items than a page and a batch of the CSV file have, in two questions."""
    skus = [f"S-{number:04}" for number in range(BATCH + SHOWN)]
    change = [Change(Leaf("A13V1IB3VIYZZH", "item_name"), "old", "new")]
    for some in (skus[:7], skus[7:]):
        items = [asked_about(sku, None, "change", change) for sku in some]
        ask(filled, LISTINGS, 1, items, patience=timedelta(hours=24))
    return skus


def test_the_api_gives_what_waits_a_page_at_a_time(client, many):
    def page(**place):
        return client("viewer").get(f"/api{PLACE}", params=place).json()

    shown, place = [], {}
    while place is not None:
        found = page(**place)
        assert (found["count"], len(found["items"])) == (len(many), SHOWN)
        shown += [one["sku"] for one in found["items"]]
        place = found["next"]
    assert shown == many
    last = page(q="s-000", after_question=1, after_sku="S-0005")
    assert [one["sku"] for one in last["items"]] == ["S-0006", "S-0007", "S-0008", "S-0009"]
    assert (last["count"], last["next"]) == (10, None)
    far = page(after_question=2**31 - 1, after_sku=HOSTILE)
    assert far == {"items": [], "count": len(many), "next": None}


def test_only_what_a_page_shows_is_unpacked(client, filled, many):
    with filled.begin() as connection:
        unread = approvals.c.sku.in_(many[SHOWN:])
        connection.execute(update(approvals).where(unread).values(changes=b"damaged"))
    page = client("viewer").get(PLACE)
    assert page.text.count('<th scope="rowgroup"') == SHOWN
    assert f"{len(many)} items wait for your answer" in page.text
    assert f"{len(many) - SHOWN} more items" in page.text
    narrowed = client("viewer").get(PLACE, params={"q": "S-00"}).text
    assert "50 more items" in narrowed
    assert f"{len(many)} items wait for your answer" in narrowed
    assert len(waiting(client("viewer").get(f"/api{PLACE}", params={"what": "text"}))) == SHOWN


def test_the_file_has_all_that_waits(client, many):
    answer = client("viewer").get(f"{PLACE}.csv").text
    assert [line.split(",")[0] for line in answer.splitlines()[1:]] == many


def test_what_waits_is_searched_by_sku_and_name_and_answered_by_choice(client, filled):
    for sku, pim_id in (("A-1", "products/1"), ("B-2", None)):
        ask(
            filled,
            LISTINGS,
            1,
            [Asked(sku, pim_id, "create", sku, ("first",), ("line",))],
            patience=timedelta(hours=24),
        )
    by_name = waiting(client("editor").get(f"/api{PLACE}", params={"q": "LAMPE"}))
    assert [(one["sku"], one["name"]) for one in by_name] == [("A-1", "Lampe")]
    assert [one["sku"] for one in waiting(client("editor").get(f"/api{PLACE}?q=b-"))] == ["B-2"]
    whole = controls(client("editor").get(PLACE))
    assert whole["which"] == ["all", "but", "only"]
    part = controls(client("editor").get(PLACE, params={"q": "lampe"}))
    # What is not shown is not approved with the rest.
    assert (part["which"], part["sku"]) == (["only"], ["A-1"])
    assert "Nothing matches" in client("editor").get(PLACE, params={"q": "nowhere"}).text


def controls(answer):
    found = {}
    for tag, attributes in Reading(answer.text).tags:
        if tag == "input":
            found.setdefault(attributes["name"], []).append(attributes["value"])
    return found


def test_a_change_is_shown_with_its_share_and_what_the_pim_says(client, filled):
    place = "A13V1IB3VIYZZH"
    offer = Leaf(place, "purchasable_offer", (("currency", "EUR"),), ("our_price",))
    prices = [[{"schedule": [{"value_with_tax": price}]}] for price in (89.9, 8.99)]
    stock = Leaf(None, "fulfillment_availability", (("fulfillment_channel_code", "DEFAULT"),), ("quantity",))
    picture = Leaf(place, "main_product_image_locator", (), ("media_location",))
    brand = Leaf(place, "brand", (), ("value",))
    changes = [
        Change(offer, *prices),
        Change(picture, None, "https://a/b.jpg"),
        Change(brand, HOSTILE, "Acme"),
        Change(stock, None, 3),
        Change(brand, "Acme", None),
        Change(stock, 4, 2),
    ]
    items = [
        asked_about("A-1", "products/1", "change", changes, hash_="a" * 64, lines=()),
        asked_about("A-2", None, "create", changes[:1], lines=()),
        asked_about("A-3", None, "remove", lines=()),
    ]
    ask(filled, LISTINGS, 1, items, patience=timedelta(hours=24))
    first, *_ = waiting(client("viewer").get(f"/api{PLACE}"))
    assert [(one["touched"], one["share"]) for one in first["changes"]] == [
        ("price", pytest.approx(-0.9)),  # what moves a number, what replaces a value, what is new
        ("quantity", -0.5),
        ("text", None),
        ("text", None),
        ("image", None),
        ("quantity", None),
    ]
    assert [one["pim_value"] for one in first["changes"]] == ["", "", "Acme", "Acme", "", ""]
    assert (first["changes"][2]["pim_field"], first["hash"]) == ("brand", "a" * 64)
    shown = client("editor").get(PLACE).text
    assert HOSTILE not in shown
    for text in (
        "-90%",
        "-50%",
        "Hash aaaaaaaaaaaa",
        "From the PIM",
        "Nothing else of these listings changes",
        "1 more change",
    ):
        assert text in shown, text
    for what, left in (
        ("price", ["A-1"]),
        ("image", ["A-1"]),
        ("create", ["A-2"]),
        ("remove", ["A-3"]),
        ("", ["A-1", "A-2", "A-3"]),
    ):
        narrowed = controls(client("editor").get(PLACE, params={"what": what}))
        assert narrowed["sku"] == left, what
        # What is not shown is not approved with the rest.
        assert narrowed["which"] == (["only"] if what else ["all", "but", "only"])
    assert "Nothing matches" in client("editor").get(PLACE, params={"what": HOSTILE}).text


def test_the_page_of_connectors_says_when_and_why_items_wait(client, filled):
    items = [
        Asked(sku, sku, "change", sku, ("price_fall", "first")[:count], ("line",))
        for sku, count in (("A-1", 1), ("A-2", 2))
    ]
    ask(filled, LISTINGS, 1, items, patience=timedelta(hours=24))
    key = resolve_key(filled, "lamps")
    assert client("viewer").get("/api/connectors").json()[0]["asked"] == {}  # as long as no item waits
    (known,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))
    record_states(filled, key, [msgspec.structs.replace(known, outcome="waiting")])
    assert client("viewer").get("/api/connectors").json()[0]["asked"] == {"price_fall": 2, "first": 1}
    shown = client("viewer", **{"accept-language": "de"}).get("/").text
    assert f"2 · {catalogue('de').phrase('approval.reason_price_fall')}" in shown
    assert re.search(r"</time>\s*<br><span class=\"dim\">vor \d+ ", shown)


def test_an_item_that_was_approved_waits_for_no_answer(client, filled, asked):
    def told():
        (one, *_) = client("viewer").get("/api/connectors").json()
        return one["waiting"], one["state"], "attend votre r" in french.get("/attention").text

    french = client("viewer", **{"accept-language": "fr"})
    (known,) = find_states(filled, "lamps", StateFilter(pim_ids=["products/1"]))
    record_states(filled, "lamps", [msgspec.structs.replace(known, outcome="waiting")])
    asked("A-1")
    assert told()[::2] == (1, True)
    assert told()[1] == "waiting"
    answer(client, approve="yes", which="all", questions="1")
    assert told()[::2] == (0, False)
    assert told()[1] != "waiting"


def test_an_item_s_history_has_what_was_asked_and_answered(client, asked):
    asked("A-1")
    place = "/dags/amazon_lamps/item?id=products/1"

    def told():
        (one,) = client("viewer").get(f"/api{place}").json()["approvals"]
        return one["state"], one["by"], one["reasons"]

    assert told() == ("asked", None, ["first"])
    assert "approvals?q=A-1" in client("viewer").get(place).text
    answer(client, approve="yes", which="all", questions="1")
    assert told() == ("approved", "editor", ["first"])
    assert "approved by editor" in client("viewer").get(place).text
