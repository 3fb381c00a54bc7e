"""Runs of one connector whose items passed the test sync, against the sandbox."""

import copy
import gzip
import json
from datetime import UTC, datetime

from amazon_listings.ledger.runs.history import start_run
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.notes import ApprovalNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.records import (
    APPROVED,
    LIVE,
    MAPPED,
    TESTED,
    ApprovedItem,
    MappedItem,
    TestedItem,
)
from amazon_listings.writes.live_sync import live_sync
from local_airflow.project import PROJECT
from spapi_sandbox.feeds.documents import Document

FRANCE = "A13V1IB3VIYZZH"
LAMP = json.loads(
    (PROJECT / "tests" / "data" / "lamp.json")
    .read_text()
    .replace("LANGUAGE", "fr_FR")
    .replace("MARKETPLACE", FRANCE)
    .replace("CURRENCY", "EUR")
)


def lamp(sku, **changes):
    """A mapped row."""
    attributes = copy.deepcopy(LAMP) | changes
    attributes.pop("child_parent_sku_relationship", None)
    return {
        "pim_id": f"products/{sku}",
        "group": f"products/{sku}",
        "sku": sku,
        "attributes": attributes,
        "hash": payload_hash(attributes),
        "requirements": "LISTING",
        "issues": [],
        "modified": None,
    }


def brand(text):
    return [{"value": text, "language_tag": "fr_FR", "marketplace_id": FRANCE}]


class ConnectorRuns:
    """Some runs of one connector, one after the other; `now` is the time that they believe in.

    `stop` is why nothing more may be sent, if it may not.
    """

    def __init__(self, connector, definitions, client, ledger, root):
        self.connector, self.definitions, self.client, self.ledger = connector, definitions, client, ledger
        self.root = root
        self.count = 0
        self.now = datetime.now(UTC)
        self.stop = None

    def begin(self, *parts):
        """Begin a run whose items all passed the test sync."""
        self.count += 1
        name = f"run-{self.count}"
        self.folder = RunFolder.of(self.root, "lamps", name)
        self.run = start_run(
            self.ledger,
            connector_key="lamps",
            run_id=name,
            operation="live",
            scope="changed",
            fingerprint="f",
            definition="d",
        )
        for number, rows in enumerate(parts, 1):
            self.folder.write(MAPPED, part_name(number), [MappedItem(**row) for row in rows])
            tested = [
                TestedItem(
                    pim_id=row["pim_id"],
                    sku=row["sku"],
                    outcome=Outcome.READY,
                    role=row.get("role", ""),
                    parent_sku=row.get("parent_sku"),
                )
                for row in rows
            ]
            self.folder.write(TESTED, part_name(number), tested)
            allowed = [ApprovedItem(pim_id=one.pim_id, sku=one.sku, outcome=Outcome.READY) for one in tested]
            self.folder.write(APPROVED, part_name(number), allowed)
        self.folder.note(ApprovalNote())

    @property
    def live_sync(self):
        return live_sync(
            self.connector,
            self.definitions,
            client=self.client,
            ledger=self.ledger,
            run=self.run,
            folder=self.folder,
            now=lambda: self.now,
            stopped=lambda: self.stop,
        )

    def send(self):
        """Submit; the items by outcome."""
        return _some(self.live_sync.send())

    def collect(self):
        """Go on when feeds are through; the items by outcome."""
        return _some(self.live_sync.collect())

    @property
    def rows(self):
        return {one.sku: one for part in self.folder.parts(LIVE) for one in self.folder.read(LIVE, part)}

    @property
    def awaited(self):
        return self.live_sync.awaited()


def _some(counts):
    return {name: number for name, number in counts.items() if number}


def feeds_made(sandbox):
    """How many feeds were started."""
    return sandbox.counters()["operations"].get("createFeed", {}).get("statuses", {}).get("202", 0)


def wait_for_feeds(sandbox):
    """Wait until the sandbox has processed what may be processed by its clock."""
    sandbox.state.feeds.wait()


#: What a report may be that nothing can be read of.
DAMAGES = (b"no archive", gzip.compress(b"no report"), gzip.compress(b"{}" * 50)[:-9])


def damage_report(sandbox, content):
    """Have a content stand for the report of the newest feed."""
    wait_for_feeds(sandbox)
    (newest, *_) = sandbox.state.feeds.all()
    sandbox.state.documents.store(newest.result, Document(content, "application/json; charset=UTF-8", "gzip"))
