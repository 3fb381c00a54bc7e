"""The commands approvals, stop and resume, on a real ledger."""

import json
from datetime import timedelta

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.cli.approvals import SHOWN_ITEMS
from amazon_listings.ledger.approvals.lines import lines_approved
from amazon_listings.ledger.approvals.progress import approvals_of
from amazon_listings.ledger.approvals.questions import Asked, ask
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.connectors.stops import stop_of
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.settings import settings
from support.airflow import demo_connector
from support.ledgers import ledger_in


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def shops(tmp_path):
    """Two connectors of which two and one items wait."""
    ledger = ledger_in(tmp_path)
    found = {}
    for name, skus in (("fr_lamps", ("A", "B")), ("de_lamps", ("C",))):
        key = resolve_key(ledger, name)
        found[name] = ListingScope(key, "S", "M", "LAMP")
        items = [Asked(sku, None, "create", f"hash{sku}", ("first",), ("line",)) for sku in skus]
        ask(ledger, found[name], 1, items, patience=timedelta(hours=24))
    return ledger, found


@pytest.fixture
def run(url):
    def run(*arguments):
        return CliRunner().invoke(app, [*arguments, "--ledger", url])

    return run


def states(shops):
    ledger, scopes = shops
    return {
        sku: row.state
        for scope in scopes.values()
        for sku, row in approvals_of(ledger, scope, ["A", "B", "C"]).items()
    }


def test_list_says_what_waits_and_ends_as_asked(run, shops):
    listed = run("approvals", "list")
    assert listed.exit_code == 0
    assert "fr_lamps  2 creations" in listed.stdout
    assert "2: the mapping line was not approved yet" in listed.stdout
    assert run("approvals", "list", "--exit-code").exit_code == 3
    (line,) = run("approvals", "list", "de_lamps", "--json").stdout.splitlines()
    assert json.loads(line)["items"] == {"create": 1}


def test_show_prints_the_first_items_and_how_many_there_are_more(run, shops):
    ledger, scopes = shops
    items = [
        Asked(f"D-{number:02}", None, "create", "h", ("first",), ("line",)) for number in range(SHOWN_ITEMS)
    ]
    ask(ledger, scopes["de_lamps"], 1, items, patience=timedelta(hours=24))
    more = "and 1 more item;"
    shown = run("approvals", "show", "de_lamps").stdout
    assert shown.count("de_lamps  ") == SHOWN_ITEMS
    assert more in shown
    for option in ("--all", "--json"):
        whole = run("approvals", "show", "de_lamps", option).stdout
        assert len(whole.split("D-")) - 1 == SHOWN_ITEMS
        assert more not in whole
    refused = run("approvals", "refuse", "de_lamps", "--sku", "C")
    assert refused.exit_code == 0
    assert "C  " not in run("approvals", "show", "de_lamps").stdout


def test_list_and_show_say_what_sending_costs(run, shops, tmp_path, monkeypatch):
    folder = tmp_path / "connectors"
    folder.mkdir()
    (folder / "fr_lamps.yaml").write_text(yaml.safe_dump(demo_connector("fr_lamps", "fr_lamps")))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(folder))
    settings.cache_clear()
    cost = "What it takes to send: one by one, 1 search, less than a minute; 2 submissions, less than a"
    assert run("approvals", "list").stdout.count(cost) == 1  # the other connector has no file
    assert cost in run("approvals", "show", "fr_lamps").stdout
    assert "takes to send" not in run("approvals", "show", "de_lamps").stdout
    lines = [json.loads(line) for line in run("approvals", "list", "--json").stdout.splitlines()]
    costs = {line["connector"]: line["forecast"] for line in lines}
    assert costs["de_lamps"] is None
    assert costs["fr_lamps"]["calls"] == {"searchListingsItems": 1, "putListingsItem": 2}
    settings.cache_clear()


def test_approve_all_of_many_connectors_at_once(run, shops):
    done = run("approvals", "approve", "--by", "anna")
    assert done.exit_code == 0
    assert "3 items approved." in done.stdout
    assert states(shops) == {"A": "approved", "B": "approved", "C": "approved"}
    ledger, scopes = shops
    assert lines_approved(ledger, scopes["fr_lamps"]) == {"line"}
    assert run("approvals", "approve").exit_code == 1
    assert run("approvals", "list", "--exit-code").exit_code == 0


def test_approve_all_but_some_and_some(run, shops):
    assert run("approvals", "approve", "fr_lamps", "--except", "B").exit_code == 0
    assert states(shops) == {"A": "approved", "B": "asked", "C": "asked"}
    assert run("approvals", "approve", "--sku", "C", "--sku", "NONE").exit_code == 1
    assert states(shops)["C"] == "approved"
    ledger, scopes = shops
    assert lines_approved(ledger, scopes["de_lamps"]) == frozenset(), "an item, and not its lines"
    assert run("approvals", "approve", "--sku", "C", "--except", "B").exit_code == 2


def test_refuse_what_waits_and_what_was_approved(run, shops):
    run("approvals", "approve", "--sku", "A")
    assert run("approvals", "refuse", "fr_lamps").exit_code == 0
    assert states(shops) == {"A": "refused", "B": "refused", "C": "asked"}


def test_show_prints_items_or_ends_with_a_sentence(run, shops):
    assert "fr_lamps  A  1 creation" in run("approvals", "show", "fr_lamps").stdout
    assert len(run("approvals", "show", "--json").stdout.splitlines()) == 3
    nothing = run("approvals", "show", "--sku", "NONE")
    assert nothing.exit_code == 1
    assert nothing.stderr.startswith("Nothing of what was named waits for an approval;")
    other = run("approvals", "approve", "--question", "99")
    assert (other.exit_code, other.stderr) == (1, nothing.stderr), "while others wait"
    unknown = run("approvals", "show", "nobody")
    assert unknown.exit_code == 1
    assert "never ran. Those that did: de_lamps, fr_lamps." in unknown.stderr


def test_a_connector_is_stopped_before_it_ever_ran(run, shops, tmp_path, monkeypatch):
    folder = tmp_path / "connectors"
    folder.mkdir()
    (folder / "new.yaml").write_text(yaml.safe_dump(demo_connector("fr_lamps", "new")))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(folder))
    settings.cache_clear()
    stopped = run("stop", "new")
    assert stopped.exit_code == 0, stopped.stderr
    ledger, _ = shops
    assert stop_of(ledger, resolve_key(ledger, "new")) is not None
    assert run("resume", "new").exit_code == 0
    assert run("stop", "nobody").exit_code == 1


def test_stop_and_resume(run, shops):
    ledger, scopes = shops
    key = scopes["fr_lamps"].connector_key
    assert run("stop", "fr_lamps", "--by", "anna").exit_code == 0
    assert stop_of(ledger, key).stopped_by == "anna"
    assert stop_of(ledger, scopes["de_lamps"].connector_key) is None
    assert run("stop").exit_code == 0
    assert stop_of(ledger, scopes["de_lamps"].connector_key).connector_key == ""
    resumed = run("resume", "fr_lamps")
    assert resumed.exit_code == 0
    assert "all connectors are stopped" in resumed.stdout
    assert run("resume").stdout == "All connectors are resumed; their next live runs send what waits.\n"
    nothing = run("resume")
    assert nothing.exit_code == 1
    assert "There is no stop of all connectors." in nothing.stderr
    assert stop_of(ledger, key) is None
