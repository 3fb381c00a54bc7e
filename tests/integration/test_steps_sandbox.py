"""The steps of a run over the sandbox's catalogue and its written mistakes, from the PIM to the report."""

import copy
import csv
import functools
import html
import json

import pytest
import yaml

from amazon_listings.checks.check_items import test_sync as check
from amazon_listings.checks.quality import check_quality
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.errors import ActionRequiredError, RetryableError, RunAbortedError
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.ledger.runs.history import last_run, start_run
from amazon_listings.messages import catalogue
from amazon_listings.remarks import remark_as_is
from amazon_listings.runs.definitions import load_definitions, refresh_definitions
from amazon_listings.runs.extract.products import extract_products
from amazon_listings.runs.finish.ending import finish_run
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.map_fields import map_part
from amazon_listings.runs.notes import FailureNote
from amazon_listings.runs.records import EXTRACT, MAPPED
from amazon_listings.runs.scope import decide
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.connection import PimConnection
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.ledgers import ledger_in

PARAMS = {"operation": "test", "selection": "everything", "skus": [], "force": False}


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def run(sandbox, tmp_path):
    """A run of the demo connector for lamps, changed; stops at the first step that fails, then reports."""
    sandbox.reset()
    ledger = ledger_in(tmp_path)

    def run(run_id="r1", *, params=(), pim_key="sandbox-pim-key", **changes):
        document = yaml.safe_load((PROJECT / "include" / "connectors" / "fr_lamps.yaml").read_text())
        document["sync"] |= {"preview": "none"}
        for key, value in copy.deepcopy(changes).items():
            document[key] = document[key] | value if isinstance(value, dict) else value
        folder = tmp_path / "connectors"
        folder.mkdir(exist_ok=True)
        (folder / "fr_lamps.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        loaded = load_connectors(folder, {})
        assert not loaded.broken, loaded.broken[0].text
        result = _Run(sandbox, ledger, tmp_path / "storage", keyed(ledger, loaded.connectors[0]), run_id)
        return result.through({**PARAMS, **dict(params)}, pim_key)

    run.ledger = ledger
    yield run
    ledger.dispose()


class _Run:
    def __init__(self, sandbox, ledger, storage, connector, run_id):
        self.sandbox, self.ledger, self.storage = sandbox, ledger, storage
        self.connector, self.run_id = connector, run_id
        self.folder = RunFolder.of(storage, connector.id, run_id)
        self.error = None

    def through(self, params, pim_key):
        unfinished = []
        for task, step in self._steps(params, pim_key):
            try:
                step()
            except (RetryableError, ActionRequiredError, RunAbortedError) as error:
                self.error = error
                self.folder.note(FailureNote(failed=task, why=remark_as_is(error)), task)
                unfinished = [task]
                break
        self.summary = finish_run(
            self.connector,
            ledger=self.ledger,
            folder=self.folder,
            run_id=self.run_id,
            warnings=(),
            unfinished=unfinished,
        )
        return self

    def _steps(self, params, pim_key):
        one, folder = self.connector, self.folder
        account = account_at(self.sandbox)
        client = SellingPartner(account, quotas=Quotas())
        pim = PimConnection(
            api="rest", base_url=f"{self.sandbox.url}/sales_layer/rest/Catalog", api_key=pim_key
        )

        def refresh():
            note = refresh_definitions(one, client, self.storage)
            last = last_run(self.ledger, one.key, params["operation"])
            self.scope = decide(one, params=params, interval=None, last=last, definition=note.checksum)
            folder.note(note)
            folder.note(self.scope)
            start_run(
                self.ledger,
                connector_key=one.key,
                run_id=self.run_id,
                operation=self.scope.operation,
                scope=self.scope.kind,
                fingerprint=one.fingerprint,
                definition=note.checksum,
            )
            self.definitions = load_definitions(note, self.storage)

        def extract():
            read = functools.partial(read_items, SalesLayerAccount(pim))
            extract_products(one, self.scope, read=read, folder=folder, part_size=20)

        def map_parts():
            for part in folder.parts(EXTRACT):
                map_part(one, self.definitions, folder, part)

        yield "refresh_definition", refresh
        yield "extract_products", extract
        yield "check_quality", lambda: check_quality(one, self.definitions, folder, storage=self.storage)
        yield "map_fields", map_parts
        yield (
            "test_sync",
            lambda: check(
                one, self.scope, self.definitions, client=client, ledger=self.ledger, folder=folder
            ),
        )

    @property
    def mapped(self):
        """What the mapping made, by SKU."""
        parts = self.folder.parts(MAPPED)
        return {one.sku: one for part in parts for one in self.folder.read(MAPPED, part)}

    def issues(self):
        """Rows of issues.csv, by SKU."""
        found = {}
        with (self.folder.root / "report" / "issues.csv").open(newline="", encoding="utf-8-sig") as rows:
            for row in csv.DictReader(rows):
                found.setdefault(row["sku"], []).append(row)
        return found


def amazon_changed(sandbox):
    """How often something that changes a listing was asked of Amazon."""
    counted = json.dumps(sandbox.counters())
    return [
        name
        for name in ("putListingsItem", "patchListingsItem", "deleteListingsItem")
        if f'"{name}"' in counted
    ]


def test_every_written_mistake_is_found_and_every_item_accounted_for(run):
    done = run()
    counts = dict(done.summary["counts"])
    assert done.error is None
    assert done.summary["extracted"] == sum(counts.values()) - counts.pop("out_of_scope")
    assert counts["blocked"] > 5
    assert len(done.folder.parts(EXTRACT)) > 1
    issues = done.issues()
    assert [row["code"] for row in issues["LUM-L103-GRY"]].count("sku_duplicate") == 2
    (gtin,) = [row for row in issues["LUM-L102-SGE"] if row["code"] == "gtin"]
    assert (gtin["found"], gtin["pim_field"], gtin["source"]) == ("8430999000065", "ean", "quality")
    assert gtin["mapping_line"]
    merged = [row for rows in issues.values() for row in rows if row["source"] == "quality+schema"]
    assert {row["path"] for row in merged} >= {"item_name", "product_description"}
    assert all("est vide dans le PIM" in row["message"] for row in merged)
    assert all(row["pim_field"] and row["label"] for row in merged)
    # What the PIM lacks of what the connector needs, or has wrong: the report names whom to tell.
    assert [text.partition(" : ")[0] for text in done.summary["warnings"]] == [
        "prod_description",
        "prod_title",
        "price",
        "country_of_origin",
    ]
    assert all("Prévenez catalogue" in text for text in done.summary["warnings"])
    assert last_run(run.ledger, "fr_lamps", "test").cursor


def test_a_second_run_reads_what_changed_and_that_is_nothing(run):
    run()
    again = run("r2", params={"selection": "changed"})
    assert again.scope.kind == "changed"
    assert again.summary["extracted"] <= 1
    assert again.summary["failure"] is None


def test_named_skus_are_read_and_those_that_are_not_there_are_told(run):
    done = run(params={"skus": ["LUM-L102-SGE", "NO-SUCH-SKU"]})
    assert done.summary["extracted"] == 1
    assert done.summary["warnings"] == [
        "1 des 2 SKU nommés ne sont pas parmi les articles du connecteur : NO-SUCH-SKU."
    ]


def test_a_named_sku_is_mapped_with_its_siblings_as_in_a_whole_run(run):
    mapping = {"Nom du produit": "{{ item.prod_title }} {{ variants | variants_values('color', ', ') }}"}
    whole = run(mapping=mapping)
    named = run("r2", mapping=mapping, params={"skus": ["LUM-L102-SGE"]})
    assert named.summary["extracted"] == 1
    (name,) = named.mapped["LUM-L102-SGE"].attributes["item_name"]
    assert name["value"].count(",") >= 1, "the colours of all its siblings"
    assert named.mapped["LUM-L102-SGE"] == whole.mapped["LUM-L102-SGE"]


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"sales_layer": {"sku_limit": 10}}, RunAbortedError, "may hold 10 SKUs"),
        ({"sales_layer": {"filter": "{{ item.reference == 'X' }}"}}, RunAbortedError, "has no item"),
        ({"amazon": {"product_type": "LAMPP"}}, ActionRequiredError, "LAMPP"),
        ({"pim_key": "wrong"}, ActionRequiredError, "key"),
        (
            {"quality": [{"expectation": "expect_table_row_count_to_equal", "value": 1}]},
            RunAbortedError,
            "expect_table_row_count_to_equal (value 1)",
        ),
    ],
)
def test_bad_input_is_one_sentence_in_the_report_and_changes_nothing(run, sandbox, changes, kind, said):
    done = run(**changes)
    assert isinstance(done.error, kind)
    assert said in str(done.error)
    assert "\n" not in str(done.error)
    assert done.summary["failure"] == done.error.worded(catalogue("fr"))
    page = (done.folder.root / "report" / "report.html").read_text()
    assert "L'exécution n'est pas allée jusqu'au bout." in html.unescape(page)
    assert amazon_changed(sandbox) == []
    assert last_run(run.ledger, "fr_lamps", "test") is None
    assert done.summary["counts"]["ready"] == 0
