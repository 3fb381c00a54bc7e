"""How fast the workbench's lists are: 50 connectors, 100,000 items, 10,000 open issues.

    python benchmarks/workbench.py [SQLAlchemy URL of an empty PostgreSQL]

Prints the 95th percentile of what each page asks the ledger, in milliseconds: by the clock, and of this
process's work (on SQLite the database's too).
"""

import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import insert, text

from amazon_listings.ledger.connectors.keys import known_connectors, resolve_key
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.causes import changes_since, gone_causes, items_with_errors, open_causes
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.lists import (
    ItemQuery,
    Period,
    attributes_with_issues,
    count_items,
    list_items,
)
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.ledger.runs.overview import last_runs, open_issues_by_connector, states_by_connector
from amazon_listings.ledger.tables import items
from amazon_product_types.validation.issue import Issue, Origin

CONNECTORS, ITEMS, ISSUES, RUNS, TIMES = 50, 100_000, 10_000, 14, 20
NOW = datetime(2026, 11, 28, 5, tzinfo=UTC)


def fill(ledger):
    chance = random.Random(1)
    each = ITEMS // CONNECTORS
    for number in range(CONNECTORS):
        key = resolve_key(ledger, f"connector_{number:02}")
        for run in range(RUNS):
            run_number = start_run(ledger, connector_key=key, run_id=f"run_{run}", operation="live")
            finish_run(
                ledger,
                run_number,
                counts={"accepted": 1800, "blocked": 200},
                calls={},
                cursor=None,
                failure=(),
            )
        record_states(ledger, key, (state(run_number, chance, number, item) for item in range(each)))
        with ledger.begin() as connection:
            connection.execute(insert(items), [listing(number, item) for item in range(each)])
        wrong = (
            CheckedItem(f"SKU-{number:02}-{item:06}", [trouble(item)], frozenset({"schema"}))
            for item in range(ISSUES // CONNECTORS)
        )
        record_issues(ledger, key, run_number, wrong)
    if ledger.dialect.name == "postgresql":  # autovacuum would do so within a minute
        with ledger.begin() as connection:
            connection.execute(text("ANALYZE"))


def state(run, chance, number, item):
    outcome = "blocked" if item < ISSUES // CONNECTORS else chance.choice(("accepted", "unchanged", "live"))
    name = f"Lampe {chance.randrange(10**6)} noire"
    return ItemState(
        pim_id=f"products/{item}",
        sku=f"SKU-{number:02}-{item:06}",
        family=f"products/{item // 3}",
        run=run,
        operation="live",
        outcome=outcome,
        read_at=NOW,
        name=name,
        attributes={"item_name": [{"value": name}], "brand": [{"value": "Lumio"}]},
        row=row(f"products/{item}", f"SKU-{number:02}-{item:06}", f"products/{item // 3}", stock=item),
    )


def row(pim_id, sku, family, **fields):
    """Return an item as a PIM gives it."""
    product = {"id": pim_id, "ref": sku, "status": "visible", "modified": None, "texts": {}, "images": {}}
    product["fields"] = {"brand": "Lumio", **fields}
    head = {"pim_id": pim_id, "group": family, "sku": sku, "status": "visible", "modified": None}
    return {**head, "product": product, "variant": None}


def listing(number, item):
    return {
        "sku": f"SKU-{number:02}-{item:06}",
        "seller_id": "A1SELLER",
        "marketplace_id": "A13V1IB3VIYZZH",
        "connector_key": f"connector_{number:02}",
        "product_type": "LAMP",
        "state": ("live", "accepted", "suppressed")[item % 3],
        "looks": 0,
        "accepted_at": NOW - timedelta(hours=item),
    }


def trouble(item):
    return Issue(
        code="missing_attribute" if item % 2 else "not_an_option",
        severity="ERROR",
        source="schema",
        message="Marque manque.",
        attribute="brand" if item % 2 else "color",
        found=None if item % 2 else f"colour {item % 20}",
        origin=Origin(7, "Marque", "brand", "fr"),
    )


def measured(name, ask):
    taken, worked = [], []
    for _ in range(TIMES):
        start, began = time.perf_counter(), time.process_time()
        ask()
        taken.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - began))
    late, busy = (statistics.quantiles(times, n=20)[-1] for times in (taken, worked))
    print(f"{name:40} {late:8.1f} ms {busy:8.1f} ms")


def main():
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/ledger.db")
        fill(ledger)
        keys = [one.key for one in known_connectors(ledger)]
        everything, one = ItemQuery(keys), ItemQuery(keys[:1])
        measured("connectors: runs", lambda: last_runs(ledger, RUNS))
        measured("connectors: items by outcome", lambda: states_by_connector(ledger))
        measured("connectors: open issues", lambda: open_issues_by_connector(ledger))
        measured("items: first page", lambda: list_items(ledger, everything))
        measured(
            "items: page in the middle",
            lambda: list_items(ledger, everything, after=(keys[25], "products/5")),
        )
        measured("items: suppressed", lambda: list_items(ledger, ItemQuery(keys, states=["suppressed"])))
        measured(
            "items: counts, suppressed", lambda: count_items(ledger, ItemQuery(keys, states=["suppressed"]))
        )
        measured("items: search that finds none", lambda: list_items(ledger, ItemQuery(keys, text="étagère")))
        measured("items: counts", lambda: count_items(ledger, everything))
        measured("items: blocked", lambda: list_items(ledger, ItemQuery(keys, outcomes=["blocked"])))
        measured(
            "items: search that finds little", lambda: list_items(ledger, ItemQuery(keys, text="SKU-49-0019"))
        )
        measured(
            "items: counts of a search", lambda: count_items(ledger, ItemQuery(keys, text="SKU-49-0019"))
        )
        measured("items of one connector: counts", lambda: count_items(ledger, one))
        (commonest, *_) = open_causes(ledger, keys[:1], ["ERROR"])
        of_issue = ItemQuery(keys[:1], causes=[commonest.digest])
        measured("items of an issue", lambda: list_items(ledger, of_issue))
        references = [f"SKU-{number:02}-{item:06}" for number in range(CONNECTORS) for item in range(4)]
        week = [Period(keys, NOW - timedelta(days=7), NOW)]
        filters = {
            "200 references": ItemQuery(keys, references=references),
            "field with an issue": ItemQuery(keys, attribute="brand"),
            "variants": ItemQuery(keys, kind="variant"),
            "changed in a week": ItemQuery(keys, changed=week),
            "all of them": ItemQuery(
                keys, attribute="brand", kind="product", changed=week, outcomes=["blocked"], text="lampe"
            ),
        }
        for name, query in filters.items():
            measured(f"items: {name}", partial(list_items, ledger, query))
            measured(f"items: counts, {name}", partial(count_items, ledger, query))
        measured("items: fields with issues", lambda: attributes_with_issues(ledger, keys))
        measured("issues: causes", lambda: open_causes(ledger, keys, ["ERROR", "WARNING"]))
        measured("issues: items", lambda: items_with_errors(ledger, keys))
        errors, now = items_with_errors(ledger, keys), datetime.now(UTC)
        measured("issues: items before", lambda: changes_since(ledger, errors, now))
        measured("issues: gone", lambda: gone_causes(ledger, keys, ["ERROR"], after=now - timedelta(days=7)))


if __name__ == "__main__":
    main()
