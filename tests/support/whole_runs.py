"""Whole runs in this process, over a source that a test writes: from the definitions to the report."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings import pipeline
from amazon_listings.approvals.answers import answer_run
from amazon_listings.local_run import Decision, run_connector
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import QualityNote
from amazon_listings.runs.records import QUALITY
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.files.source import ProductFiles
from support.ledgers import ledger_in
from support.sync_runs import Shop

if TYPE_CHECKING:
    from pathlib import Path

PARAMS = {"operation": "live", "selection": "changed", "skus": [], "force": False}
COLUMNS = ("id", "reference", "family", "name", "brand", "point", "colour", "ean", "price", "stock")


@dataclass
class Home:
    """A ledger, a storage and a file of products; runs connectors over it.

    Args:
        sandbox: Plays Amazon.
        root: Where everything is kept.
        rows: The products, one dictionary each; written to the file before each run.
        kept: Status by id of what the source has and does not give.
    """

    sandbox: Any
    root: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.root.mkdir(exist_ok=True)
        self.ledger = ledger_in(self.root)
        self.shop = Shop(self.sandbox, self.ledger, self.root)
        self._waits = itertools.count()

    @property
    def path(self):
        return self.root / "products.csv"

    @property
    def storage(self):
        return self.root / "storage"

    def connector(self, **changes):
        files = {
            "path": str(self.path),
            "group_column": "family",
            "languages": ["fr"],
            "sku": "{{ item.reference }}",
        }
        return self.shop.connector(files=files | changes.pop("files", {}), sales_layer=None, **changes)

    # What a run works with.
    def account(self, _connector):
        return self.shop.client.account

    def client(self, _connector):
        return self.shop.client

    def reader(self, connector):
        source = ProductFiles(FileSettings(**connector.source.own))

        def read(selection):
            reading = read_items(source, selection)
            reading.kept |= self.kept
            return reading

        return read

    def halted(self, _connector):
        return None

    def tables(self, _connector):
        return {}

    def write(self):
        names = list(dict.fromkeys(name for row in self.rows for name in row)) or list(COLUMNS)
        with self.path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, names)
            writer.writeheader()
            writer.writerows(self.rows)

    def run(self, connector, *, params=(), poll=None):
        """Run the connector, and return the report's summary and the run's folder."""
        self.write()
        context, summary = run_connector(
            connector,
            self,
            PARAMS | dict(params),
            decide=lambda *_: Decision.SEND,
            poll=poll or (lambda _: self.sandbox.advance(60)),
        )
        assert isinstance(context.folder, RunFolder)
        return summary, context.folder

    def sent(self, connector, *, approved):
        """Run the connector live over all its items, without quality checks; return the counts by outcome.

        Args:
            connector: The connector.
            approved: Whether a person approves what is asked.
        """
        params = PARAMS | {"selection": "everything"}
        run_id = f"run{next(self._waits)}"
        run = pipeline.begin(connector, self, run_id=run_id, attempt=0, params=params)
        extract = pipeline.extract(run, self)
        for part in extract.parts:
            run.folder.write(QUALITY, part, [])
            pipeline.map_part(run, part)
        run.folder.note(QualityNote(checked=extract.extracted, blocked=0))
        pipeline.test(run, self)
        if pipeline.approve(run, self).waiting and approved:
            answer_run(run.folder, self.ledger, connector.key, approved=True, by="anna")
            pipeline.approve(run, self)
        pipeline.live_sync_of(run, self).send()
        counts = pipeline.finish(run, self)["counts"]
        return {name: number for name, number in counts.items() if number}


def product(number, **fields):
    """A product of the file."""
    return {
        "id": f"p{number}",
        "reference": f"S{number}",
        "family": f"p{number}",
        "name": "Lampe",
        "brand": "Acme",
        "point": "Solide",
        "colour": "Rouge",
        "ean": "4006381333931",
        "price": "10",
        "stock": "3",
    } | fields
