import json
import unicodedata
import zlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import event, insert, select, update

from amazon_listings.approvals.touched import largest_share, touched_by
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.approvals.progress import (
    ApprovalFilter,
    Position,
    Tally,
    count_approvals,
    find_approvals,
    largest_price_moves,
    tallies,
)
from amazon_listings.ledger.approvals.questions import Asked, ask
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.database import CHUNK, open_ledger
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.ledger.tables import approvals, questions
from amazon_listings.runs.plan import Change
from amazon_listings.selling_partner.content.leaves import Leaf
from support.ledgers import ledger_of_revision

NOW = datetime.now(UTC)
PLACE = "A13V1IB3VIYZZH"


def test_what_waits_is_read_in_order_from_an_index(ledger, listings):
    """Sort the rows that wait for no part that is read: of 100,000 there are 200 parts."""
    resolve_key(ledger, listings.connector_key)
    skus = [f"S{number:04}" for number in range(CHUNK + 10)]
    items = [Asked(sku, None, "create", sku, ("first",), ("line",), b"") for sku in reversed(skus)]
    ask(ledger, listings, 1, items, patience=timedelta(days=1))
    asked = []
    event.listen(ledger, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    where = ApprovalFilter(connectors=(listings.connector_key,), states=("asked",))
    assert [row.sku for row in find_approvals(ledger, where)] == skus
    parts = [one for one in asked if "FROM approvals" in one[0]]
    assert len(parts) == 2
    if ledger.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table as a whole")
    with ledger.connect() as connection:
        for statement, values in parts:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert not [row[3] for row in plan if "TEMP B-TREE" in row[3]], plan


def entry(sku, *touches, kind="change", reasons=("first",), share=None, pim_id=None):
    return Asked(sku, pim_id, kind, sku, reasons, touches=touches, price_share=share)


@pytest.fixture
def asked(ledger, listings):
    """Ask in two questions; what the second asks waits for two hours, and one of the first has lapsed."""
    resolve_key(ledger, listings.connector_key)
    first = [
        entry("B", "text", pim_id="products/1"),
        entry("A", "price", "text", share=0.1, reasons=("first", "price_fall")),
        entry("lapsed", "price", share=9.0),
    ]
    second = [
        entry("É-1", kind="create"),
        entry("C", "price", share=0.5),
        entry("D", "price", "text", share=0.1),
    ]
    with_name = ItemState(
        pim_id="products/1", sku="B", family="f", run=1, operation="live", outcome="waiting", read_at=NOW
    )
    record_states(ledger, listings.connector_key, [msgspec.structs.replace(with_name, name="Lampe Été")])
    for items, hours in ((first, 1), (second, 2)):
        ask(ledger, listings, 1, items, patience=timedelta(hours=hours), now=NOW)
    with ledger.begin() as connection:
        lapsed = update(approvals).where(approvals.c.sku == "lapsed")
        connection.execute(lapsed.values(lapses_at=NOW - timedelta(seconds=1)))
    return ledger


def numbers(ledger):
    with ledger.connect() as connection:
        return connection.scalars(select(questions.c.id).order_by(questions.c.id)).all()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["A", "B", "C", "D", "É-1"]),
        ({"what": "price"}, ["A", "C", "D"]),
        ({"what": "text"}, ["A", "B", "D"]),
        ({"what": "create"}, ["É-1"]),
        ({"what": "remove"}, []),
        ({"what": "pri"}, []),
        ({"text": "é-"}, ["É-1"]),
        ({"text": "LAMPE É"}, ["B"]),
        ({"text": "%"}, []),
        ({"text": "b", "what": "price"}, []),
    ],
)
def test_what_waits_is_narrowed_in_sql(asked, listings, where, expected):
    wanted = ApprovalFilter(connectors=(listings.connector_key,), open_at=NOW, **where)
    assert sorted(row.sku for row in find_approvals(asked, wanted)) == expected
    assert count_approvals(asked, wanted) == len(expected)


def test_what_waits_is_counted_by_what_pages_say_of_it(asked, listings):
    key = listings.connector_key
    one, two = numbers(asked)
    found = tallies(asked, ApprovalFilter(connectors=(key,), open_at=NOW))
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    assert found == [
        Tally(one, "change", ("first", "price_fall"), ("price", "text"), 1, soon),
        Tally(one, "change", ("first",), ("text",), 1, soon),
        Tally(two, "change", ("first",), ("price",), 1, late),
        Tally(two, "change", ("first",), ("price", "text"), 1, late),
        Tally(two, "create", ("first",), (), 1, late),
    ]
    first, second = open_questions(asked, now=NOW)
    assert (first.number, first.counts, first.reasons) == (one, {"change": 2}, {"first": 2, "price_fall": 1})
    assert (second.number, second.counts, second.lapses_at) == (two, {"change": 2, "create": 1}, late)


def test_the_largest_moves_of_prices_and_a_part_of_what_waits_are_read_alone(asked, listings):
    where = ApprovalFilter(connectors=(listings.connector_key,), open_at=NOW)
    assert [row.sku for row in largest_price_moves(asked, where, 2)] == ["C", "A"]
    key, (one, two) = listings.connector_key, numbers(asked)
    for most, after, expected in (
        (2, None, ["A", "B"]),
        (2, Position(key, one, "B"), ["C", "D"]),
        (0, None, []),
        (9, Position(key, two, "D"), ["É-1"]),
        (9, Position(key, two + 1, ""), []),
    ):
        assert [row.sku for row in find_approvals(asked, where, after=after, most=most)] == expected


