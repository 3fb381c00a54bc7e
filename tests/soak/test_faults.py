"""Faults drawn by a seed, many at once, run after run; one without faults sets everything right."""

import json
import random
from collections import defaultdict
from urllib.parse import unquote

import pytest
import requests

from spapi_sandbox.server import running_sandbox
from support.faults import Trial, backpacks

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

EVERYTHING = {"filter": "{{ item.amazon_product_type == 'BACKPACK' }}"}
RUNS = 6
FAULTS = 12
OPERATIONS = (
    "token",
    "documents",
    "getDefinitionsProductType",
    "getListingsItem",
    "putListingsItem",
    "patchListingsItem",
)
KINDS = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"kind": "invalid_json"},
    {"kind": "timeout_after_write"},
)
PIM_KINDS = ({"kind": "status", "status": 503}, {"kind": "reset"}, {"kind": "truncate"})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mixed_faults(tmp_path, seed):
    chance = random.Random(seed)
    with running_sandbox(seed=seed) as sandbox:
        sandbox.control("quotas", factor=100)
        trial = Trial(sandbox, tmp_path, document=backpacks(sales_layer=EVERYTHING))
        for number in range(RUNS):
            trial.forget()
            trial.reprice(f"{20 + number}.90")
            for _ in range(FAULTS):
                more = {"times": chance.randint(1, 4), "skip": chance.randint(0, 60)}
                sandbox.fault(chance.choice(OPERATIONS), **chance.choice(KINDS), **more)
            trial.pim_fault("rest", **chance.choice(PIM_KINDS), skip=chance.randint(0, 3))
            run = trial.run(selection="everything")
            if not run.errors:
                counts = run.report["counts"]
                assert sum(counts.values()) - counts["out_of_scope"] == run.report["extracted"]
            assert different(trial) == {}, "an item was sent with two contents"
        sandbox.state.traffic.forget_faults()
        requests.delete(f"{sandbox.url}/sales_layer/_control/faults", timeout=30).raise_for_status()
        run = trial.run(selection="everything")
        assert run.errors == {}, run.sentences
        assert run.report["counts"]["failed"] == 0
        held = {entry["sku"]: entry for entry in wanted(trial, run)}
        assert held
        for sku in held:
            assert trial.held(sku)["purchasable_offer"][0]["our_price"][0]["schedule"][0][
                "value_with_tax"
            ] == pytest.approx(20.9 + RUNS - 1)


def different(trial):
    """SKUs that Amazon took with more than one content since the price was changed."""
    taken = defaultdict(set)
    for entry in trial.writes():
        if entry["status"] == 200 or entry.get("fault") == "timeout_after_write":
            taken[unquote(entry["path"].rsplit("/", 1)[1])].add((entry["method"], entry["request"]))
    return {sku: contents for sku, contents in taken.items() if len(contents) > 1}


def wanted(trial, run):
    """The items of the report that were sent or are as they should be."""
    report = json.loads((trial.folder(run) / "report" / "report.json").read_text("utf-8"))
    return [item for item in report["items"] if item["outcome"] in {"accepted", "unchanged"}]
