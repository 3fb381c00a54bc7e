"""Peak memory of each task of a run at 10,000 and 100,000 items.

    python benchmarks/memory.py [--few 10000] [--items 100000] [--live 10000] [--json]

Every step runs in a process of its own that has imported what a task imports (Airflow, the tasks), and
its figure is what the kernel calls VmHWM: the most it ever held in memory. Goals: at most 600 MB, and at
most 20 % above its own figure at the smaller number. The items are read from a JSON Lines file of
families of three, one item in ten with a mistake. `live_sync` sends feeds to the sandbox in another process,
and `settle_feeds` is the same task when they are through; `--live` is the largest number of items they are
given, 0 leaves them out.
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
LIMIT_MB, GROWTH = 600, 1.20
LIVE = ("live_sync", "settle_feeds")
STEPS = ("extract_products", "check_quality", "map_fields", "test_sync", *LIVE, "report")
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
    """One step, as its task runs it; prints its peak in MB and its seconds."""
    import amazon_listings.airflow_adapter.tasks
    from amazon_listings.connectors.loader import load_connectors
    from amazon_listings.ledger.database import open_ledger
    from amazon_listings.runs.definitions import load_definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.notes import DefinitionsNote

    begun = time.perf_counter()
    connector = load_connectors(root / "connectors", {}).connectors[0]
    folder = RunFolder.of(root, connector.id, RUN)
    definitions = None
    if step in {"check_quality", "map_fields", "test_sync", *LIVE}:
        definitions = load_definitions(folder.noted(DefinitionsNote), root)
    tools = {"folder": folder}
    if step in {"refresh_definition", "test_sync", *LIVE, "report"}:
        tools["ledger"] = open_ledger(f"sqlite:///{root}/ledger.db")
    counts = run_of(step)(connector, definitions, root, sandbox, **tools)
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    seconds = round(time.perf_counter() - begun, 1)
    print(json.dumps({"peak_mb": round(peak, 1), "seconds": seconds, "counts": counts}))
    assert amazon_listings.airflow_adapter.tasks


def run_of(step: str):
    return globals()[f"_{step}"]


def _scope(folder):
    from amazon_listings.runs.scope import Scope

    return folder.noted(Scope)


def _client(sandbox: str):
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.quotas import Quotas

    account = Account(
        client_id="amzn1.application-oa2-client.sandbox",
        client_secret="amzn1.oa2-cs.v1.sandbox",
        refresh_token="Atzr|sandbox",
        seller_id="A1SANDBOXSELLER",
        region="EU",
        endpoint=sandbox,
        token_url=f"{sandbox}/auth/o2/token",
    )
    return SellingPartner(account, quotas=Quotas(sleep=lambda _: None))


def _refresh_definition(connector, _definitions, root, sandbox, *, folder, ledger):
    from amazon_listings.ledger.runs import start_run
    from amazon_listings.runs.definitions import refresh_definitions
    from amazon_listings.runs.scope import Scope

    note = refresh_definitions(connector, _client(sandbox), root)
    scope = Scope("live", "everything", "asked", None, None, frozenset(), force=False)
    folder.note(note)
    folder.note(scope)
    start_run(
        ledger,
        connector_id=connector.id,
        run_id=RUN,
        operation="live",
        scope="everything",
        fingerprint=connector.fingerprint,
        definition=note.checksum,
    )


def _extract_products(connector, _definitions, _root, _sandbox, *, folder):
    from amazon_listings.cli.source_access import CommandAccess
    from amazon_listings.runs.extract import extract_products
    from amazon_listings.settings import settings
    from amazon_listings.sources.extraction import open_source, read_items

    read = functools.partial(read_items, open_source(connector.source, CommandAccess()))
    summary = extract_products(
        connector, _scope(folder), read=read, folder=folder, part_size=settings().part_size
    )
    return summary.extracted


def _check_quality(connector, definitions, root, _sandbox, *, folder):
    from amazon_listings.checks.quality import check_quality

    return check_quality(connector, definitions, folder, storage=root)


def _map_fields(connector, definitions, _root, _sandbox, *, folder):
    """Every part in one process: harder than the task, which maps one."""
    from amazon_listings.runs.map_fields import map_part
    from amazon_listings.runs.records import EXTRACT

    for part in folder.parts(EXTRACT):
        map_part(connector, definitions, folder, part)


def _test_sync(connector, definitions, _root, sandbox, *, folder, ledger):
    from amazon_listings.checks.check_items import test_sync

    return test_sync(
        connector, _scope(folder), definitions, client=_client(sandbox), ledger=ledger, folder=folder
    )


def _live_sync(connector, definitions, _root, sandbox, *, folder, ledger):
    """By feeds: there are more items than `feed_from`."""
    return _live_sync_of(connector, definitions, sandbox, folder=folder, ledger=ledger).send()


def _live_sync_of(connector, definitions, sandbox, *, folder, ledger):
    from amazon_listings.ledger.runs import run_number
    from amazon_listings.writes.live_sync import live_sync

    number = run_number(ledger, connector.id, RUN)
    tools = {"client": _client(sandbox), "ledger": ledger, "run": number, "folder": folder}
    return live_sync(connector, definitions, **tools)


def _settle_feeds(connector, definitions, _root, sandbox, *, folder, ledger):
    """What the task does when its feeds are through."""
    while True:
        sync = _live_sync_of(connector, definitions, sandbox, folder=folder, ledger=ledger)
        counts = sync.collect()
        if not sync.awaited():
            return counts
        time.sleep(5)


def _report(connector, _definitions, _root, _sandbox, *, folder, ledger):
    from amazon_listings.runs.finish import finish_run

    return finish_run(connector, ledger=ledger, folder=folder, run_id=RUN, warnings=(), unfinished=())[
        "counts"
    ]


def measure(count: int, root: Path, sandbox: str, steps: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Each step's figures for a run of so many items."""
    root.mkdir()
    (root / "connectors").mkdir()
    write_items(root / "items.jsonl", count)
    (root / "connectors" / "bench.yaml").write_text(CONNECTOR % (root / "items.jsonl"), encoding="utf-8")
    figures = {}
    for step in ("refresh_definition", *steps):
        child = subprocess.run(
            [sys.executable, __file__, "--step", step, "--root", root, "--sandbox", sandbox],
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
        good = max(peaks) <= LIMIT_MB and peaks[-1] <= GROWTH * peaks[0]
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
    lines.append(f"goals: at most {LIMIT_MB} MB, at most {100 * GROWTH - 100:.0f} % growth")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
