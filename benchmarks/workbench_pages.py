"""How fast whole pages of the workbench are: 50 connectors, 100,000 items, 10,000 open issues.

    python benchmarks/workbench_pages.py [--waiting ITEMS] [SQLAlchemy URL of an empty PostgreSQL]

Airflow's whole API server, prepared as the plugin does after its start, answers in this process, without a
network; the mapping, its definition and 120 products are the demo's. Prints the first answer and the 95th
percentile of 60 more in milliseconds by the clock, the 95th percentile of this process's work, the page
compressed in kB, and by how many MB 500 more requests make the process grow. `--waiting` is how many items
of one connector wait for approval, 2,000 by default.
"""

import argparse
import atexit
import gc
import gzip
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from datetime import timedelta
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
# This folder last: its airflow.py is not Airflow.
sys.path[:] = [str(PROJECT), *sys.path[1:], sys.path[0]]
HOME = tempfile.mkdtemp(prefix="benchmark-")
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--waiting", type=int, default=2_000)
parser.add_argument("url", nargs="?", default=f"sqlite:///{HOME}/ledger.db")
OPTIONS = parser.parse_args()
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ |= {
    "AIRFLOW_HOME": HOME,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PLUGINS_FOLDER": HOME,
    "AIRFLOW__API_AUTH__JWT_SECRET": "benchmark" * 8,
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    "AMAZON_LISTINGS_CONNECTORS": f"{HOME}/connectors",
    "AMAZON_LISTINGS_STORAGE": f"{HOME}/storage",
    "AMAZON_LISTINGS_LEDGER": OPTIONS.url,
}
warnings.simplefilter("ignore")

import psutil  # noqa: E402
import yaml  # noqa: E402
from airflow.api_fastapi.app import create_app  # noqa: E402
from airflow.api_fastapi.core_api.security import get_user  # noqa: E402
from airflow.utils.db import initdb  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from msgspec import to_builtins  # noqa: E402
from workbench import CONNECTORS, NOW, fill  # noqa: E402

from amazon_listings.airflow_adapter import connections  # noqa: E402
from amazon_listings.airflow_adapter.hooks import SellingPartnerHook  # noqa: E402
from amazon_listings.approvals.touched import largest_share, touched_by  # noqa: E402
from amazon_listings.connectors.loader import load_connectors  # noqa: E402
from amazon_listings.ledger.approvals.questions import Asked, ask  # noqa: E402
from amazon_listings.ledger.connectors.keys import known_connectors  # noqa: E402
from amazon_listings.ledger.content import packed  # noqa: E402
from amazon_listings.ledger.items.payloads import ListingScope  # noqa: E402
from amazon_listings.ledger.items.states import ItemState, record_states  # noqa: E402
from amazon_listings.ledger.runs.history import recent_runs  # noqa: E402
from amazon_listings.runs.definitions import refresh_definitions  # noqa: E402
from amazon_listings.runs.folder import RunFolder  # noqa: E402
from amazon_listings.runs.plan import Change  # noqa: E402
from amazon_listings.selling_partner.content.leaves import Leaf  # noqa: E402
from amazon_listings.web import access  # noqa: E402
from amazon_listings.web.new.products_seen import products_seen  # noqa: E402
from amazon_listings.web.plugin import prepare_pages  # noqa: E402
from local_airflow.installation import connections as demo_connections  # noqa: E402
from spapi_sandbox.server import running_sandbox  # noqa: E402

TIMES, MORE, PRODUCTS = 60, 500, 120
PLACE = "/amazon-listings"
DAG = "amazon_connector_00"


class Anyone:
    """A user who may do everything, and the auth manager that lets them."""

    def __getattr__(self, name):
        return lambda *_, **__: True if name.startswith("is_") else "anyone"


