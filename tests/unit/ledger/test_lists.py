"""Lists of items and causes: filtered, searched and grouped in SQL, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, insert, select

from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.causes import open_causes
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.lists import (
    ItemQuery,
    Period,
    attributes_with_issues,
    count_items,
    list_items,
)
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.ledger.tables import issues, item_states, items
from amazon_product_types.validation.issue import Issue, Origin
from support.ledgers import ledger_of_revision

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = ("Étagère murale", "Lampe 50 % LED", "lampe_de_bureau", "STRASSE", "Tre\u0301pied", "SKU/A")


def state(number, name=None, **changes):
    return ItemState(
        **{
            "pim_id": f"variants/{number}",
            "sku": f"S-{number}",
            "family": "products/1",
            "run": 1,
            "operation": "live",
            "outcome": "blocked" if number % 2 else "accepted",
            "read_at": NOON,
            "name": name,
        }
        | changes
    )


def listing(key, number, state):
    return {
        "sku": f"S-{number}",
        "seller_id": "A1",
        "marketplace_id": "M",
        "connector_key": key,
        "product_type": "LAMP",
        "state": state,
        "asin": f"B0{number}",
    }


def trouble(found, *, severity="ERROR", measured=None):
    return Issue(
        code="not_an_option",
        severity=severity,
        source="schema",
        message="No option.",
        attribute="color",
        found=found,
        measured=measured,
        origin=Origin(7, "Couleur", "colour", "fr"),
    )


@pytest.fixture
def named(ledger):
    record_states(ledger, "lamps", [state(number, name) for number, name in enumerate(NAMES)])
    record_states(ledger, "desks", [state(0, NAMES[0])])
    return ledger


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("étagère", [0]),
        ("ÉTAGÈRE M", [0]),
        ("50 %", [1]),
        ("%", [1]),
        ("e_de", [2]),
        ("_", [2]),
        ("straße", [3]),
        ("TRÉPIED", [4]),
        ("s-5", [5]),
        ("ku/a", [5]),
        ("variants/3", [3]),
        ("  lampe ", [1, 2]),
        ("lampee", []),
    ],
)
def test_search_knows_neither_case_nor_wildcards(named, text, found):
    query = ItemQuery(["lamps"], text=text)
    assert [int(one.pim_id[-1]) for one in list_items(named, query)] == found
    assert sum(count_items(named, query).values()) == len(found)


def test_pages_follow_each_other_whatever_is_filtered(ledger):
    for key in ("desks", "lamps"):
        record_states(ledger, key, [state(number, f"Lampe {number}") for number in range(25)])
        with ledger.begin() as connection:
            connection.execute(
                insert(items),
                [listing(key, number, "live" if number % 3 else "suppressed") for number in range(25)],
            )
    record_issues(
        ledger,
        "lamps",
        1,
        [
            CheckedItem(name, [trouble(value)], frozenset({"schema"}))
            for name, value in (("S-3", "rot"), ("S-4", "blau"))
        ],
    )
    of_red = next(one for one in open_causes(ledger, ["lamps"], ["ERROR"]) if one.examples == ["S-3"])
    for changes, count in (
        ({}, 50),
        ({"outcomes": ["blocked"]}, 24),
        ({"states": ["suppressed"]}, 18),
        ({"text": "lampe 1"}, 22),
        ({"causes": [of_red.digest]}, 1),
        ({"states": ["suppressed"], "outcomes": ["blocked"], "text": "LAMPE"}, 8),
    ):
        query = ItemQuery(["lamps", "desks"], **changes)
        seen, after = [], None
        while page := list_items(ledger, query, after=after, most=7):
            seen += page
            after = (page[-1].connector_key, page[-1].pim_id)
        assert len(seen) == count
        assert [(one.connector_key, one.pim_id) for one in seen] == sorted(
            {(one.connector_key, one.pim_id) for one in seen}
        )
        assert {one.asin for one in seen} <= {f"B0{number}" for number in range(25)}
        counted = count_items(ledger, query)
        assert sum(counted.values()) == count or query.outcomes
    (one,) = [one for one in seen if one.connector_key == "lamps" and one.pim_id == "variants/3"]
    assert (one.errors, one.warnings, one.state) == (1, 0, "suppressed")
    assert not [one for one in seen if one.connector_key == "desks" and one.errors]


@pytest.fixture
def changed(ledger):
    """Twelve variants and their product, of two connectors; listings changed day after day."""
    for key in ("desks", "lamps"):
        states = [state(number, f"Lampe {number}") for number in range(12)]
        record_states(ledger, key, [*states, state(99, "Lampe", pim_id="products/1", sku="P")])
        with ledger.begin() as connection:
            connection.execute(
                insert(items),
                [
                    listing(key, number, "live") | {"accepted_at": NOON + timedelta(days=number)}
                    for number in range(12)
                ],
            )
    wrong = [CheckedItem(f"S-{number}", [trouble("rot")], frozenset({"schema"})) for number in (1, 4)]
    record_issues(ledger, "lamps", 1, wrong)
    return ledger


#: What is wanted, and how many of which items of both connectors it leaves.
NARROWED = [
    ({"references": ["S-3", "variants/5", "S-33", "s-4"]}, ["variants/3", "variants/5"] * 2),
    ({"attribute": "color"}, ["variants/1", "variants/4"]),
    ({"attribute": "colo_"}, []),
    ({"attribute": "color", "references": ["S-4"]}, ["variants/4"]),
    ({"kind": "product"}, ["products/1"] * 2),
    ({"kind": "variant", "outcomes": ["blocked"], "references": ["S-1", "P"]}, ["variants/1"] * 2),
    (
        {
            "changed": [
                Period(["lamps"], NOON + timedelta(days=9), None),
                Period(["desks"], NOON, NOON + timedelta(days=1)),
            ]
        },
        ["variants/0", "variants/10", "variants/11", "variants/9"],
    ),
    (
        {
            "changed": [Period(["lamps", "desks"], None, NOON + timedelta(days=2))],
            "kind": "variant",
            "states": ["live"],
        },
        ["variants/0", "variants/1"] * 2,
    ),
]


@pytest.mark.parametrize(("changes", "left"), NARROWED)
def test_items_by_reference_field_kind_and_change(changed, changes, left):
    query = ItemQuery(["lamps", "desks"], **changes)
    seen, after = [], None
    while page := list_items(changed, query, after=after, most=1):
        seen.append(page[0].pim_id)
        after = (page[0].connector_key, page[0].pim_id)
    assert seen == left
    counted = count_items(changed, query)
    assert sum(counted.values()) == len(left) or query.outcomes


@pytest.mark.parametrize(("changes", "left"), NARROWED)
def test_no_filter_reads_every_row(changed, changes, left):
    if changed.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table as a whole")
    asked = []
    event.listen(changed, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    query = ItemQuery(["lamps", "desks"], **changes)
    list_items(changed, query)
    count_items(changed, query)
    with changed.connect() as connection:
        for statement, values in [one for one in asked if "FROM item_states" in one[0]]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            for step in (row[3] for row in plan if "item_states" in row[3]):
                assert "INDEX" in step, plan
                whole = "(connector_key=?)" in step and "COVERING" not in step
                assert not whole, (statement, plan)


def test_the_attributes_that_have_issues(changed):
    assert attributes_with_issues(changed, ["lamps"]) == {"color": "color"}
    assert attributes_with_issues(changed, ["desks"]) == {}
    assert attributes_with_issues(changed, []) == {}


def test_a_cause_is_a_rule_a_field_and_a_value(ledger):
    wrong = [
        trouble("rot"),
        trouble("rot"),
        trouble("blau"),
        *(trouble("x" * n, measured={"n": n}) for n in (1, 2)),
    ]
    checked = [CheckedItem(f"S-{n}", [one], frozenset({"schema"})) for n, one in enumerate(wrong)]
    record_issues(ledger, "lamps", 1, checked)
    found = open_causes(ledger, ["lamps"], ["ERROR", "WARNING"])
    assert [(one.items, one.examples) for one in found] == [
        (2, ["S-0", "S-1"]),
        (2, ["S-3", "S-4"]),
        (1, ["S-2"]),
    ]
    assert open_causes(ledger, ["lamps"], ["WARNING"]) == []
    # The value changes: another cause; and it goes.
    record_issues(ledger, "lamps", 2, [CheckedItem("S-1", [trouble("blau")], frozenset({"schema"}))])
    record_issues(ledger, "lamps", 3, [CheckedItem("S-0", [], frozenset({"schema"}))])
    found = open_causes(ledger, ["lamps"], ["ERROR"])
    assert {one.issue.found: one.examples for one in found if one.issue.measured is None} == {
        "blau": ["S-1", "S-2"]
    }


def test_a_ledger_from_before_is_searched_and_grouped_alike(tmp_path):
    new = open_ledger(f"sqlite:///{tmp_path}/new.db")
    record_states(
        new, "lamps", [state(number, name) for number, name in enumerate([*NAMES, "ß" * 200, None])]
    )
    record_states(new, "lamps", [state(9, "ohne", sku=None)])
    values = ("a", {"b": 1}, None)
    wrong = [CheckedItem(f"S-{n}", [trouble(value)], frozenset({"schema"})) for n, value in enumerate(values)]
    record_issues(new, "lamps", 1, wrong)
    url = f"sqlite:///{tmp_path}/old.db"
    old = ledger_of_revision(url, "0016")
    with new.connect() as source, old.begin() as target:
        for table in (item_states, issues):
            columns = [one for one in table.c if one.name not in {"search", "cause", "variant"}]
            rows = [dict(row._mapping) for row in source.execute(select(*columns))]
            target.execute(insert(table), rows)
    old.dispose()
    with new.connect() as one, open_ledger(url).connect() as other:
        for columns in (
            (item_states.c.pim_id, item_states.c.search, item_states.c.variant),
            (issues.c.item, issues.c.cause),
        ):
            kept = one.execute(select(*columns)).all()
            assert other.execute(select(*columns)).all() == kept
            assert all(row[1] for row in kept)
