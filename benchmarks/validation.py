"""Validation against the real BRACELET and HOME definitions, beside what else there is.

    python benchmarks/validation.py [--items 100000] [--workers 2] [--json]

In one run and on the same payloads of 40 to 50 attributes: python-jsonschema with Amazon's keywords
(the tests' reference), ajv's 2019 build with the same keywords (npm installs it into an ignored
folder), jsonschema-rs bare (no Amazon keywords: the floor), and ours. Then a whole catalogue: JSON
Lines parsed and checked by worker processes, one item in ten invalid, with every issue explained.

Each payload is for sale: it has a price, some with limits, some with a sale. Valid ones break neither the
definition nor a rule beyond it; what deserves a warning stays.

Goals: valid items, as a run asks about them (with warnings, and the rules beyond the definition), at most
1.3 times the bare engine, which knows no rules; invalid items with all explained issues at least 20 times
faster than python-jsonschema; compile under 100 ms; 100,000 items on 2 cores under 20 seconds with memory
flat.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import operator
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import psutil

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "conformance"))
from validation_payloads import Payloads  # noqa: E402 - found by the line above
from validation_reference import Reference  # noqa: E402

from amazon_product_types.rules import RuleCheck  # noqa: E402
from amazon_product_types.validation import compile_definition  # noqa: E402
from amazon_product_types.validation.validator import Validator  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHARED = Path(os.environ.get("AMAZON_LISTINGS_SHARED", HERE.parents[1] / "shared"))
DEFINITIONS = ("BRACELET.US.en_US.2026-05", "HOME.US.en_US.2025-01")
AJV = HERE / "rivals" / "ajv"
COUNT = 200
ROUNDS = 15
RATIO_ROUNDS = 60
SLOW = 20
US = "ATVPDKIKX0DER"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = SHARED / "amazon" / "product_types"
    if not folder.is_dir():
        raise SystemExit(f"Amazon's definitions are not at {folder}; set AMAZON_LISTINGS_SHARED.")
    results = {name: measured(folder / f"{name}.json", options) for name in DEFINITIONS}
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for name, result in results.items():
        print(table(name, result))


def sample(document: dict[str, Any], definition: Validator) -> dict[str, list[Any]]:
    """Valid payloads of 40 to 50 attributes, and invalid ones made of them by one to three changes."""
    payloads = Payloads(document, seed=1)
    rules = RuleCheck(document, definition.label)
    drawn = (payloads.valid(size) for size in itertools.cycle((28, 32, 36, 40)))
    sold = ({**payload, "purchasable_offer": offer} for payload, offer in zip(drawn, offers(), strict=False))
    fitting = (payload for payload in sold if 40 <= len(payload) <= 50)
    right = (one for one in fitting if definition.is_valid(one) and rules.is_right(one))
    valid = list(itertools.islice(right, COUNT))
    mutants = (
        payloads.mutant(payload, 1 + number % 3) for number, payload in enumerate(itertools.cycle(valid))
    )
    invalid = list(itertools.islice((mutant for mutant in mutants if not definition.is_valid(mutant)), COUNT))
    return {"valid": valid, "invalid": invalid}


def offers() -> Iterator[list[dict[str, Any]]]:
    """Offers as catalogues have them: a price, with limits, with a sale."""
    for number in itertools.count():
        price = 20 + number % 50 + 0.99
        offer = {"currency": "USD", "audience": "ALL", "marketplace_id": US, "our_price": scheduled(price)}
        if number % 3 == 1:
            offer["minimum_seller_allowed_price"] = scheduled(price - 5)
            offer["maximum_seller_allowed_price"] = scheduled(price + 10)
        if number % 3 == 2:
            offer["discounted_price"] = scheduled(price - 4, start_at="2026-12-01", end_at="2026-12-24")
        yield [offer]


def scheduled(price: float, **days: str) -> list[dict[str, Any]]:
    return [{"schedule": [{"value_with_tax": price, **days}]}]


def measured(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    document = json.loads(path.read_bytes())
    definition = compile_definition(document)
    payloads = sample(document, definition)
    valid, invalid = payloads["valid"], payloads["invalid"]
    plain = {key: value for key, value in document.items() if key != "$schema"}

    def bare_engine() -> jsonschema_rs.Draft201909Validator:
        return jsonschema_rs.Draft201909Validator(plain, validate_formats=True, offline=True)

    bare, reference = bare_engine(), Reference(document).validator
    rules = RuleCheck(document, definition.label)

    def asked(payload: dict[str, Any]) -> list[Any]:
        """Return what a run asks of each item."""
        return definition.issues(payload) + rules.issues(payload)

    judging = {
        "bare": (bare.is_valid, valid),
        "verdict": (definition.is_valid, valid),
        "issues": (definition.issues, valid),
        "run": (asked, valid),
    }
    rounds = in_turns(judging, RATIO_ROUNDS)
    times = alternately(
        {
            "bare valid": (bare.is_valid, valid),
            "ours valid": (definition.is_valid, valid),
            "ours valid, with warnings": (definition.issues, valid),
            "bare invalid": (lambda payload: list(bare.iter_errors(payload)), invalid),
            "ours valid, as a run": (asked, valid),
            "ours invalid": (definition.issues, invalid),
            "ours invalid, as a run": (asked, invalid),
        },
        ROUNDS,
    ) | alternately(
        {
            "python valid": (reference.is_valid, valid[:SLOW]),
            "python invalid": (lambda payload: list(reference.iter_errors(payload)), invalid[:SLOW]),
        },
        3,
    )
    compiling = alternately(
        {
            "bare compile": (lambda _: bare_engine(), [None]),
            "ours compile": (lambda _: Validator(document, None, ""), [None]),
        },
        5,
    )
    return {
        "attributes": sum(map(len, valid)) / COUNT,
        "issues per invalid item": sum(len(definition.issues(payload)) for payload in invalid) / COUNT,
        "ms": times | compiling,
        "times bare": {
            name: statistics.median(map(operator.truediv, rounds[name], rounds["bare"]))
            for name in ("verdict", "issues", "run")
        },
        "ajv": ajv(path, payloads),
        "catalogue": catalogue(path, payloads, options),
    }


def in_turns(work: dict[str, tuple[Callable[[Any], Any], list[Any]]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of processor time per item in each round, candidates in turns.

    What else a machine does slows down those that run beside each other alike, so that the median of
    the ratios in each round is steadier than the ratio of any two times.
    """
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, (call, payloads) in work.items():
            start = time.process_time()
            for payload in payloads:
                call(payload)
            spent[name].append((time.process_time() - start) * 1000 / len(payloads))
    return spent