def prepare():
    """Write the connectors; fetch their definition, as the last run of each has it; keep real products."""
    folder = Path(os.environ["AMAZON_LISTINGS_CONNECTORS"])
    folder.mkdir()
    document = yaml.safe_load((PROJECT / "include/connectors/fr_lamps.yaml").read_text("utf-8"))
    for number in range(CONNECTORS):
        text = yaml.safe_dump(
            document | {"id": f"connector_{number:02}"}, allow_unicode=True, sort_keys=False
        )
        (folder / f"connector_{number:02}.yaml").write_text(text, encoding="utf-8")
    ledger, storage = connections.ledger(), connections.storage()
    fill(ledger)
    keys = {one.current_id: one.key for one in known_connectors(ledger)}
    with running_sandbox() as sandbox:
        for name, one in demo_connections(sandbox.url).items():
            os.environ[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(one)
        client = SellingPartnerHook("demo_amazon", "FR").get_conn()
        found = load_connectors(folder, {}).connectors
        note = refresh_definitions(found[0], client, storage)
        seen = products_seen("sales_layer", {"connection": "demo_sales_layer"}, ["fr"], 60)
    for one in found:
        (run, *_) = recent_runs(ledger, keys[one.id], 1)
        RunFolder.of(storage, keys[one.id], run.run_id, run.attempt).note(note)
    # Before those of `fill`, in the order in which pages show products.
    states = [
        ItemState(
            pim_id=f"a/{number:03}",
            sku=f"A-{number:03}",
            family=f"a/{number:03}",
            run=1,
            operation="test",
            outcome="ready",
            read_at=NOW,
            row={**item, "pim_id": f"a/{number:03}", "group": f"a/{number:03}", "sku": f"A-{number:03}"},
        )
        for number, item in enumerate(seen.items[:PRODUCTS])
    ]
    record_states(ledger, keys["connector_00"], states)
    ask_about(ledger, keys["connector_00"])


def ask_about(ledger, key):
    """Ask about every listing of a connector, as its first live run does: half are new, half change."""
    listings = ListingScope(key, "A1SELLER", "A13V1IB3VIYZZH", "LAMP")
    items = []
    for number in range(OPTIONS.waiting):
        names = ("item_name", "brand", "color", "material", "bullet_point", "purchasable_offer")
        kind = "create" if number % 2 else "change"
        leaves = [
            Leaf(listings.marketplace_id, f"{name}{'' if at < 1 else at}")
            for at in range(4)
            for name in names
        ]
        changes = [
            Change(leaf, before=None if kind == "create" else f"before {number}", after=f"after {number}")
            for leaf in (leaves if kind == "create" else leaves[:3])
        ]
        price = Leaf(listings.marketplace_id, "purchasable_offer", (("currency", "EUR"),), ("our_price",))
        if number % 4 == 0:
            before, after = ([{"schedule": [{"value_with_tax": one}]}] for one in (90.0, 89.0 - number % 40))
            changes.append(Change(price, before=before, after=after))
        sku, pim_id, hash_ = f"SKU-00-{number:06}", f"products/{number}", f"{number:064}"
        text, changed = packed(to_builtins(changes)), changes if kind == "change" else ()
        share = largest_share(changed)
        items.append(Asked(sku, pim_id, kind, hash_, ("first",), ("line",), text, touched_by(changed), share))
    ask(ledger, listings, 1, items, patience=timedelta(days=30))


def measured(client, name, ask):
    start = time.perf_counter()
    answer = ask(client)
    first = 1000 * (time.perf_counter() - start)
    assert answer.status_code == 200, (name, answer.status_code, answer.text[:2000])
    taken, worked = [], []
    for _ in range(TIMES):
        start, began = time.perf_counter(), time.process_time()
        ask(client)
        taken.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - began))
    late, busy = (statistics.quantiles(times, n=20)[-1] for times in (taken, worked))
    size = len(gzip.compress(answer.content)) / 1000
    print(f"{name:34} {first:8.0f} ms {late:8.0f} ms {busy:8.0f} ms {size:8.1f} kB", flush=True)


def pages():
    """Return what is asked, by name."""
    preview = {"field": "item_name.value", "kind": "expression", "expression": "{{ item.prod_title }}"}
    counter = iter(range(10**6))

    def edited(client):
        text = f"{{{{ item.prod_title }}}} {next(counter)}"
        return client.post(f"{PLACE}/dags/{DAG}/fields/preview", json=preview | {"expression": text})

    def got(path):
        return lambda client: client.get(PLACE + path)

    return {
        "connectors": got("/"),
        "counts beside the menu": got("/attention"),
        "items": got("/items"),
        "items: text": got("/items?q=SKU-49-0019"),
        "items: reference": got("/items?reference=SKU-49-001900"),
        "items: field with an issue": got("/items?field=brand"),
        "items: variants": got("/items?kind=variant"),
        "items: changed in a week": got("/items?changed_from=2026-11-21&changed_to=2026-11-28"),
        "items: of one connector": got(f"/dags/{DAG}/items"),
        "items: suppressed": got("/items?state=suppressed"),
        "issues": got("/issues"),
        "issues: of one connector": got(f"/dags/{DAG}/issues"),
        "activity": got("/activity"),
        "fields": got(f"/dags/{DAG}/fields?field=item_name.value"),
        "preview of a field, 20 products": edited,
        "item": got(f"/dags/{DAG}/item?id=a/001"),
        f"approvals, {OPTIONS.waiting:,} items": got(f"/dags/{DAG}/approvals"),
        "approvals: text": got(f"/dags/{DAG}/approvals?q=SKU-00-0019"),
        "approvals: price": got(f"/dags/{DAG}/approvals?what=price"),
        "approvals: API": got(f"/api/dags/{DAG}/approvals"),
        "check of all connectors": got("/check"),
    }


def main():
    initdb()
    prepare()
    server = create_app()
    prepare_pages().dependency_overrides[get_user] = Anyone
    access.get_auth_manager = Anyone
    client = TestClient(
        server,
        base_url="http://airflow.test",
        headers={"origin": "http://airflow.test", "accept": "text/html"},
    )
    asked = pages()
    print(f"{'':34} {'first':>11} {'p95':>11} {'work':>11} {'size':>11}")
    for name, get in asked.items():
        measured(client, name, get)
    assets = sum(
        len(gzip.compress(path.read_bytes()))
        for path in (PROJECT / "plugins/amazon_listings/web/static").iterdir()
    )
    print(f"{'scripts, styles and icons':34} {'':36} {assets / 1000:8.1f} kB")
    lasting = [get for name, get in asked.items() if name != "check of all connectors"]
    gc.collect()
    before = psutil.Process().memory_info().rss
    for number in range(MORE):
        lasting[number % len(lasting)](client)
    gc.collect()
    grown = (psutil.Process().memory_info().rss - before) / 1e6
    print(f"after {MORE} more requests: {grown:+.1f} MB")


if __name__ == "__main__":
    main()
