"""The ledger with a million known items against ten thousand: a run's time and peak memory.

    python benchmarks/ledger.py [--items 1000000] [--few 10000] [--times 3] [--only sqlite|postgresql]
                                [--kinds incremental complete]

Two kinds of run, each in a process of its own, over a ledger that knows so many items:

- *incremental*: the PIM says that 1,000 items changed. They are looked up, 1,000 submissions with their
  before-images and 1,000 accepted payloads are entered behind fences, and their issues recorded.
- *complete*: every known item is looked up, part by part of 2,000, to find the 1,000 whose payload changed;
  then the same writes, and the listings that left the filter are looked for.

The incremental run must take at most 1.3 times as long over a million items as over ten thousand. The
complete run must grow with the items and no faster, and its memory must not grow. The plan that the database
makes of each query of an incremental run is shown, with `FULL SCAN` where it reads a whole table. At last as
many submissions of old runs as half the items are pruned: half a million in less than 60 seconds. A private
PostgreSQL is started if Debian's package is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import BigInteger, String, cast, event, func, insert, literal, select, text

from amazon_listings.ledger.database import chunks, open_ledger
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.known_good import digests_of_others, skus_in_question, states_of_families
from amazon_listings.ledger.items.leavers import listed_but_not
from amazon_listings.ledger.items.payloads import ItemPayload, ListingScope, record_accepted
from amazon_listings.ledger.items.states import Fingerprint, ItemState, mark_unchanged, record_states
from amazon_listings.ledger.runs.history import finish_run, last_run, start_run
from amazon_listings.ledger.runs.owed import settle_owed
from amazon_listings.ledger.runs.retention import prune
from amazon_listings.ledger.tables import item_states, runs, submissions
from amazon_listings.ledger.tables import items as item_rows
from amazon_listings.ledger.writes.fences import lower_fences, raise_fences
from amazon_listings.ledger.writes.leases import Lease
from amazon_listings.ledger.writes.submissions import (
    LedgerAnswer,
    LedgerWrite,
    announce_submissions,
    record_answers,
)
from amazon_product_types.validation.issue import Issue

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks.peak import peak  # noqa: E402 - after the path

LISTINGS = ListingScope("bench", "A1SELLER", "A13V1IB3VIYZZH", "HOME")
CHANGED = 1_000
PART = 2_000
#: The parts of the fingerprint that all items share.
SHARED = {"mapping": 1, "definition": 2, "rules": 3, "quality": 4, "tables": 0}
#: Answers are entered every so many, as a live sync does.
BATCH = 25
KINDS = ["incremental", "complete"]
#: A body or a before-image, as large as a compressed one.
BODY = bytes(600)
WORDS = ("light", "oak", "walnut", "frame", "glass", "shade", "base", "cable", "warm", "white", "brass")


def sku(number: int) -> str:
    return f"SKU-{number:08}"


def attributes(number: int, version: int) -> dict:
    """About 2 KB of JSON, different for each item."""
    words = [WORDS[(number * 7 + place * place + version) % len(WORDS)] for place in range(200)]
    here = {"marketplace_id": LISTINGS.marketplace_id, "language_tag": "fr_FR"}
    bullets = [{"value": " ".join(words[start : start + 30]), **here} for start in range(0, 150, 30)]
    return {
        "item_name": [{"value": f"{words[0]} {words[1]} {number}", **here}],
        "bullet_point": bullets,
        "product_description": [{"value": " ".join(words), **here}],
        "item_weight": [
            {"value": number % 50 + 1, "unit": "kilograms", "marketplace_id": LISTINGS.marketplace_id}
        ],
    }


def payload(number: int, version: int) -> ItemPayload:
    return ItemPayload(
        sku(number), f"variants/{number}", digest(number, version), attributes(number, version)
    )


def state(number: int, version: int, run: int) -> ItemState:
    """The state of an item as a run leaves it."""
    row = {
        "pim_id": f"variants/{number}",
        "product": {"fields": {"name": f"Item {number}", "number": number}},
    }
    return ItemState(
        pim_id=f"variants/{number}",
        sku=sku(number),
        family=f"variants/{number}",
        run=run,
        operation="live",
        outcome="accepted",
        read_at=datetime.now(UTC),
        row=row,
        attributes=attributes(number, version),
        payload_hash=digest(number, version),
        name=f"Item {number}",
        fingerprint=Fingerprint(row=version, family=version, **SHARED),
    )


def digest(number: int, version: int) -> str:
    return hashlib.sha256(f"{number}/{version}".encode()).hexdigest()


def fill(url: str, items: int) -> None:
    """A ledger as a first complete run leaves it: some items by the library, then copies of them by SQL."""
    ledger = open_ledger(url)
    first = min(items, PART)
    run = start(ledger, "first")
    made = (payload(n, 1) for n in range(first))
    record_accepted(ledger, LISTINGS, made, definition="definition-1")
    record_states(ledger, "bench", (state(n, 1, run) for n in range(first)))
    for shift in range(first, items, first):
        with ledger.begin() as connection:
            for table in (item_rows, item_states):
                copy(connection, table, shift, min(first, items - shift))
    finish_run(ledger, run, counts={"accepted": items}, calls={}, cursor="2026-11-23", failure=())
    with ledger.begin() as connection:
        connection.execute(text("ANALYZE"))


def copy(connection, table, shift: int, count: int) -> None:
    """Enter the first so many items of a table again, by other numbers."""
    number = cast(func.substr(table.c.sku, 5), BigInteger)
    # A number of nine digits without the first: `SKU-` has eight, with zeros.
    digits = func.substr(cast(100_000_000 + number + shift, String), 2)
    identity = literal("variants/").concat(cast(number + shift, String))
    keys = {"sku": literal("SKU-").concat(digits), "pim_id": identity, "family": identity}
    columns = [keys.get(one.name, one) for one in table.c]
    source = select(*columns).where(table.c.sku < sku(count))
    connection.execute(insert(table).from_select([one.name for one in table.c], source))


def start(ledger, name: str) -> int:
    entry = {"operation": "live", "scope": "changed", "fingerprint": "f", "definition": "definition-1"}
    return start_run(ledger, connector_key="bench", run_id=name, **entry)


def measure(url: str, items: int, kind: str) -> None:
    """One run in this process; prints its seconds and the memory it added, in MB."""
    seconds, memory = measured(open_ledger(url), items, kind)
    print(json.dumps({"seconds": seconds, "memory": memory}))


def measured(ledger, items: int, kind: str) -> tuple[float, float]:
    """Return the seconds of a run and the memory it added, in MB."""
    with ledger.connect():
        pass
    before = peak()
    started = time.perf_counter()
    assert last_run(ledger, "bench", "live") is not None
    run = start(ledger, f"{kind}-{time.time_ns()}")
    step = items // CHANGED
    changed = range(0, items, step) if kind == "complete" else range(1, items, step)
    covered = range(items) if kind == "complete" else changed
    version = time.time_ns()
    known = 0
    for numbers in chunks(covered, PART):
        skus, families = [sku(n) for n in numbers], [f"variants/{n}" for n in numbers]
        now = datetime.now(UTC)
        states = states_of_families(ledger, LISTINGS, families, shared=SHARED, now=now, passed=None)
        assert len(states) == len(numbers)
        digests_of_others(ledger, LISTINGS, skus)
        skus_in_question(ledger, LISTINGS, skus)
        found = known_items(ledger, LISTINGS, skus)
        known += len(found)
        wanted = {
            n: digest(n, version) if n % step == changed.start else found[sku(n)].accepted_hash
            for n in numbers
        }
        due = [n for n in numbers if found[sku(n)].accepted_hash != wanted[n]]
        submit(ledger, run, due, version)
        record_states(ledger, "bench", (state(n, version % 2**31, run) for n in due))
        left = [f"variants/{n}" for n in set(numbers).difference(due)]
        mark_unchanged(ledger, "bench", left, run=run, operation="live", outcome="unchanged", read_at=now)
        settle_owed(ledger, "bench", "live", run, (("item", family) for family in families))
    assert known == len(covered)
    if kind == "complete":
        assert list(listed_but_not(ledger, "bench", (sku(n) for n in range(items)))) == []
    finish_run(ledger, run, counts={"accepted": CHANGED}, calls={}, cursor="2026-11-24", failure=())
    return time.perf_counter() - started, peak() - before


def submit(ledger, run: int, numbers: list[int], version: int) -> None:
    """The ledger's side of submitting: lease and fences, before-images, answers, issues."""
    skus = [sku(n) for n in numbers]
    lease = Lease(ledger, "bench", owner=f"run {run}")
    with lease.sending():
        before = accepted_contents(ledger, LISTINGS, skus)
        for some in chunks(numbers, BATCH):
            fenced = [sku(n) for n in some]
            assert not raise_fences(ledger, LISTINGS, fenced, run=run, token=lease.token)
            writes = [
                LedgerWrite(
                    sku=sku(n),
                    pim_id=f"variants/{n}",
                    method="PATCH",
                    hash=digest(n, version),
                    body=[{"op": "replace", "path": "/attributes/item_name", "value": [{"value": "x"}]}],
                    before=before[sku(n)],
                )
                for n in some
            ]
            announce_submissions(ledger, LISTINGS, run, writes)
            answers = (
                LedgerAnswer(sku(n), digest(n, version), "ACCEPTED", f"{version}-{n}", f"{n}") for n in some
            )
            record_answers(ledger, run, answers)
            payloads = (payload(n, version) for n in some)
            record_accepted(ledger, LISTINGS, payloads, definition="definition-1")
            lower_fences(ledger, LISTINGS, fenced, token=lease.token)
            lease.renew()
    warning = Issue(code="18027", severity="WARNING", source="submission", message="m", attribute="item_name")
    record_issues(
        ledger, "bench", run, [CheckedItem(one, [warning], frozenset({"submission"})) for one in skus]
    )


