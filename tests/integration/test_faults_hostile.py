"""Product data that wants to be code stays data: SQL, CSV, HTML, templates and logs, through a whole run."""

import csv
import json
import logging
import sqlite3
from html.parser import HTMLParser

import pytest

from spapi_sandbox.server import running_sandbox
from support.faults import Trial

pytestmark = pytest.mark.timeout(300)

#: A product and a variant of the first family, and one variant of the second.
PRODUCT, VARIANT, OTHER = 1025, 5052, 5055
SQL = "Robert'); DROP TABLE items; --"
#: A formula that begins with `=` is the debris of a spreadsheet, and blocked; one with `@` may be a text.
FORMULA = '@HYPERLINK("http://evil.example","Rucksack")'
SCRIPT = "Rucksack <script>alert(1)</script><img src=x onerror=alert(2)>"
TEMPLATE = "{{ 7 * 7 }}{% raw %}{{ item.ean }}"
LOG_LINE = "Rucksack\n2026-11-23T00:00:00Z CRITICAL everything is lost \x1b[31mred\x1b[0m"


class Tags(HTMLParser):
    """The tags and the attributes of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A live run of hostile items, its log, and the trial."""
    log = []
    handler = logging.Handler()
    handler.emit = lambda record: log.append(handler.format(record))
    logging.getLogger("amazon_listings").addHandler(handler)
    with running_sandbox() as sandbox:
        trial = Trial(sandbox, tmp_path_factory.mktemp("hostile"))
        mapping = trial.document["mapping"] | {
            "Produktname": "{{ item.prod_title }}",
            "Modellnummer": "{{ item.model_number }}",
        }
        # Texts of templates are meant here; otherwise they block the item.
        rules_off = trial.document.get("rules_off", {}) | {"template_placeholders": "They are meant."}
        trial.bench.declare(trial.document | {"mapping": mapping, "rules_off": rules_off})
        trial.edit(
            "products", PRODUCT, values={"brand": SQL, "manufacturer": FORMULA, "model_number": TEMPLATE}
        )
        trial.edit("variants", VARIANT, values={"color": SCRIPT, "size": LOG_LINE})
        trial.edit("variants", OTHER, values={"format_sku": FORMULA, "ean": LOG_LINE})
        run = trial.run()
        logging.getLogger("amazon_listings").removeHandler(handler)
        yield trial, run, log


def report(hostile, name):
    trial, run, _ = hostile
    return (trial.folder(run) / "report" / name).read_text("utf-8-sig")


def test_the_run_comes_to_its_end(hostile):
    _, run, _ = hostile
    assert run.errors == {}, run.sentences
    assert (
        sum(run.report["counts"].values()) - run.report["counts"]["out_of_scope"] == run.report["extracted"]
    )


def test_amazon_gets_the_text_as_it_is(hostile):
    trial, _, _ = hostile
    held = trial.held("LUM-B101-NVY")
    assert held["brand"][0]["value"] == SQL
    assert held["manufacturer"][0]["value"] == FORMULA
    assert held["model_number"][0]["value"] == TEMPLATE


def test_the_ledger_still_has_its_tables(hostile):
    trial, _, _ = hostile
    ledger = sqlite3.connect(trial.home / "ledger.db")
    assert ledger.execute("SELECT count(*) FROM items").fetchone()[0] >= 2
    ledger.close()


@pytest.mark.parametrize("name", ["items.csv", "issues.csv"])
def test_no_cell_is_a_formula(hostile, name):
    text = report(hostile, name)
    for row in csv.reader(text.splitlines(keepends=True)):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
            assert "\x1b" not in cell


def test_the_page_has_no_element_of_the_data(hostile):
    page = report(hostile, "report.html")
    parser = Tags()
    parser.feed(page)
    assert not [tag for tag, attrs in parser.found if tag == "img" or "onerror" in attrs]
    assert not [attrs for _, attrs in parser.found if "evil.example" in str(attrs.get("href"))]
    assert "<script>alert(1)" not in page


def test_the_page_shows_the_hostile_sku_as_text(hostile):
    items = json.loads(report(hostile, "report.json"))["items"]
    assert FORMULA in {item["sku"] for item in items}


def test_no_line_of_the_log_is_the_datas_own(hostile):
    _, _, log = hostile
    assert log
    for line in log:
        assert "\x1b" not in line
        assert not any(part.startswith("2026-11-23T00:00:00Z CRITICAL") for part in line.splitlines())


def test_no_task_hands_on_what_the_pim_says(hostile):
    _, run, _ = hostile
    assert set(run.results) >= {"extract_products", "check_quality", "test_sync", "live_sync", "report"}
    handed = json.dumps(run.results)
    for text in ("Rucksack", "HYPERLINK", "DROP TABLE", "LUM-"):
        assert text not in handed
    assert run.report["files"]["report.html"]
