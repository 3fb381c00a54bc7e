"""Several connectors on one account: the share of Amazon's quota that they use, and their 429s.

    python benchmarks/quota.py [--minutes 2] [--connectors 4] [--processes 2] [--latency 0.7]
                               [--store sqlite|postgresql|own] [--json]

Every connector is a client of its own that puts listings as fast as it may. The sandbox answers
after the latency and enforces Amazon's bucket of putListingsItem: 5 requests a second, burst 10.
The goal is a share of 97 % and no 429, with the buckets shared through SQLite and through a private
PostgreSQL. The rival is `own`: each process has buckets of its own, as every limiter has that is not
shared. The first seconds, in which the bucket's burst is spent, are not counted.
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

from ledger import private_postgresql

from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.ledger.database import open_ledger
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner import listings
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.buckets import LocalBuckets
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.pipeline import submit_all
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.operations import OPERATIONS, kinds_of
from spapi_sandbox.server import running_sandbox

FR = marketplace("FR")
PUT = OPERATIONS["putListingsItem"]
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


def connector(account, store, number, until, sent):
    """Puts listings until the time is up; appends the moment of each answer to `sent`."""
    client = SellingPartner(account, quotas=Quotas(store))
    attributes = {"item_name": [{"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": FR.id}]}

    def skus():
        item = 0
        while time.time() < until:
            item += 1
            yield f"C{number}-{item}"

    def put(sku):
        return listings.put(client, sku, FR.id, product_type="LAMP", attributes=attributes)

    kinds = kinds_of(attributes)
    for done in submit_all(skus(), put, in_flight=lambda: client.in_flight(PUT.name, kinds)):
        assert done.error is None
        sent.append(time.time())


def process(account, ledger, numbers, until, results):
    """One process with its connectors, each in a thread."""
    store = Counted(SharedBuckets(open_ledger(ledger)) if ledger else LocalBuckets())
    sent = []
    threads = [
        threading.Thread(target=connector, args=(account, store, number, until, sent)) for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((sent, store.leases, store.seconds))


def measure(arguments, ledger):
    if ledger:
        open_ledger(ledger).dispose()
    with running_sandbox() as sandbox:
        sandbox.fault(PUT.name, "delay", delay=arguments.latency, times=10**9)
        account = Account(
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            refresh_token=sandbox.refresh_token,
            seller_id=sandbox.seller_id,
            region="EU",
            endpoint=sandbox.url,
            token_url=sandbox.token_url,
        )
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        until = time.time() + START + arguments.minutes * 60
        spread = [
            range(first, arguments.connectors, arguments.processes) for first in range(arguments.processes)
        ]
        workers = [
            context.Process(target=process, args=(account, ledger, numbers, until, results))
            for numbers in spread
        ]
        for worker in workers:
            worker.start()
        answered = [results.get() for _ in workers]
        for worker in workers:
            worker.join()
        throttled = sandbox.counters()["operations"][PUT.name]["throttled"]
    moments = sorted(moment for sent, _, _ in answered for moment in sent)
    since = moments[0] + START
    counted = [moment for moment in moments if since <= moment <= until]
    leases = sum(number for _, number, _ in answered)
    return {
        "minutes": round((until - since) / 60, 2),
        "answers": len(counted),
        "share": round(len(counted) / ((until - since) * PUT.rate), 4),
        "throttled": throttled,
        "leases_per_answer": round(leases / len(moments), 2),
        "milliseconds_per_lease": round(1000 * sum(seconds for *_, seconds in answered) / leases, 2),
    }


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
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--connectors", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.7, help="seconds until the sandbox answers")
    parser.add_argument("--store", choices=STORES, action="append", help="may be repeated; all by default")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with ledgers(arguments.store or STORES) as rows:
        measured = [{"buckets": kind} | measure(arguments, ledger) for kind, ledger in rows.items()]
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
        f"{'buckets':<22}{'minutes':>9}{'share':>9}{'429s':>7}{'leases/answer':>15}{'ms/lease':>10}",
    ]
    lines += [
        f"{row['buckets']:<22}{row['minutes']:>9}{row['share']:>9.1%}{row['throttled']:>7}"
        f"{row['leases_per_answer']:>15}{row['milliseconds_per_lease']:>10}"
        for row in measured
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
