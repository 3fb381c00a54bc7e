"""`status`, `history` and `ledger prune` over a real ledger."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.cli.output.tables import print_facts
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.payloads import ListingScope, record_removing
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.ledger.tables import runs
from amazon_listings.ledger.writes import feeds
from amazon_listings.messages import catalogue
from amazon_product_types.messages import texts
from amazon_product_types.messages.facts import quoted
from amazon_product_types.validation.issue import Issue
from support.ledger_rows import open_feed, record_accepted, record_submissions
from support.ledgers import ledger_in

HOSTILE = "a\x1b[31m<b>[red]\u202e"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def ledger(url, tmp_path):
    engine = ledger_in(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def told(url):
    def run(*arguments):
        done = CliRunner().invoke(app, [*arguments, "--ledger", url])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


@pytest.fixture
def filled(ledger):
    """One settled run, of which one SKU has a hostile name."""
    run = start_run(
        ledger,
        connector_key=resolve_key(ledger, "fr_home"),
        run_id="scheduled__2026",
        operation="live",
        scope="changed",
        fingerprint="f",
        definition="d",
        document="5e1f",
    )
    listings = ListingScope("fr_home", "A1SELLER", "A13V1IB3VIYZZH", "HOME")
    rows = [
        {"sku": sku, "pim_id": sku, "hash": "h", "attributes": {}, "body": {"brand": []}, "method": "PUT"}
        | {"status": "ACCEPTED", "submission_id": "sub-1", "request_id": "req-1", "existed": False}
        for sku in ("a", HOSTILE)
    ]
    record_submissions(ledger, listings, run, rows)
    record_accepted(ledger, listings, rows, now=datetime(2026, 11, 23, tzinfo=UTC))
    issue = Issue(code="too_long", severity="ERROR", source="schema", message=HOSTILE, attribute="brand")
    record_issues(ledger, "fr_home", run, [CheckedItem("a", [issue], frozenset({"schema"}))])
    open_feed(ledger, listings, run, "doc", [rows[0] | {"sku": "f", "method": "UPDATE"}])
    finish_run(ledger, run, counts={"accepted": 2, "failed": 0}, calls={"put": 2}, cursor="c", failure=())
    return run


def test_all_connectors(told, filled):
    done = told("status")
    assert done.exit_code == 0
    assert "fr_home" in done.stdout


def test_a_connector(told, filled):
    done = told("status", "--connector", "fr_home")
    assert done.exit_code == 0
    for text in (
        "scheduled__2026",
        "accepted 2",
        "listings: accepted 2",
        "Error 1",
        "CREATING",
    ):
        assert text in done.stdout
    assert "too_long" not in done.stdout
    answer = json.loads(told("status", "--connector", "fr_home", "--json").stdout)
    assert answer["listings"] == {"accepted": 2}
    (issue,) = answer["most frequent issues"]
    assert (issue["issue"], issue["items"], issue["message"]) == ("too_long brand", 1, HOSTILE)
    assert answer["runs"][0]["counts"] == {"accepted": 2, "failed": 0}
    assert answer["pending feeds"][0]["items"] == 1
    assert answer["next confirmation"] == "2026-11-23T00:01:00+00:00"


@pytest.mark.parametrize("name", ["1", "scheduled__2026"])
def test_a_run(told, filled, name):
    answer = json.loads(told("status", "--run", name, "--json").stdout)
    assert answer["run"]["number"] == filled
    assert answer["answers"] == {"ACCEPTED": 2, "PENDING": 1}
    assert answer["issues of the run"] == {"new": 1, "still there": 0, "gone": 0}
    shown = told("status", "--run", name).stdout
    assert "run id" in shown
    assert not any(hidden in shown for hidden in ("fingerprint", "5e1f"))
    assert "new 1" in told("status", "--run", name, "--connector", "fr_home").stdout


def test_a_sku(told, filled):
    answer = json.loads(told("status", "--connector", "fr_home", "--sku", "a", "--json").stdout)
    assert answer["listings"][0]["state"] == "accepted"
    assert answer["open issues"][0]["code"] == "too_long"
    shown = told("status", "--connector", "fr_home", "--sku", "a").stdout
    assert "listing a in FR" in shown
    assert "23 Nov 2026, 00:00" in shown
    history = json.loads(told("history", "a", "--json").stdout)
    assert [write["submission_id"] for write in history["writes"]] == ["sub-1"]
    assert [write["wrote"] for write in history["writes"]] == [["brand"]]
    assert history["issues"][0]["opened_run"] == filled


def test_issues_and_times_are_told_in_the_language_asked_for(told, ledger, filled):
    texts = catalogue("it").issue_texts("missing_field", label=quoted("Marke"), parent="X")
    issue = Issue(code="missing_field", severity="ERROR", source="schema", attribute="brand", **texts)
    record_issues(ledger, "fr_home", filled, [CheckedItem("a", [issue], frozenset({"schema"}))])
    for arguments in (("history", "a"), ("status", "--sku", "a"), ("status", "--connector", "fr_home")):
        shown = told("--language", "de", *arguments).stdout
        assert "„Marke“ fehlt in X." in shown
        assert "23.11.2026, 00:0" in shown


def test_a_name_that_two_kinds_have_is_worded_as_the_kind_that_is_meant(told, filled):
    shown = told("--language", "it", "status", "--run", "1").stdout
    assert re.search(r"operazione +reale\n", shown)  # an item that is `live` is `pubblicato`
    assert "nuovi 1, ancora presenti 0, risolti 0" in shown  # one that is `gone` is `scomparso`


def test_counts_are_told_in_the_number_and_the_signs_of_the_language(told, filled):
    shown = told("--language", "fr", "status", "--connector", "fr_home").stdout
    assert "connecteur : fr_home" in shown
    assert "fiches : acceptés 2" in shown


@pytest.mark.parametrize(("how", "shown"), [("delete", "deletion"), ("zero_quantity", "quantity 0")])
def test_a_removal_that_is_not_confirmed_is_no_plain_acceptance(told, ledger, filled, how, shown):
    listings = ListingScope("fr_home", "A1SELLER", "A13V1IB3VIYZZH", "HOME")
    record_removing(ledger, listings, how, filled, {"a": ("h", {})})
    lines = told("status", "--sku", "a").stdout.splitlines()
    assert any("removal, not confirmed yet" in line and line.endswith(shown) for line in lines)
    assert any("removal asked for in run" in line and line.endswith(f" {filled}") for line in lines)
    answer = json.loads(told("status", "--sku", "a", "--json").stdout)["listings"][0]
    assert (answer["removing"], answer["removing_run"]) == (how, filled)
    counted = told("status", "--connector", "fr_home").stdout
    assert "listings: accepted 1, removal not confirmed yet 1" in counted
    assert "removal" not in told("status", "--sku", HOSTILE).stdout


def test_a_terminal_obeys_no_product_data(told, filled):
    for arguments in (
        ("history", HOSTILE),
        ("history", "a"),
        ("status", "--connector", "fr_home", "--sku", "a"),
    ):
        done = told(*arguments)
        assert done.exit_code == 0
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
    assert "[red]" in told("history", "a").stdout, "shown as it is, not taken for markup"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["status", "--connector", "nope"], "'nope' never ran. Those that did: fr_home"),
        (["status", "--run", "77"], "no run '77'"),
        (["status", "--sku", "nope"], "knows nothing of the SKU 'nope'"),
        (["history", "nope"], "knows nothing of the SKU 'nope'"),
        (["history", "a", "--connector", "de_home"], "knows nothing"),
        (["rollback", "--run", "77"], "no run '77'"),
    ],
)
def test_what_is_not_there_is_one_sentence(told, filled, arguments, sentence):
    done = told(*arguments)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert done.stdout == ""


def test_a_ledger_that_is_not_there_is_not_made(tmp_path):
    for url in (f"sqlite:///{tmp_path}/none.db", "nonsense", "mysql://user:secret@host/x"):
        done = CliRunner().invoke(app, ["status", "--ledger", url])
        assert done.exit_code == 1
        assert done.stderr.count("\n") == 1
        assert "secret" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_prune(told, ledger, filled):
    with ledger.begin() as connection:
        connection.execute(update(runs).values(started_at=datetime(2020, 1, 1, tzinfo=UTC), cursor=None))
    assert "Would remove what is older than 400 days: 0 runs" in told("ledger", "prune", "--dry-run").stdout
    (feed,) = feeds.pending_feeds(ledger, "fr_home")
    feeds.settle_feed(ledger, feed, state="FATAL", report_id=None, outcomes=[])
    assert "1 run, 3 submissions, 1 feed" in told("ledger", "prune", "--days", "30", "--dry-run").stdout
    assert (
        "Removed what is older than 30 days: 1 run, 3 submissions"
        in told("ledger", "prune", "--days", "30").stdout
    )
    assert told("status", "--connector", "fr_home").exit_code == 1


def test_every_heading_and_column_is_in_the_language_that_is_asked_for(url, filled):
    """What no message words is in English, and so found: each differs from the English output."""

    def shown(spoken, *arguments):
        done = CliRunner().invoke(app, ["--language", spoken, *arguments, "--ledger", url])
        assert done.exit_code == 0, done.output
        return done.stdout

    english = catalogue("en")
    codes = [
        code
        for (code, variant), entry in texts("amazon_listings", "en").entries.items()
        if code.partition(".")[0] in {"status", "column", "value"}
        and not variant
        and "{" not in entry.templates[0]
        and " " in english.message(code)
    ]
    for arguments in (
        ("status",),
        ("status", "--connector", "fr_home"),
        ("status", "--run", "1"),
        ("status", "--connector", "fr_home", "--sku", "a"),
        ("history", "a"),
        ("ledger", "prune", "--dry-run"),
    ):
        before = shown("en", *arguments)
        for language in ("fr", "de", "it", "es"):
            own, text = catalogue(language), shown(language, *arguments)
            for code in codes:
                word = english.message(code)
                if own.message(code) != word and word in before:
                    assert own.message(code) in text, (language, arguments, code)
                    assert word not in text, (language, arguments, code)
            assert arguments != ("status",) or own.phrase("status.utc") in text


def test_what_is_not_there_is_said_in_the_language_that_is_asked_for(url, filled):
    done = CliRunner().invoke(app, ["--language", "fr", "history", "nope", "--ledger", url])
    assert done.stderr == "Le registre ne sait rien du SKU 'nope'.\n"


def test_a_number_that_names_something_is_not_grouped_and_a_count_is(capsys):
    print_facts("run", {"number": 12345, "calls": {"previews": 12345}, "attempt": 0})
    assert "12345" in (shown := capsys.readouterr().out)
    assert "12,345" in shown
