"""One run of end_to_end.py or memory.py, in this process or with a process for each task as in Airflow.

    python -m benchmarks.one_run SETTINGS.json

Prints a line of JSON: CPU seconds (and, of tasks, MB at the peak) by step, this process's peak, the counts
and the run's id.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import time
from pathlib import Path

from amazon_listings.runs.heap import collect_seldom, settled_heap

if __name__ == "__main__" and not json.loads(Path(sys.argv[1]).read_text())["tasks"]:
    collect_seldom()  # as the command does, before it imports what follows

import requests

from amazon_listings import pipeline
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.ledger.database import open_ledger
from amazon_listings.local_run import Decision, run_connector
from amazon_listings.runs.context import resume_run
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.selling_partner import feeds
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.files.source import ProductFiles
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.connection import PimConnection
from benchmarks.peak import peak

PARAMS = {"operation": "live", "selection": "changed", "skus": [], "force": False}


class Installation:
    """A ledger, a storage and a source of products; each is opened when it is first used."""

    def __init__(self, settings):
        self._account = Account(**settings["account"])
        self._pim = settings.get("pim")
        self.root = Path(settings["root"])
        self.storage = self.root / "storage"

    @functools.cached_property
    def ledger(self):
        return open_ledger(f"sqlite:///{self.root}/ledger.db")

    @functools.cached_property
    def _client(self):
        return SellingPartner(
            self._account, quotas=Quotas(sleep=lambda _: None), preview_rate=1000, sleep=self._sleep
        )

    @property
    def connector(self):
        loaded = load_connectors(self.root / "connectors", {})
        assert not loaded.broken, loaded.broken[0].text
        return keyed(self.ledger, loaded.connectors[0])

    def wait_for_feed(self, seconds):
        """Wait between two looks at feeds; the sandbox has applied a hundred messages in a second of ours."""
        time.sleep(5)  # it works on them; asking more often would be measured too
        self._sleep(seconds)

    def wait_for_feeds(self, feed_ids):
        """Wait until feeds are through, as the trigger of the task `live_sync` does."""
        while any(not feeds.get(self._client, one).finished for one in feed_ids):
            self.wait_for_feed(60)

    def _sleep(self, seconds):
        url = f"{self._account.endpoint}/_control/clock"
        requests.post(url, json={"advance": seconds}, timeout=10)

    def account(self, _connector):
        return self._account

    def client(self, _connector):
        return self._client

    def reader(self, connector):
        if self._pim:
            return functools.partial(read_items, SalesLayerAccount(PimConnection(**self._pim)))
        return functools.partial(read_items, ProductFiles(FileSettings(**connector.source.own)))

    def halted(self, _connector):
        return None

    def tables(self, _connector):
        return {}


def in_one_process(home):
    """Run as `amazon-listings run` does; CPU seconds by step, the first with all that came before it."""
    steps, mark = {}, 0.0

    def progress(step, _words):
        nonlocal mark
        now = time.process_time()
        steps[step] = {"cpu": now - mark}
        mark = now

    connector = home.connector
    progress("start", "")
    context, summary = run_connector(
        connector, home, PARAMS, decide=lambda *_: Decision.SEND, progress=progress, poll=home.wait_for_feed
    )
    assert summary["failure"] is None, summary["failure"]
    return {
        "steps": steps,
        "counts": summary["counts"],
        "folder": [connector.key, context.run_id],
    }


class Tasks:
    """The steps, each in a process that is forked when all is imported that Airflow's forkserver imports."""

    def __init__(self, home, run_id):
        import amazon_listings.airflow_adapter.preload  # noqa: PLC0415 - what a worker has imported

        assert amazon_listings.airflow_adapter.preload
        self._home, self._run_id = home, run_id
        self._key = None
        self.steps = {}

    def begin(self):
        def call(_run):
            connector = self._home.connector
            pipeline.begin(connector, self._home, run_id=self._run_id, attempt=0, params=PARAMS)
            return connector.key

        self._key = self.task("refresh_definition", call)
        return self._key

    def task(self, step, call):
        """Carry out a step in a process of its own; add its CPU and its peak to what the step had."""
        read, write = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            self._carry_out(call, write)
        os.close(write)
        with os.fdopen(read) as pipe:
            said = pipe.read()
        _, status, used = os.wait4(pid, 0)
        assert status == 0, f"{step} failed"
        one = self.steps.setdefault(step, {"cpu": 0.0, "mb": 0.0})
        one["cpu"] += used.ru_utime + used.ru_stime
        one["mb"] = max(one["mb"], used.ru_maxrss / 1024)
        # A run of 100,000 items takes half an hour: what is known of it is told meanwhile.
        print(f"{step}: {one['cpu']:.1f} s CPU, {one['mb']:.0f} MB", file=sys.stderr, flush=True)
        return json.loads(said)

    def _carry_out(self, call, write):
        try:
            with settled_heap():
                key = self._key
                run = resume_run(key, self._run_id, 0, self._home.storage) if key else None
                answer = json.dumps(call(run))
            with os.fdopen(write, "w") as pipe:
                pipe.write(answer)
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
            import traceback  # noqa: PLC0415 - hardly ever

            traceback.print_exc()
            os._exit(1)
        os._exit(0)


def in_tasks(home, *, live=True):
    """Run with a process for each task, as Airflow does; without `live`, nothing is sent."""
    run_id = f"tasks-{time.time_ns()}"
    tasks = Tasks(home, run_id)
    key = tasks.begin()
    tasks.task("extract_products", lambda run: pipeline.extract(run, home).extracted)
    tasks.task("check_quality", lambda run: pipeline.check_quality(run, home))
    parts = tasks.task("parts", lambda run: list(run.folder.noted(ExtractNote).parts))
    tasks.steps.pop("parts")
    for part in parts:
        tasks.task("map_fields", functools.partial(lambda part, run: pipeline.map_part(run, part), part))
    tasks.task("test_sync", lambda run: pipeline.test(run, home))
    tasks.task("approve", lambda run: pipeline.approve(run, home).ready)

    def sent(run):
        sync = pipeline.live_sync_of(run, home)
        sync.send()
        return [feed.feed_id for feed in sync.awaited()]

    def collected(run):
        sync = pipeline.live_sync_of(run, home)
        sync.collect()
        return [feed.feed_id for feed in sync.awaited()]

    awaited = tasks.task("live_sync", sent) if live else 0
    while awaited:
        began = time.perf_counter()
        tasks.task("wait_for_feeds", functools.partial(lambda ids, _run: home.wait_for_feeds(ids), awaited))
        print(f"feeds: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        awaited = tasks.task("collect_feeds", collected)
    counts = tasks.task("report", lambda run: pipeline.finish(run, home)["counts"])
    return {"steps": tasks.steps, "counts": counts, "folder": [key, run_id]}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    given = json.loads(Path(sys.argv[1]).read_text())
    installation = Installation(given)
    live = given.get("live", True)
    done = in_tasks(installation, live=live) if given["tasks"] else in_one_process(installation)
    print(json.dumps({**done, "mb": peak()}))