def best(url: str, items: int, kind: str, times: int) -> tuple[float, float]:
    """The quickest of some runs: seconds, and MB added."""
    command = [sys.executable, __file__, "--measure", url, str(items), kind]
    results = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(times)
    ]
    return min(one["seconds"] for one in results), min(one["memory"] for one in results)


def plans(url: str, items: int) -> None:
    """Print the plan of each query of an incremental run."""
    ledger = open_ledger(url)
    seen: dict[str, object] = {}

    def see(_connection, _cursor, statement, parameters, _context, executemany):
        if statement.split()[0] in {"SELECT", "UPDATE", "DELETE"}:
            seen.setdefault(statement, parameters[0] if executemany else parameters)

    event.listen(ledger, "before_cursor_execute", see)
    measured(ledger, items, "incremental")
    event.remove(ledger, "before_cursor_execute", see)
    lines: Counter[str] = Counter()
    explain = "EXPLAIN" if ledger.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with ledger.connect() as connection:
        for statement, parameters in seen.items():
            found = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
            steps = filter(None, (steps_of(str(row[-1])) for row in found))
            lines[" / ".join(steps) or "reads no table"] += 1
        print(f"  {len(seen)} queries of an incremental run, by their plans")
        for line, count in sorted(lines.items()):
            print(f"    {count:>3}  {line}{whole_of(connection, line)}")


