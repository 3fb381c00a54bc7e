"""At least 25 kills over put, patch, feed and confirm, at moments drawn by a seed; Airflow retries one."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
from contextlib import closing

import psutil
import pytest

from spapi_sandbox.server import running_sandbox
from support.airflow import installation, sent
from support.faults import Trial, backpacks
from support.kills import Executioner, Moment, WatchedTraffic, drawn, problems

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

#: Moments that are drawn for one way of sending, and those that come first and are always met.
EACH, EARLY = 6, 3
#: What is killed at the least while listings are written one by one and confirmed: 25 without the feeds.
ALL = 25
SEED = 20261123
EVERYTHING = {"filter": "{{ item.amazon_product_type == 'BACKPACK' }}"}
#: Where a task that writes its results may die, whatever it does.
ANYWHERE = [("commit", 6, ""), ("committed", 6, ""), ("file", 4, ""), ("renamed", 3, "")]
WAYS = {
    "put": [("received", 20, "putListingsItem"), ("answered", 20, "putListingsItem"), *ANYWHERE],
    "patch": [("received", 20, "patchListingsItem"), ("answered", 20, "patchListingsItem"), *ANYWHERE],
    "feed": [
        ("received", 1, "createFeedDocument"),
        ("answered", 1, "createFeedDocument"),
        ("received", 1, "createFeed"),
        ("answered", 1, "createFeed"),
        ("answered", 1, "getFeed"),
        ("received", 1, "getFeedDocument"),
        *ANYWHERE,
    ],
}
CONFIRM = [("received", 3, "searchListingsItems"), ("answered", 3, "searchListingsItems"), *ANYWHERE]
#: The tasks before, which only read: each dies once.
BEFORE = {
    "extract_products": [Moment("renamed", 1)],
    "map_fields": [Moment("file", 1)],
    "test_sync": [Moment("answered", 5, "putListingsItem")],
    "report": [Moment("renamed", 1)],
}


class House:
    """A sandbox and a connector for all its backpacks, whose tasks are killed."""

    def __init__(self, sandbox, home, **sync):
        # The rates of a large seller: what is measured here is not the quota.
        sandbox.control("quotas", factor=100)
        document = backpacks(sales_layer=EVERYTHING, sync=sync)
        self.trial = Trial(sandbox, home, document=document, AMAZON_LISTINGS_PART_SIZE="10")
        self.executioner = Executioner(sandbox, self.trial.environment)
        self.chance = random.Random(SEED)
        self.runs = []

    def run(self, way, *first):
        """A run that is killed at some moments, then at drawn ones until a try outlives its own."""
        plan = BEFORE | {"live_sync": [*first, *drawn(self.chance, WAYS[way], 3 * EACH)]}
        name = f"{way}-{len(self.runs)}"
        run = self.executioner.run(self.trial.name, name, plan)
        self.runs.append(run)
        return run

    @property
    def killed(self):
        return sum(run.killed for run in self.runs)

    @property
    def words(self):
        return "; ".join(
            f"{run.run_id}: "
            + ", ".join(f"{len(kills)} of {task}" for task, kills in run.kills.items() if kills)
            for run in self.runs
        )


@pytest.fixture
def house(tmp_path, capsys):
    houses = []

    def build(**sync):
        houses.append(House(sandbox, tmp_path, **sync))
        return houses[-1]

    with running_sandbox() as sandbox:
        yield build
    with capsys.disabled():
        for one in houses:
            print(f"\n{one.killed} kills: {one.words}")  # noqa: T201 - what `make soak` shows


def test_kills_while_listings_are_created_changed_and_confirmed(house):
    one = house()
    created = one.run("put", *early("putListingsItem"))
    assert problems(one.trial, created) == []
    assert len(created.kills["live_sync"]) >= EARLY
    # How many tries die after those is chance, and the machine's pace; so there are as many runs as it takes.
    for price in range(20, 30):
        one.trial.forget()
        one.trial.reprice(f"{price}.90")
        changed = one.run("patch", *early("patchListingsItem"))
        assert problems(one.trial, changed) == []
        assert {entry["method"] for entry in one.trial.writes()} == {"PATCH"}
        assert len(changed.kills["live_sync"]) >= EARLY
        if one.killed >= ALL:
            break
    confirmed(one, changed)
    assert one.killed >= ALL


def early(operation):
    """Moments that every try meets that has something to send."""
    return [
        Moment("received", 1, operation),
        Moment("answered", 1, operation),
        Moment("received", 3, operation),
    ]


def test_kills_while_feeds_are_made_awaited_and_settled(house):
    one = house(feed_from=1)
    created = one.run(
        "feed",
        Moment("received", 1, "createFeedDocument"),
        Moment("answered", 1, "createFeedDocument"),
        Moment("received", 1, "createFeed"),  # started at Amazon, and nobody there for its id
    )
    assert problems(one.trial, created) == []
    assert len(started(one.trial)) == 1, "no second feed"
    assert one.trial.writes() == []
    one.trial.forget()
    one.trial.reprice("19.90")
    changed = one.run(
        "feed",
        Moment("received", 1, "createFeedDocument"),
        Moment("answered", 1, "createFeed"),
        Moment("answered", 1, "getFeed"),
    )
    assert problems(one.trial, changed) == []
    assert len(started(one.trial)) == 1, "no second feed"
    assert len(created.kills["live_sync"]) >= 3
    assert len(changed.kills["live_sync"]) >= 2
    confirmed(one, changed)


def started(trial):
    return [entry for entry in trial.fed() if entry["status"] == 202]


def confirmed(one, run):
    """Reading back is killed too, and ends with every item live and the report renewed."""
    sandbox = one.trial.sandbox
    for _ in range(8):
        sandbox.advance(25 * 3600)
        one.executioner.confirm(one.trial.name, run, drawn(one.chance, CONFIRM, EACH))
    with closing(sqlite3.connect(one.trial.home / "ledger.db")) as ledger:
        states = dict(ledger.execute("SELECT state, count(*) FROM items GROUP BY state").fetchall())
        due = ledger.execute("SELECT count(*) FROM items WHERE look_at IS NOT NULL").fetchone()
    accepted = run.results["report"]["counts"]["accepted"]
    assert states.get("live", 0) >= accepted, states
    assert due == (0,)
    folder = one.trial.home / "storage" / "runs" / one.trial.name / run.run_id / "attempt-0"
    report = json.loads((folder / "report" / "report.json").read_text("utf-8"))
    counts = report["summary"]["counts"]
    assert counts["live"] == accepted
    assert report["summary"]["extracted"] == sum(counts.values()) - counts["out_of_scope"]
    assert run.kills["confirm"]


@pytest.mark.airflow
def test_airflow_itself_runs_a_task_again_that_was_killed(tmp_path):
    """The process that Airflow's executor started dies in the middle of its writes."""
    document = backpacks("killed", sync={"schedule": None})
    with installation(tmp_path, [document]) as house:
        sandbox = house.sandbox
        traffic = sandbox.state.traffic = WatchedTraffic()
        traffic.recording = True
        killed = []

        def strike(kind, operation):
            """The third write has arrived: whoever is connected to the sandbox writes."""
            if kind == "received" and operation == "putListingsItem":
                counted.append(operation)
                if len(counted) == 6 and not killed:
                    killed.extend(writers(sandbox))

        counted = []
        traffic.watch(strike)
        house.unpause("killed")
        run = house.run("killed", operation="live")
        assert killed, "no process was found"
        assert run.state == "success"
        assert run.tries("live_sync") == 2
        report = run.result("report")
        assert sent(report["counts"]) == 4
        assert report["counts"]["failed"] == 0
        written = [
            (entry["path"], entry["request"])
            for entry in sandbox.requests()
            if entry["operation"] == "putListingsItem"
            and "VALIDATION_PREVIEW" not in entry["query"]
            and entry["status"] == 200
        ]
        assert len(set(written)) == 4


def writers(sandbox):
    """Kill the processes that talk to the sandbox, other than this one; their ids."""
    port = int(sandbox.url.rsplit(":", 1)[1])
    found = {
        one.pid
        for one in psutil.net_connections("tcp")
        if one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
    } - {os.getpid(), None}
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found
