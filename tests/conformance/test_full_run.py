"""Every request and every answer of full runs of the demo connectors, held to Amazon's models."""

from __future__ import annotations

from collections import Counter

import pytest
import requests
from amazon_models import AmazonModels

from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection, demo_connector, pim_connection
from support.airflow_tasks import Bench

#: A variant of the backpacks that the second live run must send again.
EDITED = 5055


@pytest.fixture(scope="module")
def models():
    return AmazonModels()


@pytest.fixture(scope="module")
def runs(models, tmp_path_factory):
    """A test run, a live run, a live run of what changed since, and all that went over the wire."""
    with running_sandbox() as sandbox:
        # Amazon tells an account its own rates in a header; these are high ones, so that the test is short.
        fast = ("putListingsItem", "patchListingsItem", "getListingsItem", "searchListingsItems")
        sandbox.control("quotas", limits={name: [500, 500] for name in fast})
        sandbox.control("recording", on=True)
        connections = {
            "demo_amazon": amazon_connection(sandbox),
            "demo_sales_layer": pim_connection(sandbox),
        }
        bench = Bench(tmp_path_factory.mktemp("bench"), connections)
        lamps = bench.declare(demo_connector("fr_lamps", "fr_lamps", sync={"preview_rate": 5}))
        packs = bench.declare(demo_connector("de_backpacks", "de_backpacks", sync={"preview_rate": 5}))
        made = {
            "test": bench.run(lamps, operation="test"),
            "live": bench.run(packs, operation="live"),
        }
        place = f"{sandbox.url}/sales_layer/_control/items/variants/{EDITED}"
        requests.patch(place, json={"values": {"price": "61.90"}}, timeout=30).raise_for_status()
        made["changed"] = bench.run(packs, operation="live")
        yield made, sandbox.requests()


def test_the_runs_came_to_their_end(runs):
    made, _ = runs
    for name, run in made.items():
        assert run.errors == {}, (name, run.sentences)
    assert made["test"].states["live_sync"] == "skipped"
    assert made["live"].report["counts"]["accepted"] > 40
    assert made["changed"].report["counts"]["accepted"] == 1


def test_all_of_it_is_as_the_models_say(models, runs):
    _, recorded = runs
    operations = Counter(entry["operation"] for entry in recorded)
    assert operations["getDefinitionsProductType"] >= 2
    assert operations["putListingsItem"] > 100
    assert models.problems(recorded) == []


def test_a_test_run_only_previews(runs):
    _, recorded = runs
    lamps = [entry for entry in recorded if '"productType":"LAMP"' in entry["request"].replace(" ", "")]
    assert lamps
    assert all("mode=VALIDATION_PREVIEW" in entry["query"] for entry in lamps)


def test_nothing_that_was_recorded_names_a_secret(runs):
    _, recorded = runs
    for entry in recorded:
        shown = f"{entry['path']}?{entry['query']} {entry['request']}"
        for secret in ("Atzr|", "Atza|", "amzn1.oa2-cs"):
            assert secret not in shown
