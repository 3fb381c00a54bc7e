"""A million known items, of which none and then 1,000 changed: CPU by task, memory, calls.

    python benchmarks/million.py [--items 1000000] [--json]

10,000 items are sent to the sandbox as in `end_to_end.py`. The rest is entered in the ledger as known: the
source is read once for the digests of its rows, and each gets the states of the first item under its own
names. Then two runs read the whole file, each task in a process of its own. Those of the 10,000 that were
sent count beside the others, and the digests of these must be those that the ledger has.

Goals: a million items of which 1,000 changed in 5 CPU minutes and 300 MB a task (450 `check_quality`),
without a call where nothing changed.
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
from contextlib import suppress
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from amazon_listings.runs.extract.notations import RowNotation, remembered  # noqa: E402 - after the path
from amazon_listings.runs.extract.unchanged import UnchangedItems, family_digest, row_digest  # noqa: E402
from benchmarks.end_to_end import installed, measured, product, serve  # noqa: E402
from benchmarks.one_run import Installation, in_one_process  # noqa: E402

SENT, CHANGED = 10_000, 1_000
MOST_SECONDS, MOST_MB = 300, {"check_quality": 450}
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


def main():
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--items", type=int, default=1_000_000)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    logging.disable(logging.WARNING)
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True).start()
    account = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = installed(account, root, "feeds", tasks=True)
        write_products(root / "products.csv", SENT)
        measured("one_run", settings, account)
        write_products(root / "products.csv", options.items)
        enter_known(root, settings)
        runs = {"nothing changed": measured("one_run", settings, account)}
        write_products(root / "products.csv", options.items, CHANGED)
        runs[f"{CHANGED} changed"] = measured("one_run", settings, account)
    ours.send("end")
    print(json.dumps(runs) if options.json else table(runs, options.items))
    if any(one["cpu"] > MOST_SECONDS or too_large(one) for one in runs.values()):
        sys.exit(f"The goal is {MOST_SECONDS} CPU seconds and 300 MB a task.")


def too_large(run):
    return [step for step, one in run["steps"].items() if one["mb"] > MOST_MB.get(step, 300)]


def table(runs, items):
    """The result for people."""
    lines = [f"{items} known items"]
    for name, run in runs.items():
        counts = {key: count for key, count in run["counts"].items() if count}
        lines.append(f"{name}: {run['cpu']:.1f} s CPU, {run['calls'].total()} calls, {counts}")
        lines += [
            f"    {step:20} {one['cpu']:7.1f} s  {one['mb']:4.0f} MB" for step, one in run["steps"].items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
