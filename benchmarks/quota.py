"""Several connectors on one account: the share of Amazon's quota that they use, and their 429s.

    python benchmarks/quota.py [--minutes 1] [--connectors 4] [--processes 2] [--latency 0.7]
                               [--asked put|preview|search|read|feed] [--store sqlite|postgresql|own] [--json]

Every connector is a client of its own that asks as fast as it may: it puts listings, previews them, searches
for twenty, reads one, or makes feeds. The sandbox answers after the latency and enforces Amazon's buckets;
Amazon states none for the previews of an account, so it enforces the rate that the client keeps to. The goal
is a share of 97 % and no 429, with the buckets shared through SQLite and through a private PostgreSQL. The
rival is `own`, measured with puts: each process has buckets of its own, as every limiter has that is not
shared. The first seconds, in which the bucket's burst is spent, are not counted.

A feed may be made every two minutes, once fifteen are: two hundred are made by a clock that moves when they
would wait, which is the sandbox's and the buckets', and the first fifteen are not counted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ledger import private_postgresql

from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.ledger.database import open_ledger
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner import feeds, listings, searches
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.buckets import LocalBuckets
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.pipeline import submit_all
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.operations import OPERATIONS, PREVIEW_BURST, PREVIEW_RATE, kinds_of
from spapi_sandbox.clock import Clock
from spapi_sandbox.server import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

FR = marketplace("FR")
ATTRIBUTES = {"item_name": [{"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": FR.id}]}
FEED = OPERATIONS["createFeed"]
FEEDS = 200
GOAL = 0.97
STORES = ("sqlite", "postgresql", "own")
#: Seconds at the start that are not counted.
START = 10.0


class Counted:
    """A store that counts its leases and the time they took."""

    def __init__(self, store):
        self._store = store
        self._lock = threading.Lock()
        self.leases = 0
        self.seconds = 0.0

    def lease(self, bucket, *, rate, burst, tokens):
        began = time.perf_counter()
        lease = self._store.lease(bucket, rate=rate, burst=burst, tokens=tokens)
        with self._lock:
            self.leases += 1
            self.seconds += time.perf_counter() - began
        return lease

    def restate(self, bucket, rate):
        self._store.restate(bucket, rate)

    def penalise(self, bucket, wait):
        self._store.penalise(bucket, wait)


class Asked(NamedTuple):
    """What connectors ask: the operation, how often a second they may, and how one asks about an SKU."""

    operation: str
    rate: float
    kinds: frozenset
    ask: Callable


def put(client, sku, *, preview=False):
    listings.put(client, sku, FR.id, product_type="LAMP", attributes=ATTRIBUTES, preview=preview)


def preview(client, sku):
    put(client, sku, preview=True)


def search(client, sku):
    skus = [f"{sku}-{number}" for number in range(20)]
    list(searches.search(client, [FR.id], identifiers=skus, identifiersType="SKU"))


def read(client, sku):
    listings.get(client, sku, [FR.id])


ASKED = {
    "put": Asked("putListingsItem", 5, kinds_of(ATTRIBUTES), put),
    "preview": Asked("putListingsItem", PREVIEW_RATE, kinds_of(ATTRIBUTES, preview=True), preview),
    "search": Asked("searchListingsItems", 5, frozenset(), search),
    "read": Asked("getListingsItem", 5, frozenset(), read),
}


def account_of(sandbox):
    return Account(
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        refresh_token=sandbox.refresh_token,
        seller_id=sandbox.seller_id,
        region="EU",
        endpoint=sandbox.url,
        token_url=sandbox.token_url,
    )


def throttled_of(sandbox, operation):
    """Return how many requests of an operation the sandbox has refused with a 429."""
    return sandbox.counters()["operations"].get(operation, {}).get("throttled", 0)


def connector(client, asked, number, until, sent):
    """Asks until the time is up; appends the moment of each answer to `sent`."""

    def skus():
        item = 0
        while time.time() < until:
            item += 1
            yield f"C{number}-{item}"

    for done in submit_all(
        skus(),
        lambda sku: asked.ask(client, sku),
        in_flight=lambda: client.in_flight(asked.operation, asked.kinds),
    ):
        assert done.error is None
        sent.append(time.time())


def process(account, ledger, numbers, *, asked, until, results):
    """One process with its connectors, each in a thread."""
    store = Counted(SharedBuckets(open_ledger(ledger)) if ledger else LocalBuckets())
    sent = []
    threads = []
    for number in numbers:
        client = SellingPartner(account, quotas=Quotas(store))
        threads.append(threading.Thread(target=connector, args=(client, asked, number, until, sent)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((sent, store.leases, store.seconds))


def measure(arguments, asked, ledger):
    if ledger:
        open_ledger(ledger).dispose()
    with running_sandbox() as sandbox:
        sandbox.fault(asked.operation, "delay", delay=arguments.latency, times=10**9)
        sandbox.state.buckets.overrides["preview"] = (PREVIEW_RATE, PREVIEW_BURST)
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        until = time.time() + START + arguments.minutes * 60
        spread = [
            range(first, arguments.connectors, arguments.processes) for first in range(arguments.processes)
        ]
        workers = [
            context.Process(
                target=process,
                args=(account_of(sandbox), ledger, numbers),
                kwargs={"asked": asked, "until": until, "results": results},
            )
            for numbers in spread
        ]
        for worker in workers:
            worker.start()
        time.sleep(START)
        early = throttled_of(sandbox, asked.operation)
        answered = [results.get() for _ in workers]
        for worker in workers:
            worker.join()
        throttled = throttled_of(sandbox, asked.operation) - early
    moments = sorted(moment for sent, _, _ in answered for moment in sent)
    since = moments[0] + START
    counted = [moment for moment in moments if since <= moment <= until]
    leases = sum(number for _, number, _ in answered)
    return {
        "minutes": round((until - since) / 60, 2),
        "answers": len(counted),
        "share": round(len(counted) / ((until - since) * asked.rate), 4),
        "throttled": throttled,
        "leases_per_answer": round(leases / len(moments), 2),
        "milliseconds_per_lease": round(1000 * sum(seconds for *_, seconds in answered) / leases, 2),
    }


def measure_feeds(arguments, ledger):
    """Make feeds by a clock that moves while they wait, the connectors in turn."""
    clock = Clock(frozen_at=1.8e9)

    def wait(seconds):
        clock.advance(seconds)

    open_ledger(ledger).dispose()
    store = Counted(SharedBuckets(open_ledger(ledger), clock=clock.now))
    with running_sandbox(clock=clock) as sandbox:
        clients = [
            SellingPartner(account_of(sandbox), quotas=Quotas(store, sleep=wait, clock=clock.now), sleep=wait)
            for _ in range(arguments.connectors)
        ]
        moments = []
        for number in range(FEEDS):
            client = clients[number % len(clients)]
            place = feeds.create_document(client)
            wait(arguments.latency)
            feeds.create(client, place.document_id, [FR.id])
            wait(arguments.latency)
            moments.append(clock.now())
        throttled = throttled_of(sandbox, FEED.name)
    counted = moments[FEED.burst :]
    seconds = moments[-1] - moments[FEED.burst - 1]
    return {
        "minutes": round(seconds / 60, 2),
        "answers": len(counted),
        "share": round(len(counted) / (seconds * FEED.rate), 4),
        "throttled": throttled,
        "leases_per_answer": round(store.leases / FEEDS, 2),
        "milliseconds_per_lease": round(1000 * store.seconds / store.leases, 2),
    }


def rows_of(arguments):
    """Yield each measurement: every store with puts, the shared ones with all else."""
    for name in arguments.asked or [*ASKED, "feed"]:
        with ledgers(arguments.store or STORES) as rows:
            for kind, ledger in rows.items():
                if name == "feed" and ledger:
                    yield {"asked": name, "buckets": kind} | measure_feeds(arguments, ledger)
                elif name == "put" or (ledger and name != "feed"):
                    yield {"asked": name, "buckets": kind} | measure(arguments, ASKED[name], ledger)


@contextmanager
def ledgers(wanted):
    """The kind of buckets and the ledger's URL of each row of the table."""
    with ExitStack() as stack:
        rows = {}
        if "sqlite" in wanted:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            rows["shared, SQLite"] = f"sqlite:///{Path(folder) / 'ledger.db'}"
        if "postgresql" in wanted:
            server = stack.enter_context(private_postgresql())
            if server is None:
                print("PostgreSQL is not measured: its server is not installed (Debian package postgresql).")
            else:
                rows["shared, PostgreSQL"] = server.new_database()
        if "own" in wanted:
            rows["one set per process"] = None
        yield rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--connectors", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.7, help="seconds until the sandbox answers")
    parser.add_argument(
        "--asked", choices=[*ASKED, "feed"], action="append", help="may be repeated; all, else"
    )
    parser.add_argument("--store", choices=STORES, action="append", help="may be repeated; all by default")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    measured = list(rows_of(arguments))
    print(json.dumps(measured) if arguments.json else table(measured, arguments))
    shared = [row for row in measured if row["buckets"].startswith("shared")]
    if any(row["share"] < GOAL or row["throttled"] for row in shared):
        raise SystemExit(f"The goal is a share of {GOAL:.0%} and no 429.")


def table(measured, arguments):
    """The result for people."""
    head = (
        f"{arguments.connectors} connectors in {arguments.processes} processes, {arguments.latency} s latency"
    )
    lines = [
        head,
        f"{'asked':<9}{'buckets':<22}{'minutes':>9}{'share':>9}{'429s':>7}{'leases/answer':>15}{'ms/lease':>10}",
    ]
    lines += [
        f"{row['asked']:<9}{row['buckets']:<22}{row['minutes']:>9}{row['share']:>9.1%}{row['throttled']:>7}"
        f"{row['leases_per_answer']:>15}{row['milliseconds_per_lease']:>10}"
        for row in measured
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
