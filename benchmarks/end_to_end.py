"""Whole runs from a file to the report against the sandbox: CPU by step, memory, calls; floor and a script.

    python benchmarks/end_to_end.py [--items 1000] [--way feeds|usual|single] [--tasks] [--alone] [--json]

Four runs of one connector: the first, one in which nothing changed, one in which 1 % did, one in which
the prices of 5 % did. Beside each is one of `script_by_hand.py`, what a user would write instead. Every run
of either is a process of its own, as each run of a schedule is, and all of its CPU time counts: the
interpreter's start, imports, Amazon's definition, what is remembered of the run before, the report. Each
sends its own SKUs to the same sandbox, with payloads that must be equal. The sandbox is another process,
without quotas; it counts the calls. Tokens, and documents in Amazon's storage, are no calls.

By `feeds`, for which the goals are set, all goes as a feed, which takes five seconds of the clock at
least, while the sandbox works on it. By `usual` a connector's defaults decide: below 1,500 items they are
sent one by one. That is soon over by the clock, and takes a few calls more than the script, which neither
asks what is at Amazon nor has anything checked before it is sent. `single` sends all one by one.

`start` is what a run of ours takes before its first step: the interpreter, imports, the connector's file.
With `--tasks` each step is a process forked from one that has imported Airflow, as a worker's tasks are, and
has a peak of memory; steps then import what they need again. The floor is measured with the first run: the
same payloads through JSON, the bare validation engine and one INSERT each.
"""

from __future__ import annotations

import argparse
import compileall
import csv
import hashlib
import json
import logging
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import jsonschema_rs
import requests
import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from benchmarks.script_by_hand import definition, mapped  # noqa: E402 - after the path
from spapi_sandbox.server import running_sandbox  # noqa: E402 - after the path

COLOURS = ("Rouge", "Bleu", "Vert", "Noir")
MAPPING = {
    "item_name": "{{ item.name }}",
    "brand": "{{ item.brand }}",
    "manufacturer": "{{ item.brand }}",
    "product_description": "{{ item.description }}",
    "bullet_point": ["{{ item.point_1 }}", "{{ item.point_2 }}", "{{ item.point_3 }}"],
    "country_of_origin": "FR",
    "supplier_declared_dg_hz_regulation": "not_applicable",
    "lamp_type": "desk_lamp",
    "light_source_type": "led",
    "color_temperature": {"value": 2700, "unit": "kelvin"},
    "color": "{{ item.colour }}",
    "main_product_image_locator": "{{ item.image }}",
    "item_weight": "1 kg",
    "item_package_weight": "1 kg",
    "externally_assigned_product_identifier.type": "ean",
    "externally_assigned_product_identifier.value": "{{ item.ean }}",
    "condition_type": "new_new",
    "purchasable_offer.our_price.schedule.value_with_tax": "{{ item.price }}",
    "fulfillment_availability.fulfillment_channel_code": "DEFAULT",
    "fulfillment_availability.quantity": "{{ item.stock }}",
    "merchant_shipping_group": "standard-template",
}


#: What the connector says of the way in which changes are sent, by the option `--way`.
WAYS = {"feeds": {"feed_from": 1}, "usual": {}, "single": {"feed_from": 10**6}}


def gtin(number):
    digits = f"{400_000_000_000 + number:012d}"
    total = sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits))
    return f"{digits}{-total % 10}"


def product(number, version=0, price=0):
    text = f"Une lampe de bureau, version {version}. " + "Elle éclaire sans éblouir. " * 30
    return {
        "id": f"p{number}",
        "reference": f"S{number:07d}",
        "name": f"Lampe de bureau {number} v{version}",
        "brand": "Acme",
        "description": f"<p>{text}</p>",
        "point_1": f"Solide {number}",
        "point_2": "Durable et réparable",
        "point_3": "Lumière chaude",
        "colour": COLOURS[number % len(COLOURS)],
        "image": f"https://img.example/{number}.jpg",
        "ean": gtin(number),
        "price": str(10 + number % 90 + price),
        "stock": str(number % 50 + 1),
    }


def write_rows(path, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def account_of(sandbox):
    """Return what an `Account` needs to reach the sandbox."""
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.refresh_token,
        "seller_id": sandbox.seller_id,
        "region": "EU",
        "endpoint": sandbox.url,
        "token_url": sandbox.token_url,
    }


def serve(pipe):
    """Play Amazon in a process of its own, until the pipe says that it may end."""
    with running_sandbox(quotas=False) as sandbox:
        pipe.send(account_of(sandbox))
        pipe.recv()


