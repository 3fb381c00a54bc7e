"""From the stages of a run to the history of its issues."""

from __future__ import annotations

import pytest

from amazon_listings.ledger.items.issues import gone_issues, open_issues
from amazon_listings.remarks import remark
from amazon_listings.runs.finish.issue_history import keep_resolved, resolved
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.records import EXTRACT, LIVE, MAPPED, PROBLEMS, TESTED
from amazon_product_types.validation.issue import Issue
from support.ledgers import ledger_in
from support.run_records import extract_note, judged_item, mapped, scope_of, written
from support.sync_runs import lamp

PART = part_name(1)
LOCAL = Issue(code="too_long", severity="ERROR", source="schema", message="m", attribute="item_name")
WARNING = Issue(code="18027", severity="WARNING", source="submission", message="m", attribute="brand")
PREVIEW = Issue(code="90220", severity="ERROR", source="preview", message="m", attribute="color")


@pytest.fixture
def ledger(tmp_path):
    engine = ledger_in(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def run(ledger, tmp_path):
    """Plays a run: outcome and issues by SKU; what its history says."""
    number = 0

    def play(outcomes, *, complete=False, previewed=True, note=()):
        nonlocal number
        number += 1
        folder = RunFolder(tmp_path / f"run-{number}")
        tested_only = any(outcome == "ready" for outcome, _ in outcomes.values())
        folder.note(scope_of("test" if tested_only else "live"))
        items = [lamp(sku) | {"pim_id": f"p/{sku}", "sku": sku, "group": "g"} for sku in outcomes]
        folder.write(EXTRACT, PART, items)
        folder.write(PROBLEMS, PART, [])
        folder.note(extract_note(PART, extracted=len(items)))
        folder.write(MAPPED, PART, [mapped(f"p/{sku}", sku) for sku in outcomes])
        seen = {sku: known for sku, known in outcomes.items() if known[0] != "failed"}
        asked = [
            judged_item(
                f"p/{sku}",
                outcome,
                sku,
                issues,
                note=note,
                previewed=previewed and outcome in {"ready", "rejected"},
            )
            for sku, (outcome, issues) in seen.items()
            if outcome != "accepted"
        ]
        folder.write(TESTED, PART, asked)
        sent = [
            written(f"p/{sku}", "accepted", sku, issues, note=note)
            for sku, (outcome, issues) in seen.items()
            if outcome == "accepted"
        ]
        folder.write(LIVE, PART, sent)
        counts = keep_resolved(
            Resolver(folder),
            folder,
            ledger=ledger,
            connector_key="fr_home",
            run=number,
            complete=complete,
        )
        lives = {
            (one.sku, issue.identity[0]): "new" if issue.identity in one.new else "still there"
            for one in resolved(folder)
            for issue in one.issues
        }
        return lives, counts

    return play


def still_open(ledger):
    return {(one.item, one.issue.code) for one in open_issues(ledger, "fr_home")}


def test_new_still_there_and_gone(ledger, run):
    lives, counts = run({"a": ("blocked", [LOCAL]), "b": ("blocked", [LOCAL])})
    assert set(lives.values()) == {"new"}
    assert counts == {"new": 2, "still there": 0, "gone": 0}
    lives, counts = run({"a": ("blocked", [LOCAL]), "b": ("unchanged", [])})
    assert lives == {("a", "too_long"): "still there"}
    assert counts == {"new": 0, "still there": 1, "gone": 1}
    assert [one.item for one in gone_issues(ledger, "fr_home", 2)] == ["b"]


def test_nothing_is_gone_that_nobody_looked_for(ledger, run):
    everything = {("a", "too_long"), ("b", "18027"), ("c", "90220")}
    run({"a": ("blocked", [LOCAL]), "b": ("accepted", [WARNING]), "c": ("rejected", [PREVIEW])})
    assert still_open(ledger) == everything
    run({"a": ("failed", []), "b": ("unchanged", []), "c": ("blocked", [])})
    assert still_open(ledger) == everything
    run({"b": ("ready", []), "c": ("ready", [])}, previewed=False)
    assert still_open(ledger) == everything
    run({"a": ("ready", []), "c": ("ready", [])}, note=remark("note.parent_unknown", parent="p"))
    assert still_open(ledger) == {("b", "18027")}
    run({"b": ("accepted", [])})
    assert still_open(ledger) == set()


def test_a_complete_run_closes_those_of_items_that_left(ledger, run):
    run({"a": ("blocked", [LOCAL]), "b": ("blocked", [LOCAL])})
    run({"a": ("blocked", [LOCAL])})
    assert still_open(ledger) == {("a", "too_long"), ("b", "too_long")}
    _, counts = run({"a": ("blocked", [LOCAL])}, complete=True)
    assert counts == {"new": 0, "still there": 1, "gone": 1}