def whole_of(connection, line: str) -> str:
    """Return a remark on a plan that reads whole tables, with their rows: of a small table it is right."""
    found = re.findall(r"(?:Seq Scan on|^SCAN) (\w+)", line)
    counts = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in found}  # noqa: S608
    return "".join(f"  FULL SCAN of {count:,} rows of {name}" for name, count in counts.items())


def steps_of(line: str) -> str:
    """Return a step of a plan that reads a table, without its costs; empty of any other."""
    step = line.strip().removeprefix("->").split("  (cost")[0].strip()
    return step if any(word in step for word in ("Scan", "SCAN", "SEARCH")) and "CONSTANT" not in step else ""


def prune_half(url: str, items: int) -> None:
    """Prune half as many submissions of old runs as there are items; print how long it takes."""
    ledger = open_ledger(url)
    long_ago = datetime.now(UTC) - timedelta(days=1_000)
    with ledger.begin() as connection:
        entry = {"operation": "live", "scope": "changed", "fingerprint": "f", "definition": "d"}
        entry |= {"connector_key": "bench", "attempt": 0, "state": "success", "started_at": long_ago}
        (run,) = connection.execute(insert(runs).values(run_id="old", **entry)).inserted_primary_key
    for numbers in chunks(range(items // 2), PART):
        with ledger.begin() as connection:
            rows = [
                {
                    "run": run,
                    "seller_id": LISTINGS.seller_id,
                    "marketplace_id": LISTINGS.marketplace_id,
                    "sku": sku(n),
                    "sent_at": long_ago,
                    "method": "PATCH",
                    "status": "ACCEPTED",
                    "payload_hash": digest(n, 1),
                    "body": BODY,
                    "before": BODY,
                }
                for n in numbers
            ]
            connection.execute(insert(submissions), rows)
    started = time.perf_counter()
    pruned = prune(ledger, days=365)
    assert pruned.submissions == items // 2, pruned
    print(f"  pruned {pruned.submissions:,} submissions in {time.perf_counter() - started:.1f} s")


def compare(name: str, urls: dict[int, str], times: int, kinds: list[str]) -> None:
    few, many = sorted(urls)
    print(f"\n{name}")
    for items, url in urls.items():
        started = time.perf_counter()
        fill(url, items)
        print(f"  filled with {items:,} items in {time.perf_counter() - started:.1f} s")
    print(f"  {'run':<14}{'known items':>14}{'seconds':>10}{'MB added':>10}{'µs an item':>12}")
    for kind in kinds:
        rows = {items: best(urls[items], items, kind, times) for items in (few, many)}
        for items, (seconds, memory) in rows.items():
            covered = CHANGED if kind == "incremental" else items
            print(f"  {kind:<14}{items:>14,}{seconds:>10.2f}{memory:>10.1f}{seconds / covered * 1e6:>12.0f}")
        slower = rows[many][0] / rows[few][0]
        more = many / few if kind == "complete" else 1
        print(
            f"  {kind}: {many // few} times the known items take {slower:.2f} times the time "
            f"({slower / more:.2f} an item covered) and {rows[many][1] - rows[few][1]:+.1f} MB"
        )
    plans(urls[many], many)
    prune_half(urls[many], many)


@contextlib.contextmanager
def private_postgresql():
    """A private server of the tests, or None where none is installed."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    running_postgresql = importlib.import_module("support.postgresql").running_postgresql
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        yield None
        return
    with running_postgresql(programs[-1]) as server:
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=3, help="the quickest of so many runs counts")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of runs")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        url, items, kind = chosen.measure
        measure(url, int(items), kind)
        return
    sizes = (chosen.few, chosen.items)
    if chosen.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            compare(
                "SQLite",
                {size: f"sqlite:///{folder}/{size}.db" for size in sizes},
                chosen.times,
                chosen.kinds,
            )
            for size in sizes:
                print(
                    f"  file with {size:,} items: {Path(folder, f'{size}.db').stat().st_size / 2**20:,.0f} MB"
                )
    if chosen.only == "sqlite":
        return
    with private_postgresql() as server:
        if server is None:
            print("\nPostgreSQL: not measured, its server is not installed (Debian package postgresql)")
        else:
            compare("PostgreSQL", {size: server.new_database() for size in sizes}, chosen.times, chosen.kinds)


if __name__ == "__main__":
    main()