def alternately(work: dict[str, tuple[Callable[[Any], Any], list[Any]]], rounds: int) -> dict[str, float]:
    """Best milliseconds of processor time per item."""
    return {name: min(spent) for name, spent in in_turns(work, rounds).items()}


def ajv(path: Path, payloads: dict[str, list[Any]]) -> dict[str, float] | str:
    try:
        if not (AJV / "node_modules").is_dir():
            subprocess.run(
                ["npm", "install", "--silent", "--no-audit", "--no-package-lock"],
                cwd=AJV,
                check=True,
                capture_output=True,
            )
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(payloads, file)
            file.flush()
            command = ["node", str(AJV / "run.cjs"), str(path), file.name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"not measured: {error}"
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def catalogue(path: Path, payloads: dict[str, list[Any]], options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and memory for so many items as JSON Lines, one in ten invalid."""
    lines = [json.dumps(payload) for number in range(9) for payload in payloads["valid"]]
    lines += [json.dumps(payload) for payload in payloads["invalid"]]
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(options.workers, _prepare, (str(path),)) as pool:
        pool.map(_check, [[lines[0]]] * options.workers)  # both workers have compiled
        ready = time.perf_counter()
        count = invalid = 0
        memory = []
        for checked, wrong, resident in pool.imap_unordered(_check, _parts(lines, options.items)):
            count, invalid = count + checked, invalid + wrong
            memory.append(resident)
    seconds = time.perf_counter() - ready
    tenth = max(1, len(memory) // 10)
    return {
        "items": count,
        "invalid": invalid,
        "seconds": seconds,
        "start": ready - start,
        "MB after a tenth": max(memory[:tenth]) / 2**20,
        "MB at the end": max(memory[-tenth:]) / 2**20,
    }


def _parts(lines: list[str], count: int) -> Iterator[list[str]]:
    stream = itertools.islice(itertools.cycle(lines), count)
    while part := list(itertools.islice(stream, 500)):
        yield part


_definition: Validator


def _prepare(path: str) -> None:
    global _definition  # noqa: PLW0603 - one definition per worker process
    _definition = compile_definition(json.loads(Path(path).read_bytes()))


def _check(lines: list[str]) -> tuple[int, int, int]:
    wrong = 0
    for line in lines:
        wrong += any(issue.severity == "ERROR" for issue in _definition.issues(json.loads(line)))
    return len(lines), wrong, psutil.Process().memory_info().rss


def table(name: str, result: dict[str, Any]) -> str:
    ms, rival, whole = result["ms"], result["ajv"], result["catalogue"]
    measured_ajv = rival if isinstance(rival, dict) else {}
    rows = [
        ("python-jsonschema", ms["python valid"], ms["python invalid"], None),
        ("ajv 2019", measured_ajv.get("valid"), measured_ajv.get("invalid"), measured_ajv.get("compile")),
        ("jsonschema-rs bare", ms["bare valid"], ms["bare invalid"], ms["bare compile"]),
        ("ours: verdict / issues", ms["ours valid"], ms["ours invalid"], ms["ours compile"]),
        ("ours: issues, warnings too", ms["ours valid, with warnings"], None, None),
        ("ours: as a run, rules too", ms["ours valid, as a run"], ms["ours invalid, as a run"], None),
    ]
    lines = [
        (
            f"\n{name}: {result['attributes']:.0f} attributes, "
            f"{result['issues per invalid item']:.1f} issues per invalid item"
        ),
        f"{'ms':<28}{'valid':>10}{'invalid':>10}{'compile':>10}",
    ]
    lines += [
        f"{label:<28}" + "".join(f"{'-' if value is None else format(value, '.3f'):>10}" for value in values)
        for label, *values in rows
    ]
    if isinstance(rival, str):
        lines.append(f"ajv {rival}")
    times = result["times bare"]
    faster, of_run = (ms["python invalid"] / ms[name] for name in ("ours invalid", "ours invalid, as a run"))
    lines += [
        (
            f"valid, as a run / bare         {times['run']:.2f}   (goal: at most 1.3; without the rules "
            f"{times['issues']:.2f}, the verdict alone {times['verdict']:.2f})"
        ),
        f"invalid, python / ours         {faster:.1f}   (goal: at least 20; as a run {of_run:.1f})",
        f"compile                        {ms['ours compile']:.0f} ms (goal: under 100)",
        f"{whole['items']:,} items, {whole['invalid']:,} invalid: {whole['seconds']:.1f} s (goal: under 20)",
        f"memory of a worker             {whole['MB after a tenth']:.0f} to {whole['MB at the end']:.0f} MB",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
