"""The plan of a shared line is approved as one, and the live runs of its connectors take it."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.settings import settings
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection
from support.sync_runs import DOCUMENT, OFFER, PRODUCT
from support.whole_runs import Home, product

MARKETS = {"FR": "A13V1IB3VIYZZH", "DE": "A1PA6795UKMFR9"}


@pytest.fixture(scope="module")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def company(running, tmp_path, monkeypatch):
    """Two connectors of one layer, whose three items are live."""
    running.reset()
    running.control("quotas", enabled=False)
    company = Company(Home(running, tmp_path / "home"), tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(company.home.storage))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", str(company.home.ledger.url))
    settings.cache_clear()
    company.write()
    assert company.send(approved=True) == {"fr_lamp": {"accepted": 3}, "de_lamp": {"accepted": 3}}
    shutil.copytree(company.folder, company.base)
    yield company
    settings.cache_clear()
    company.home.ledger.dispose()


class Company:
    def __init__(self, home, root):
        self.home = home
        self.folder, self.base = root / "connectors", root / "base"
        self.home.rows = [product(number) for number in range(1, 4)]

    def write(self, guards=(), **lines):
        layer = {
            "files": {"path": str(self.home.path), "languages": ["fr"], "sku": "{{ item.reference }}"},
            "sync": {"preview": "none", "removed_share": 1},
            "rules_off": DOCUMENT["rules_off"],
            "guards": dict(guards),
            "mapping": PRODUCT | OFFER | lines,
        }
        document = {
            "extends": "company",
            "for": {"country": list(MARKETS), "product_type": "LAMP"},
            "id": "{country}_{product_type}",
        }
        (self.folder / "layers").mkdir(parents=True, exist_ok=True)
        for name, content in (("layers/company", layer), ("lamps", document)):
            (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))

    def send(self, *, approved=False):
        self.home.write()
        loaded = load_connectors(self.folder, {})
        assert loaded.broken == [], loaded.broken[0].text
        found = sorted(loaded.connectors, key=lambda one: one.id, reverse=True)
        return {one.id: self.home.sent(keyed(self.home.ledger, one), approved=approved) for one in found}

    def call(self, *words):
        return CliRunner().invoke(app, ["--language", "en", *words])

    def plan(self, *options):
        found = self.call(
            "plan", "--base-dir", str(self.base), "--folder", str(self.folder), "--keep", *options
        )
        assert found.exit_code == 0, found.output
        return re.search(r"Plan ([0-9a-f]{16}) is kept", found.output).group(1)

    def brand(self, sku, country):
        listings = self.home.sandbox.state.listings
        version = listings.submitted(self.home.sandbox.seller_id, sku, MARKETS[country])
        return version.attributes["brand"][0]["value"]


def test_one_answer_for_all_connectors_and_what_the_pim_changed_since_is_asked(company):
    company.write(brand="{{ item.brand }} SA")
    plan = company.plan()
    approved = company.call("approvals", "approve", "--plan", plan, "--by", "anna")
    assert approved.exit_code == 0, approved.output
    assert "6 items of 2 connectors approved" in approved.output
    # Since then the PIM has changed a name, whose line is known, and a brand, whose line is new.
    company.home.rows[1]["name"] = "Lampe neuve"
    company.home.rows[2]["brand"] = "Lumo"
    assert company.send() == {name: {"accepted": 2, "waiting": 1} for name in ("fr_lamp", "de_lamp")}
    assert {company.brand(sku, country) for sku in ("S1", "S2") for country in MARKETS} == {"Acme SA"}
    assert {company.brand("S3", country) for country in MARKETS} == {"Acme"}
    rows = find_approvals(company.home.ledger, ApprovalFilter(states=("asked",)))
    assert [(one.connector_id, one.sku, one.reasons) for one in rows] == [
        ("de_lamp", "S3", ("first",)),
        ("fr_lamp", "S3", ("first",)),
    ]
    # What was sent has approved the line: later values of it go.
    company.home.rows[0]["brand"] = "Lumo"
    company.write(guards={"changed_share": None}, brand="{{ item.brand }} SA")
    assert company.send()["fr_lamp"] == {"unchanged": 1, "accepted": 1, "waiting": 1}
    assert company.brand("S1", "FR") == "Lumo SA"


def test_a_guard_is_approved_with_the_plan_for_what_was_there_before(company):
    company.write(**{"purchasable_offer.our_price.schedule.value_with_tax": "4"})
    plan = company.plan()
    assert company.call("approvals", "approve", "fr_lamp", "--plan", plan).exit_code == 0
    assert company.send() == {"fr_lamp": {"accepted": 3}, "de_lamp": {"waiting": 3}}


def test_what_was_refused_stays_refused(company):
    company.write(brand="{{ item.brand }} SA")
    plan = company.plan("--select", "fr_lamp")
    company.send()
    company.call("approvals", "refuse", "fr_lamp", "--sku", "S1")
    assert company.call("approvals", "approve", "--plan", plan).exit_code == 1, "a later run has asked"
    assert sum(one.items for one in open_questions(company.home.ledger)) == 5


def test_a_plan_that_is_not_kept(company):
    found = company.call("approvals", "approve", "--plan", "0123456789abcdef")
    assert found.exit_code == 1
    assert "plan --keep" in found.output
    both = company.call("approvals", "approve", "--plan", "0123456789abcdef", "--sku", "A")
    assert both.exit_code == 2


def test_a_run_without_a_terminal_takes_what_the_plan_approved(company, monkeypatch):
    account = amazon_connection(company.home.sandbox)
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_SELLING_PARTNER", json.dumps(account))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(company.folder))
    settings.cache_clear()
    company.write(brand="{{ item.brand }} SA")
    plan = company.plan()
    live = ("run", "fr_lamp", "--operation", "live", "--everything")
    assert company.call(*live).exit_code == 2, "an approval alone starts nothing"
    early = company.call(*live, "--approve", plan)
    assert early.exit_code == 1
    assert f"approvals approve --plan {plan}" in early.output
    assert company.call("approvals", "approve", "--plan", plan).exit_code == 0
    company.home.rows[2]["brand"] = "Lumo"
    company.home.write()
    sent = company.call(*live, "--approve", plan)
    assert sent.exit_code == 0, sent.output
    assert [company.brand(sku, "FR") for sku in ("S1", "S2", "S3")] == ["Acme SA", "Acme SA", "Acme"]
    assert company.brand("S1", "DE") == "Acme"
    (waiting,) = find_approvals(company.home.ledger, ApprovalFilter(states=("asked",)))
    assert (waiting.connector_id, waiting.sku) == ("fr_lamp", "S3")
    other = company.call(*live, "--approve", "0123456789abcdef")
    assert (other.exit_code, "and not 0123456789abcdef" in other.output) == (1, True)
