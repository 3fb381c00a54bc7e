"""Peak memory of each task of a run at 10,000 and 100,000 items.

    python benchmarks/memory.py [--few 10000] [--items 100000] [--live 10000] [--json]

Every task runs in a process of its own that is forked from one that has imported what a worker has, as in
`one_run`, and its figure is the most that it ever held in memory; of several tasks of a step, the largest.
Goals: at most 300 MB, 450 MB for `check_quality`, and at most 20 % above its own figure at the smaller
number. The items are read from a JSON Lines file of families of three, one item in ten with a mistake.
`live_sync` sends feeds to the sandbox in another process, and `collect_feeds` is the same task when they are
through; `--live` is the largest number of items they are given, 0 leaves them out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
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


def measure(count: int, root: Path, sandbox: str, *, live: bool) -> dict[str, dict[str, float]]:
    """Each step's figures for a run of so many items."""
    root.mkdir()
    (root / "connectors").mkdir()
    write_items(root / "items.jsonl", count)
    (root / "connectors" / "bench.yaml").write_text(CONNECTOR % (root / "items.jsonl"), encoding="utf-8")
    account = {
        "client_id": "amzn1.application-oa2-client.sandbox",
        "client_secret": "amzn1.oa2-cs.v1.sandbox",
        "refresh_token": "Atzr|sandbox",
        "seller_id": "A1SANDBOXSELLER",
        "region": "EU",
        "endpoint": sandbox,
        "token_url": f"{sandbox}/auth/o2/token",
    }
    settings = root / "settings.json"
    settings.write_text(json.dumps({"account": account, "root": str(root), "tasks": True, "live": live}))
    print(f"{count:,} items", file=sys.stderr)
    child = subprocess.run(
        # As a module: a file's folder comes first in the path, and this one has an `airflow.py`.
        [sys.executable, "-m", "benchmarks.one_run", settings],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "AIRFLOW_HOME": str(root.parent / "airflow"), "PYTHONWARNINGS": "ignore"},
    )
    shutil.rmtree(root)
    steps: dict[str, dict[str, float]] = json.loads(child.stdout.splitlines()[-1])["steps"]
    return steps


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
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, sandbox = sandbox_process(Path(folder))
        try:
            sizes = {}
            for count in (asked.few, asked.items):
                sizes[count] = measure(count, Path(folder) / str(count), sandbox, live=count <= asked.live)
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
        peaks = [one["mb"] for one in (small, large) if one]
        good = max(peaks) <= LIMITS.get(step, LIMIT_MB) and peaks[-1] <= GROWTH * peaks[0]
        found.append({"step": step, "few": small, "many": large, "good": good})
    return found


def table(result, asked) -> str:
    """The result for people."""
    lines = [f"{'peak memory of':20} {asked.few:>12,} {asked.items:>12,} items   growth       CPU s"]
    for row in result["steps"]:
        small, large = row["few"], row["many"]
        growth = f"{100 * large['mb'] / small['mb'] - 100:+6.1f} %" if large else "       -"
        large_peak = f"{large['mb']:9.1f} MB" if large else " " * 11 + "-"
        peaks = f"{small['mb']:9.1f} MB {large_peak}"
        seconds = f"{small['cpu']:6.1f} / {large['cpu']:.1f}" if large else f"{small['cpu']:6.1f}"
        lines.append(
            f"{row['step']:20} {peaks} {growth:>14} {seconds:>12}  {'' if row['good'] else 'TOO MUCH'}"
        )
    lines.append(f"goals: at most {LIMIT_MB} MB ({LIMITS}), at most {100 * GROWTH - 100:.0f} % growth")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