def installed(account, root, way, *, tasks, pim=None):
    """Write the connector's file and the settings that both contestants read; where those are.

    The connector reads the file of products, or the account of Sales Layer that `pim` says how to reach.
    """
    source = {"languages": ["fr"], "sku": "{{ item.reference }}", "sku_limit": 2_000_000}
    document = {
        "id": "lamps",
        "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP"},
        **({"sales_layer": source} if pim else {"files": {"path": str(root / "products.csv"), **source}}),
        "approval": {"policy": "never"},
        "sync": WAYS[way],
        "mapping": MAPPING,
        "rules_off": {"gpsr_contacts": "They are kept in Seller Central."},
    }
    folder = root / "connectors"
    folder.mkdir()
    (folder / "lamps.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    settings = root / "settings.json"
    settings.write_text(json.dumps({"account": account, "root": str(root), "tasks": tasks, "pim": pim}))
    return settings


def counted(account):
    """Return how many requests of each operation of SP-API the sandbox has served."""
    found = requests.get(f"{account['endpoint']}/_control/counters", timeout=10).json()["operations"]
    no_calls = ("token", "documents", "sales_layer")
    return Counter({name: one["requests"] for name, one in found.items() if not name.startswith(no_calls)})


def measured(script, settings, account):
    """Run a script in a process of its own.

    Returns:
        What it printed, a line of JSON; its CPU seconds, its seconds and the calls of each operation.
    """
    before, began = counted(account), time.perf_counter()
    # As a module, because a file's folder comes first in the path, and this one has an `airflow.py`.
    command = [sys.executable, "-m", f"benchmarks.{script}", settings]
    # As where it is installed: modules that were compiled stay compiled.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE.parent, env=environment) as process:
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
    assert status == 0, f"{script} failed"
    return {
        **json.loads(said),
        "cpu": used.ru_utime + used.ru_stime,
        "seconds": time.perf_counter() - began,
        "calls": counted(account) - before,
    }


def floor(payloads, document, root):
    """CPU seconds of JSON, the bare engine and one INSERT for each payload."""
    engine = jsonschema_rs.Draft201909Validator(document)
    database = sqlite3.connect(root / "floor.db")
    database.execute("CREATE TABLE items (sku TEXT PRIMARY KEY, hash TEXT, content BLOB)")
    began = time.process_time()
    with database:
        for sku, attributes in payloads:
            text = json.dumps(attributes).encode()
            engine.is_valid(json.loads(text))
            row = (sku, hashlib.sha256(text).hexdigest(), text)
            database.execute("INSERT INTO items VALUES (?, ?, ?)", row)
    return time.process_time() - began


def first_payloads(root, folder):
    """Yield the payloads of a run of ours, by SKU."""
    from amazon_listings.runs.folder import RunFolder  # noqa: PLC0415 - only here is ours needed
    from amazon_listings.runs.records import MAPPED  # noqa: PLC0415

    kept = RunFolder.of(root / "storage", *folder, 0)
    for part in kept.parts(MAPPED):
        yield from ((item.sku, item.attributes) for item in kept.read(MAPPED, part))


def compared(account, root, folder, rows):
    """Check that both contestants map alike; the floor's CPU seconds."""
    ours = dict(first_payloads(root, folder))
    for row in rows:
        theirs = mapped({name: str(value) for name, value in row.items()})
        assert ours[row["reference"]] == theirs, f"other payloads: {ours[row['reference']]} {theirs}"
    return floor(ours.items(), definition(account, root), root)


def stages(items):
    """Yield each run's name and rows."""
    rows = [product(number) for number in range(items)]
    yield "first run", rows
    yield "nothing changed", rows
    changed = {n: product(n, version=1) for n in range(0, items, 100)}
    rows = [changed.get(n, row) for n, row in enumerate(rows)]
    yield "1 % changed", rows
    prices = {n: product(n, version=int(n in changed), price=1) for n in range(0, items, 20)}
    yield "5 % of prices", [prices.get(n, row) for n, row in enumerate(rows)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--items", type=int, default=1000)
    asked.add_argument("--way", choices=tuple(WAYS), default="feeds")
    asked.add_argument("--tasks", action="store_true", help="each step in a process of its own")
    asked.add_argument("--alone", action="store_true", help="without the script")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    logging.disable(logging.WARNING)
    for sources in ("plugins", "packages", "benchmarks"):
        compileall.compile_dir(HERE.parent / sources, quiet=2)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    account = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = installed(account, root, options.way, tasks=options.tasks)
        least = 0.0
        for name, rows in stages(options.items):
            write_rows(root / "products.csv", rows)
            run = measured("one_run", settings, account)
            script = None if options.alone else measured("script_by_hand", settings, account)
            least = least or compared(account, root, run["folder"], rows)
            line = {"run": name, "items": options.items, "floor": least, "ours": run, "script": script}
            show(line, as_json=options.json)
    ours.send("end")


def show(line, *, as_json):
    """Print what a run took."""
    if as_json:
        print(json.dumps(line), flush=True)
        return
    each = 1e6 / line["items"]
    print(f"{line['run']}, {line['items']} items (floor {line['floor'] * each:.0f} µs an item)")
    for who in ("ours", "script"):
        if one := line[who]:
            print(
                f"  {who:6} {one['cpu'] * each:8.0f} µs CPU an item  {one['cpu']:8.2f} s CPU"
                f"  {one['seconds']:7.1f} s  {one['mb']:4.0f} MB"
                f"  {one['calls'].total()} calls {dict(one['calls'])}"
            )
    for step, one in line["ours"]["steps"].items():
        peak = f"  {one['mb']:4.0f} MB" if "mb" in one else ""
        print(f"    {step:20} {one['cpu'] * each:8.0f} µs{peak}")
    print(f"    { ({key: count for key, count in line['ours']['counts'].items() if count}) }", flush=True)


if __name__ == "__main__":
    main()