def test_counts_pages_and_prices_of_what_waits_are_read_from_indexes(asked, listings):
    if asked.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table as a whole")
    executed = []
    event.listen(asked, "before_cursor_execute", lambda *told: executed.append(told[2:4]))
    where = ApprovalFilter(connectors=(listings.connector_key,), open_at=NOW)
    tallies(asked, where)
    count_approvals(asked, where)
    list(find_approvals(asked, where, most=2))
    largest_price_moves(asked, where, 2)
    plans = []
    with asked.connect() as connection:
        for statement, values in [one for one in executed if "FROM approvals" in one[0]]:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            plans.append(" ".join(row[3] for row in rows if " approvals " in row[3]))
    for plan, index in zip(plans, ("state", "state", "state", "price_share"), strict=True):
        assert f"USING INDEX ix_approvals_{index} (connector_key=? AND state=?" in plan


def offer(before, after, path=("our_price",), currency="EUR", audience="ALL"):
    selectors = (("audience", audience), ("currency", currency))
    return Change(Leaf(PLACE, "purchasable_offer", selectors, path), before, after)


def schedule(amount):
    return [{"schedule": [{"value_with_tax": amount, "start_at": "2020-01-01"}]}]


CHANGES = {
    "nothing": [],
    "a price falls": [offer(schedule(90.0), schedule(45.0))],
    "a sale": [offer(schedule(90.0), schedule(90.0)), offer(None, schedule(60.0), ("discounted_price",))],
    "whole offers": [offer([{"our_price": schedule(10)}], [{"our_price": schedule(12)}], ())],
    "two offers": [offer(schedule(10), schedule(11)), offer(schedule(10), schedule(20), audience="B2B")],
    "another currency": [offer(schedule(10), None), offer(None, schedule(30), currency="SEK")],
    "no price before": [offer(None, schedule(30))],
    "the same": [offer(schedule(30), schedule(30))],
    "the rest": [
        Change(Leaf(PLACE, "main_product_image_locator", (), ("media_location",)), None, "https://a/b.jpg"),
        Change(Leaf(None, "fulfillment_availability", (), ("quantity",)), 1, 2),
        Change(Leaf(PLACE, "battery", (), ((("language_tag", "fr"),), "value")), "a", None),
        Change(Leaf(PLACE, "purchasable_offer", (), ((("audience", "ALL"),), "value")), "a", "b"),
    ],
}


#: A change of a price that is no number of a computer's.
IMMENSE = zlib.compress(
    json.dumps(
        [
            {
                "leaf": {"attribute": "purchasable_offer", "path": ["our_price"]},
                "before": [{"schedule": [{"value_with_tax": 10**400}]}],
                "after": [{"schedule": [{"value_with_tax": 1}]}],
            }
        ]
    ).encode()
)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_waited_before_is_counted_and_found_alike(backend, listings, tmp_path, request):
    """A ledger of an earlier version has the columns of what waits as if it had been asked now."""
    url = f"sqlite:///{tmp_path}/old.db"
    if backend == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    kept = approvals.c.touches, approvals.c.price_share, approvals.c.search
    old = ledger_of_revision(url, "0020")
    expected = {"damaged": ("", None, "damaged"), "GEMACHT ẞ": ("", None, "gemacht ss")}
    expected["\ufdfa" * 64] = ("", None, unicodedata.normalize("NFKC", "\ufdfa" * 64)[:400])
    expected["immense"] = ("", None, "immense")
    common = {
        "connector_key": listings.connector_key,
        "seller_id": "S",
        "marketplace_id": PLACE,
        "product_type": "LAMP",
        "question": 1,
        "run": 1,
        "hash": "h",
        "reasons": ["first"],
        "lines": [],
        "asked_at": NOW,
        "lapses_at": NOW,
    }
    with old.begin() as connection:
        connection.execute(insert(questions).values(id=1, connector_key="k", run=1, asked_at=NOW))
        rows = [("damaged", "change", "asked", b"damaged"), ("GEMACHT ẞ", "create", "asked", packed([]))]
        rows += [("\ufdfa" * 64, "create", "asked", packed([])), ("immense", "change", "asked", IMMENSE)]
        for number, (name, changes) in enumerate([*CHANGES.items()] * 80):
            sku = f"{name} {number}"
            rows.append((sku, "change", "asked", packed(msgspec.to_builtins(changes))))
            expected[sku] = (" ".join(touched_by(changes)), largest_share(changes), sku)
        for sku, kind, state, changes in rows:
            row = {"sku": sku, "kind": kind, "state": state, "changes": changes}
            connection.execute(insert(approvals).values(common | row))
    old.dispose()
    new = open_ledger(url)
    with new.connect() as connection:
        found = {row[0]: tuple(row[1:]) for row in connection.execute(select(approvals.c.sku, *kept))}
    new.dispose()
    assert found == {
        sku: (touches, pytest.approx(share), search) for sku, (touches, share, search) in expected.items()
    }
