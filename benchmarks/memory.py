"""Peak memory of each task of a run at 10,000 and 100,000 items.

    python benchmarks/memory.py [--few 10000] [--items 100000] [--live 10000] [--json]

Every step runs in a process of its own that has imported what the process of a task has (Airflow, and what
is read before the fork), and its figure is what the kernel calls VmHWM: the most it ever held in memory.
Goals: at most 300 MB, 450 MB for `check_quality`, and at most 20 % above its own figure at the smaller
number. The items are read from a JSON Lines file of families of three, one item in ten with a mistake.
`live_sync` sends feeds to the sandbox in another process, and `settle_feeds` is the same task when they are
through; `--live` is the largest number of items they are given, 0 leaves them out.
"""

# ruff: noqa: PLC0415 - the process of a step imports what its task imports, no more
# ruff: noqa: S106 - the sandbox's credentials are no secret
from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONNECTOR = """\
id: bench
amazon: {connection: bench, country: FR, locale: fr_FR, product_type: LAMP}
files:
  path: %s
  group_column: family
  image_columns: [pictures]
  languages: [fr]
  sku: "{{ item.sku_text }}"
  sku_limit: 10000000
sync: {operation: live, preview: none}
approval: {policy: never}
guards: {changed_share: null}
quality:
  - expectation: expect_column_values_to_be_between
    column: stock
    min_value: 0
  - expectation: expect_column_values_to_be_unique
    column: ean
  - expectation: expect_table_row_count_to_be_between
    min_value: 1
mapping:
  Nom du produit: "{{ item.name }}"
  Marque: "{{ item.brand }}"
  Fabricant: "{{ item.brand }}"
  Numéro de modèle: "{{ item.model }}"
  Type d'identifiant externe: ean
  Identifiant externe du produit: "{{ item.ean }}"
  Description du produit: "{{ item.description | clean_html }}"
  Puces: ["{{ item.point_1 }}", "{{ item.point_2 }}", "{{ item.point_3 }}"]
  Taille: "{{ item.size }}"
  color: Rouge
  Température de couleur: {value: 2700, unit: kelvin}
  Type de lampe: desk_lamp
  Type de source lumineuse: led
  Culot: e27
  Puissance: {value: "{{ item.power_w }}", unit: watts}
  Poids de l'article: "{{ item.weight }}"
  Poids du colis: "{{ item.weight }}"
  Pays d'origine: FR
  Piles nécessaires: false
  Piles incluses: false
  Réglementation marchandises dangereuses: not_applicable
  Image principale: "{{ item.pictures | image }}"
  État: new_new
  Votre prix: "{{ item.price }}"
  Canal d'expédition: DEFAULT
  fulfillment_availability.quantity: "{{ item.stock }}"
  Modèle de livraison: standard-template
"""
LIMIT_MB, GROWTH = 300, 1.20
#: Great Expectations is imported by this step alone.
LIMITS = {"check_quality": 450}
LIVE = ("live_sync", "settle_feeds")
STEPS = ("extract_products", "check_quality", "map_fields", "test_sync", "approve", *LIVE, "report")
RUN = "bench"


