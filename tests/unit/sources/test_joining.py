"""Joining loses nothing and doubles nothing, however pages are cut and ordered."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.joining import items, join, orphan_problems
from amazon_listings.sources.record import new_record
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.selection import Selection
from amazon_listings.sources.staging import StagingStore

products = st.lists(st.integers(1, 6), max_size=8)
variants = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 8), st.booleans()), max_size=12)


@settings(max_examples=120)
@given(products, variants, st.randoms())
def test_each_record_is_one_item_or_one_problem(product_ids, variant_rows, random):
    with closing(StagingStore()) as shelf:
        steps = [("p", each) for each in product_ids] + [("v", each) for each in variant_rows]
        random.shuffle(steps)
        last = {}
        for kind, value in steps:
            if kind == "p":
                shelf.put_product(str(value), new_record(str(value)))
            else:
                number, parent, shown = value
                shelf.put_variant(str(parent), new_record(str(number)), shown=shown)
                last[number] = (parent, shown)
        found = list(items(shelf))
        orphans = {problem.sku for problem in orphan_problems(shelf)}
    known = set(product_ids)
    with_variants = {parent for parent, _ in last.values()}
    expected = {f"variants/{n}" for n, (parent, shown) in last.items() if shown and parent in known}
    expected |= {f"products/{n}" for n in known - with_variants}
    ids = [item["pim_id"] for item in found]
    assert sorted(ids) == sorted(expected)
    assert orphans == {str(n) for n, (parent, shown) in last.items() if shown and parent not in known}
    groups = [group for group, _ in groupby(item["group"] for item in found)]
    assert len(groups) == len(set(groups))  # families side by side


SCHEMA = {"products": ["STATUS", "ID", "REF"], "variants": ["STATUS", "ID", "ID_products", "REF"]}


def test_any_cut_into_pages_gives_the_same_items(connector, time):
    rows = [("products", ["M", n, f"P{n}"]) for n in range(1, 8)]
    rows += [("variants", ["M", 10 * n + m, n, f"V{n}{m}"]) for n in range(1, 6) for m in range(n % 3)]
    expected = None

    @settings(max_examples=25, deadline=None)
    @given(st.permutations(rows), st.lists(st.integers(1, 6), min_size=len(rows), max_size=len(rows)))
    def check(order, sizes):
        nonlocal expected
        pages, rest = [], list(order)
        for size in sizes:
            data = {}
            for table, row in rest[:size]:
                data.setdefault(table, []).append(row)
            rest = rest[size:]
            pages.append({"data": data or []})
            if not rest:
                break
        pages[0]["data_schema"] = SCHEMA
        connector.pages = pages
        reading = read_items(SalesLayerAccount(connector.connection, clock=time.clock), Selection())
        ids = sorted(item["pim_id"] for item in reading)
        expected = expected or ids
        assert ids == expected
        assert reading.problems == []

    check()
    assert len(expected) == 1 + 2 + 1 + 2 + 3  # variants of 1, 2, 4 and 5; products 3, 6 and 7 alone


def test_an_item_changed_when_its_variant_or_its_product_did():
    product = new_record("1") | {"modified": "2026-05-02T00:00:00Z"}
    for variant, item in (
        ("2026-05-03T00:00:00Z", "2026-05-03T00:00:00Z"),
        ("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"),
        (None, "2026-05-02T00:00:00Z"),
    ):
        assert join(product, new_record("2") | {"modified": variant})["modified"] == item
    assert join(product, None)["modified"] == "2026-05-02T00:00:00Z"


def test_a_change_at_the_end_of_an_interval_belongs_to_the_next_one():
    begin, end = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
    interval = Selection(changed_since=begin, changed_until=end)
    assert [interval.within(moment) for moment in (begin, end - timedelta(seconds=1), end)] == [
        True,
        True,
        False,
    ]
