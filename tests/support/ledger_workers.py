"""What other processes do to a ledger in tests; they import it from here."""

from __future__ import annotations

import multiprocessing
import random

from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.writes.leases import Lease

IMPORTED = ["amazon_listings.ledger.buckets", "amazon_listings.ledger.writes.leases"]


def in_processes(work, count, *arguments):
    """What `work(number, *arguments)` returned in each of so many processes that run at once.

    They are forked from a process without threads, which has imported what they need: the threads that
    other tests have left would be missing in a fork of this one, and what they hold would stay locked.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    with context.Pool(count) as pool:
        return pool.starmap(work, [(number, *arguments) for number in range(count)], chunksize=1)


def open_it(number, url):
    """Opens the ledger; its dialect."""
    return open_ledger(url).dialect.name


def lease(number, url, bucket, limit, leases):
    """Leases small random numbers of tokens; how many in all."""
    store = SharedBuckets(open_ledger(url))
    rate, burst = limit
    chosen = random.Random(number)
    return sum(
        store.lease(bucket, rate=rate, burst=burst, tokens=chosen.randint(1, 4)).granted
        for _ in range(leases)
    )


def count_up(number, url, file, times):
    """Adds one to the number in a file, so many times, each time under the lease of one connector.

    Reading and writing back is not atomic: without the lease some would be lost.
    """
    ledger = open_ledger(url)
    for turn in range(times):
        with Lease(ledger, "fr_home", owner=f"{number} {turn}", patience=1e6, sleep=lambda _: None).sending():
            value = int(file.read_text())
            file.write_text(str(value + 1))
