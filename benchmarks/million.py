"""A million known items, of which none and then 1,000 changed: CPU by task, memory, calls.

    python benchmarks/million.py [--source files|connector|rest] [--items 1000000] [--json]

10,000 items are sent to the sandbox as in `end_to_end.py`. The rest is entered in the ledger as known: the
source is read once for the digests of its rows, and each gets the states of the first item under its own
names. Those of the 10,000 that were sent count beside the others, and the digests of these must be those that
the ledger has. Then come two runs, each task in a process of its own:

- In the first, nothing changed. Of a file every row is read. Of the sandbox's PIM too: the date of every
  record has moved, as after a nightly import, and nothing else.
- In the second, 1,000 changed. Of a file every row is read again, of the PIM those whose dates moved.

The REST API of Sales Layer gives 500 records a second at most, by 50 requests of 100 in 10 seconds, so that a
million take 33 minutes of the clock for each reading; by default it is 100,000 items there.

Goals: 200 µs of CPU for an unchanged item (350 by REST), 1,000 changed of a million in 5 CPU minutes, 300 MB
a task (450 `check_quality`), and no call where nothing changed.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import multiprocessing
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from amazon_listings.runs.extract.notations import RowNotation, remembered  # noqa: E402 - after the path
from amazon_listings.runs.extract.unchanged import UnchangedItems, family_digest, row_digest  # noqa: E402
from benchmarks.end_to_end import installed, measured, product  # noqa: E402
from benchmarks.one_run import Installation, in_one_process  # noqa: E402
from benchmarks.pim import LONG_AGO, connection, serve  # noqa: E402

SENT, CHANGED = 10_000, 1_000
MOST_SECONDS, MOST_MB = 300, {"check_quality": 450}
#: By source: the items by default, the µs of CPU an unchanged one may take, and how many seconds the dates
#: of a nightly import lie back: by REST a run asks again for the last two hours that it saw.
SOURCES = {"files": (1_000_000, 200, 0), "connector": (1_000_000, 200, 0), "rest": (100_000, 350, 10_800)}
#: What of a copied row is the new item's own, by table.
OWN = {
    "items": {"sku": "d.sku", "pim_id": "d.pim_id", "family": "d.pim_id"},
    "item_states": {
        "pim_id": "d.pim_id",
        "sku": "d.sku",
        "family": "d.pim_id",
        "search": "d.sku || ' ' || d.pim_id",
        "of_row": "d.own",
        "of_family": "d.family",
    },
}


def write_products(path, items, changed=0):
    """Write the file; of the products that were sent, so many are of another version."""
    every = SENT // changed if changed else 0
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(product(0)))
        writer.writeheader()
        writer.writerows(
            product(number, version=int(bool(every) and number < SENT and not number % every))
            for number in range(items)
        )


class Read(BaseException):
    """All rows have been read."""


def digests(root, settings):
    """Return identity, SKU and the digests of row and family of each item, by a run that ends in its extract.

    It works on a copy, so that the ledger does not know of it.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("products.csv"))
        home = Installation({**json.loads(settings.read_text()), "root": folder})
        notation = RowNotation(remembered(home.ledger, home.connector.key))

        def staying(_unchanged, items):
            for item in items:
                own = row_digest(item, notation)
                found.append((item["pim_id"], item["sku"], own, family_digest([own])))
            raise Read
            yield

        with mock.patch.object(UnchangedItems, "staying", staying), suppress(Read):
            in_one_process(home)
    return found


def enter_known(root, settings):
    """Enter every item of the file that was not sent as known, with the states of the first item."""
    with sqlite3.connect(root / "ledger.db") as database:
        database.execute("CREATE TEMP TABLE d (pim_id TEXT, sku TEXT, own INTEGER, family INTEGER)")
        database.executemany("INSERT INTO d VALUES (?, ?, ?, ?)", digests(root, settings))
        kept = (
            "SELECT sum(s.of_row = d.own AND s.of_family = d.family) FROM d JOIN item_states s USING (pim_id)"
        )
        assert database.execute(kept).fetchone() == (SENT,), "a row has another digest than the run gave it"
        for table, own in OWN.items():
            names = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(own.get(name, f"t.{name}") for name in names)
            database.execute(
                f"INSERT INTO {table} SELECT {values} FROM d, {table} t"  # noqa: S608 - names of columns
                f" WHERE t.sku = 'S0000000' AND d.sku NOT IN (SELECT sku FROM {table})"
            )
    database.close()


def show_products(pipe, source, root, items, changed=0, *, dated, latest=0):
    """Let the source have so many products, of which so many are of another version.

    Args:
        pipe: Leads to the sandbox.
        source: The source, of `SOURCES`.
        root: The folder of the file.
        items: How many products.
        changed: How many of those that were sent.
        dated: How many seconds ago the PIM's records changed.
        latest: How many seconds ago the first did, and those of another version.
    """
    if source == "files":
        write_products(root / "products.csv", items, changed)
        return
    now = int(time.time())
    every = SENT // changed if changed else 0
    pipe.send({"items": items, "every": every, "sent": SENT, "dated": (now - dated, now - latest)})
    pipe.recv()


def main():
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--source", choices=tuple(SOURCES), default="files")
    asked.add_argument("--items", type=int)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    usual, most, back = SOURCES[options.source]
    items = options.items or usual
    logging.disable(logging.WARNING)
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True).start()
    account = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pim = None if options.source == "files" else connection(account, options.source)
        settings = installed(account, root, "feeds", tasks=True, pim=pim)

        def show(count, changed=0, **dates):
            show_products(ours, options.source, root, count, changed, **dates)

        show(SENT, dated=LONG_AGO, latest=LONG_AGO)
        measured("one_run", settings, account)
        show(items, dated=back)
        imported = time.time()
        enter_known(root, settings)
        runs = {"nothing changed": measured("one_run", settings, account)}
        show(items, CHANGED, dated=back + int(time.time() - imported))
        runs[f"{CHANGED} changed"] = measured("one_run", settings, account)
    ours.send("end")
    each = 1e6 * runs["nothing changed"]["cpu"] / items
    print(json.dumps(runs) if options.json else table(runs, items, each))
    if any(one["cpu"] > MOST_SECONDS or too_large(one) for one in runs.values()) or each > most:
        sys.exit(f"The goal is {most} µs of CPU an unchanged item, {MOST_SECONDS} s a run, 300 MB a task.")


def too_large(run):
    return [step for step, one in run["steps"].items() if one["mb"] > MOST_MB.get(step, 300)]


def table(runs, items, each):
    """The result for people."""
    lines = [f"{items} known items, {each:.0f} µs of CPU an unchanged one"]
    for name, run in runs.items():
        counts = {key: count for key, count in run["counts"].items() if count}
        lines.append(
            f"{name}: {run['cpu']:.1f} s CPU, {run['seconds']:.0f} s, {run['calls'].total()} calls, {counts}"
        )
        lines += [
            f"    {step:20} {one['cpu']:7.1f} s  {one['mb']:4.0f} MB" for step, one in run["steps"].items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