def write_items(path: Path, count: int) -> None:
    """Rows of families of three, about 1.3 kB each."""
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            body = f"{400_000_000_000 + number}"
            digit = -sum(int(one) * (3, 1)[place % 2] for place, one in enumerate(reversed(body))) % 10
            row = {
                "id": number,
                "family": number // 3,
                "sku_text": f"LMP-{number:07}",
                "name_fr": f"Lampe de bureau articulée série {number}, métal et bois",
                "brand": "Lumen" if number % 20 else "",
                "model": f"M{number}",
                "ean": f"{body}{(digit + (number % 20 == 10)) % 10}",
                "description_fr": "<p>Une lampe <b>élégante</b> &amp; durable.</p>" * 6,
                **{f"point_{n}_fr": f"Argument {n} de la lampe, en une phrase" for n in range(1, 6)},
                "size": "M",
                "power_w": 9,
                "weight": "1.2 kg",
                "price": 49.9,
                "stock": number % 90,
                "pictures": f"https://img.example/{number}/1.jpg|https://img.example/{number}/2.jpg",
                "notes_fr": "Texte interne que rien ne lit. " * 8,
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def run_step(step: str, root: Path, sandbox: str) -> None:
    """Run one step, as its task does; print its peak in MB and its seconds."""
    import amazon_listings.airflow_adapter.preload
    from amazon_listings import pipeline
    from amazon_listings.connectors.loader import load_connectors
    from amazon_listings.ledger.connectors.keys import keyed
    from amazon_listings.runs.context import resume_run
    from amazon_listings.runs.heap import settled_heap

    begun = time.perf_counter()
    installation = Installation(root, sandbox)
    connector = keyed(installation.ledger, load_connectors(root / "connectors", {}).connectors[0])
    with settled_heap():
        if step == "refresh_definition":
            params = {"operation": "live", "selection": "everything", "skus": [], "force": False}
            pipeline.begin(connector, installation, run_id=RUN, attempt=0, params=params)
            counts = None
        else:
            counts = globals()[f"_{step}"](resume_run(connector.key, RUN, 0, root), installation)
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    seconds = round(time.perf_counter() - begun, 1)
    print(json.dumps({"peak_mb": round(peak, 1), "seconds": seconds, "counts": counts}))
    assert amazon_listings.airflow_adapter.preload


class Installation:
    """A ledger, a storage and a file of items, with the sandbox as Amazon."""

    def __init__(self, root: Path, sandbox: str) -> None:
        from amazon_listings.ledger.database import open_ledger
        from amazon_listings.selling_partner.account import Account
        from amazon_listings.selling_partner.calls.client import SellingPartner
        from amazon_listings.selling_partner.calls.quotas import Quotas

        self.storage = root
        self.ledger = open_ledger(f"sqlite:///{root}/ledger.db")
        account = Account(
            client_id="amzn1.application-oa2-client.sandbox",
            client_secret="amzn1.oa2-cs.v1.sandbox",
            refresh_token="Atzr|sandbox",
            seller_id="A1SANDBOXSELLER",
            region="EU",
            endpoint=sandbox,
            token_url=f"{sandbox}/auth/o2/token",
        )
        self._client = SellingPartner(account, quotas=Quotas(sleep=lambda _: None))

    def account(self, _connector):
        return self._client.account

    def client(self, _connector):
        return self._client

    def reader(self, connector):
        from amazon_listings.cli.inputs.source_access import CommandAccess
        from amazon_listings.sources.extraction import open_source, read_items

        return functools.partial(read_items, open_source(connector.source, CommandAccess()))

    def halted(self, _connector):
        return None

    def tables(self, _connector):
        return {}


def _extract_products(run, installation):
    from amazon_listings import pipeline

    return pipeline.extract(run, installation).extracted


def _check_quality(run, installation):
    from amazon_listings import pipeline

    return pipeline.check_quality(run, installation)


def _map_fields(run, _installation):
    """Map every part in one process: harder than the task, which maps one."""
    from amazon_listings import pipeline
    from amazon_listings.runs.records import EXTRACT

    for part in run.folder.parts(EXTRACT):
        pipeline.map_part(run, part)


def _test_sync(run, installation):
    from amazon_listings import pipeline

    return pipeline.test(run, installation)


def _approve(run, installation):
    from amazon_listings import pipeline

    return pipeline.approve(run, installation).ready


def _live_sync(run, installation):
    """Send by feeds: there are more items than `feed_from`."""
    from amazon_listings import pipeline

    return pipeline.live_sync_of(run, installation).send()


def _settle_feeds(run, installation):
    """Do what the task does when its feeds are through."""
    from amazon_listings import pipeline

    while True:
        sync = pipeline.live_sync_of(run, installation)
        counts = sync.collect()
        if not sync.awaited():
            return counts
        time.sleep(5)


def _report(run, installation):
    from amazon_listings import pipeline

    return pipeline.finish(run, installation)["counts"]


def measure(count: int, root: Path, sandbox: str, steps: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Each step's figures for a run of so many items."""
    root.mkdir()
    (root / "connectors").mkdir()
    write_items(root / "items.jsonl", count)
    (root / "connectors" / "bench.yaml").write_text(CONNECTOR % (root / "items.jsonl"), encoding="utf-8")
    figures = {}
    for step in ("refresh_definition", *steps):
        child = subprocess.run(
            # Without -P, `benchmarks/airflow.py` would stand for Airflow.
            [sys.executable, "-P", __file__, "--step", step, "--root", root, "--sandbox", sandbox],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "AIRFLOW_HOME": str(root.parent / "airflow"), "PYTHONWARNINGS": "ignore"},
        )
        figures[step] = json.loads(child.stdout.splitlines()[-1])
        print(f"  {count:>9,} {step:20} {figures[step]}", file=sys.stderr)
    shutil.rmtree(root)
    return figures


def sandbox_process(root: Path) -> tuple[subprocess.Popen[str], str]:
    """The sandbox in a process of its own, so that its memory is not counted; and its address."""
    script = (
        "import signal\n"
        "from spapi_sandbox.server import running_sandbox\n"
        "with running_sandbox(quotas=False) as sandbox:\n"
        "    print(sandbox.url, flush=True)\n"
        "    signal.sigwait({signal.SIGTERM})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout
    return process, process.stdout.readline().strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--live", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sandbox", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        run_step(asked.step, asked.root, asked.sandbox)
        return
    with tempfile.TemporaryDirectory() as folder:
        process, sandbox = sandbox_process(Path(folder))
        try:
            sizes = {}
            for count in (asked.few, asked.items):
                steps = tuple(one for one in STEPS if one not in LIVE or count <= asked.live)
                sizes[count] = measure(count, Path(folder) / str(count), sandbox, steps)
        finally:
            process.terminate()
    result = {"steps": rows(sizes[asked.few], sizes[asked.items])}
    print(json.dumps(result) if asked.json else table(result, asked))
    if any(not row["good"] for row in result["steps"]):
        sys.exit("A step holds more memory than it may.")


def rows(few, many):
    """Each step with its two figures and whether it meets the goals."""
    found = []
    for step, small in few.items():
        large = many.get(step)
        peaks = [one["peak_mb"] for one in (small, large) if one]
        good = max(peaks) <= LIMITS.get(step, LIMIT_MB) and peaks[-1] <= GROWTH * peaks[0]
        found.append({"step": step, "few": small, "many": large, "good": good})
    return found


def table(result, asked) -> str:
    """The result for people."""
    lines = [f"{'peak memory of':20} {asked.few:>12,} {asked.items:>12,} items   growth   seconds"]
    for row in result["steps"]:
        small, large = row["few"], row["many"]
        growth = f"{100 * large['peak_mb'] / small['peak_mb'] - 100:+6.1f} %" if large else "       -"
        large_peak = f"{large['peak_mb']:9.1f} MB" if large else " " * 11 + "-"
        peaks = f"{small['peak_mb']:9.1f} MB {large_peak}"
        seconds = f"{small['seconds']:6.1f} / {large['seconds']:.1f}" if large else f"{small['seconds']:6.1f}"
        lines.append(
            f"{row['step']:20} {peaks} {growth:>14} {seconds:>12}  {'' if row['good'] else 'TOO MUCH'}"
        )
    lines.append(f"goals: at most {LIMIT_MB} MB ({LIMITS}), at most {100 * GROWTH - 100:.0f} % growth")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
