"""The ledger with a million known items against ten thousand: a run's time and peak memory.

    python benchmarks/ledger.py [--items 1000000] [--few 10000] [--times 3] [--only sqlite|postgresql]

Two kinds of run, each in a process of its own, over a ledger that knows so many items:

- *incremental*: the PIM says that 1,000 items changed. They are looked up, 1,000 submissions with their
  before-images and 1,000 accepted payloads are entered behind fences, and their issues recorded.
- *complete*: every known item is looked up, part by part of 2,000, to find the 1,000 whose payload changed;
  then the same writes, and the listings that left the filter are looked for.

The incremental run must cost the same in both ledgers. The complete run must grow with the items and no
faster, and its memory must not grow. A private PostgreSQL is started if Debian's package is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from amazon_listings.ledger.database import chunks, open_ledger
from amazon_listings.ledger.fences import lower_fences, raise_fences
from amazon_listings.ledger.issues import CheckedItem, record_issues
from amazon_listings.ledger.items import ItemPayload, ListingScope, record_accepted
from amazon_listings.ledger.known_items import accepted_contents, known_items
from amazon_listings.ledger.leases import Lease
from amazon_listings.ledger.leavers import listed_but_not
from amazon_listings.ledger.runs import finish_run, last_run, start_run
from amazon_listings.ledger.submissions import (
    LedgerAnswer,
    LedgerWrite,
    announce_submissions,
    record_answers,
)
from amazon_product_types.validation.issue import Issue

LISTINGS = ListingScope("bench", "A1SELLER", "A13V1IB3VIYZZH", "HOME")
CHANGED = 1_000
PART = 2_000
#: Answers are entered every so many, as a live sync does.
BATCH = 25
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


def digest(number: int, version: int) -> str:
    return hashlib.sha256(f"{number}/{version}".encode()).hexdigest()


def fill(url: str, items: int) -> None:
    """A ledger as a first complete run leaves it."""
    ledger = open_ledger(url)
    for numbers in chunks(range(items), PART):
        record_accepted(
            ledger,
            LISTINGS,
            (payload(n, 1) for n in numbers),
            definition="definition-1",
        )
    run = start(ledger, "first")
    finish_run(ledger, run, counts={"accepted": items}, calls={}, cursor="2026-11-23", failure=None)
    with ledger.begin() as connection:
        connection.execute(text("ANALYZE"))


def start(ledger, name: str) -> int:
    entry = {"operation": "live", "scope": "changed", "fingerprint": "f", "definition": "definition-1"}
    return start_run(ledger, connector_key="bench", run_id=name, **entry)


def measure(url: str, items: int, kind: str) -> None:
    """One run in this process; prints its seconds and the memory it added, in MB."""
    ledger = open_ledger(url)
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
        found = known_items(ledger, LISTINGS, [sku(n) for n in numbers])
        known += len(found)
        wanted = {
            n: digest(n, version) if n % step == changed.start else found[sku(n)].accepted_hash
            for n in numbers
        }
        submit(ledger, run, [n for n in numbers if found[sku(n)].accepted_hash != wanted[n]], version)
    assert known == len(covered)
    if kind == "complete":
        assert list(listed_but_not(ledger, "bench", (sku(n) for n in range(items)))) == []
    finish_run(ledger, run, counts={"accepted": CHANGED}, calls={}, cursor="2026-11-24", failure=None)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "memory": peak() - before}))


def peak() -> float:
    """The most memory this process ever held, in MB; `getrusage` would count its parent's too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024


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


def compare(name: str, urls: dict[int, str], times: int) -> None:
    few, many = sorted(urls)
    print(f"\n{name}")
    for items, url in urls.items():
        started = time.perf_counter()
        fill(url, items)
        print(f"  filled with {items:,} items in {time.perf_counter() - started:.1f} s")
    print(f"  {'run':<14}{'known items':>14}{'seconds':>10}{'MB added':>10}{'µs an item':>12}")
    for kind in ("incremental", "complete"):
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
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        url, items, kind = chosen.measure
        measure(url, int(items), kind)
        return
    sizes = (chosen.few, chosen.items)
    if chosen.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            compare("SQLite", {size: f"sqlite:///{folder}/{size}.db" for size in sizes}, chosen.times)
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
            compare("PostgreSQL", {size: server.new_database() for size in sizes}, chosen.times)


if __name__ == "__main__":
    main()
