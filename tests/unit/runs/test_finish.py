import csv
import json

import pytest
from sqlalchemy import select

from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.runs import last_run, start_run
from amazon_listings.ledger.tables import runs
from amazon_listings.runs.finish import close_run
from amazon_listings.runs.folder import part_name


@pytest.fixture
def ledger(tmp_path):
    engine = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield engine
    engine.dispose()


@pytest.fixture
def close(connector, ledger, folder):
    def close(*unfinished, warnings=()):
        return close_run(
            connector(), ledger=ledger, folder=folder, run_id="r1", warnings=warnings, unfinished=unfinished
        )

    return close


@pytest.fixture
def started(connector, ledger, folder, scope):
    def started(**changes):
        one = scope(**changes)
        folder.note("scope", one.to_json())
        return start_run(
            ledger,
            connector_key="lamps",
            run_id="r1",
            operation=one.operation,
            scope=one.kind,
            fingerprint="f",
            definition="d",
        )

    return started


@pytest.fixture
def started_with_item(started, extracted, item):
    started()
    extracted([item(1)])


def entries(ledger):
    with ledger.connect() as connection:
        return [row._asdict() for row in connection.execute(select(runs))]


def page(folder):
    return (folder.root / "report" / "report.html").read_text()


def test_a_run_whose_definition_was_never_fetched_has_a_report_and_leaves_the_ledger_alone(
    close, folder, ledger
):
    folder.note("failure-refresh_definition", {"sentence": "Amazon has no product type LAMPP."})
    summary = close("refresh_definition", "extract_products")
    assert summary["failure"] == "Amazon has no product type LAMPP."
    assert "Amazon has no product type LAMPP." in page(folder)
    assert summary["extracted"] == 0
    assert entries(ledger) == []


def test_the_first_task_that_failed_is_the_one_told(close, folder, started, ledger):
    started()
    folder.note("failure-extract_products", {"sentence": "The PIM does not answer."})
    folder.note("failure-test_sync", {"sentence": "An earlier try: later cured."})
    assert close("extract_products", "map_fields_0", "report")["failure"] == "The PIM does not answer."
    (entry,) = entries(ledger)
    assert (entry["state"], entry["failure"]) == ("failed", "The PIM does not answer.")
    assert last_run(ledger, "lamps", "test") is None


def test_a_task_that_died_without_a_word_is_named(close):
    assert close("map_fields_3", "test_sync")["failure"] == "The task map_fields failed; its log says why."


@pytest.mark.usefixtures("started_with_item")
def test_a_run_that_came_to_its_end_moves_the_cursor(close, folder, ledger):
    folder.write(
        "tested", part_name(1), [{"pim_id": "products/1", "sku": "A-1", "outcome": "ready", "issues": []}]
    )
    folder.note("tested", {"calls": {"previews": 1}})
    summary = close(warnings=["The secret expires on 2026-12-01."])
    assert (summary["failure"], summary["counts"]["ready"], summary["calls"]) == (None, 1, {"previews": 1})
    assert last_run(ledger, "lamps", "test").cursor == "2026-11-23T12:00:00+00:00"
    assert "The secret expires on 2026-12-01." in page(folder)


def test_items_without_an_answer_keep_the_cursor_where_it_was(close, started, ledger, extracted, item):
    started()
    extracted([item(1)])
    assert close()["counts"]["failed"] == 1
    assert last_run(ledger, "lamps", "test") is None
    assert entries(ledger)[0]["state"] == "settled"


@pytest.mark.parametrize("kind", ["skus", "interval"])
def test_named_skus_and_backfills_keep_the_cursor_where_it_was(close, started, ledger, extracted, kind):
    started(kind=kind)
    extracted()
    close()
    assert last_run(ledger, "lamps", "test") is None


@pytest.mark.usefixtures("started_with_item")
def test_a_sum_that_is_wrong_is_in_the_ledger_too(close, folder, ledger):
    folder.note("extract", folder.noted("extract") | {"extracted": 2})
    with pytest.raises(RunAbortedError, match="have an outcome"):
        close()
    assert "have an outcome" in entries(ledger)[0]["failure"]


def test_warnings_of_the_steps_are_in_the_report_in_the_connectors_language(close, folder, extracted):
    extracted()
    folder.note("extract", folder.noted("extract") | {"warnings": ["The PIM sends no field called “x”."]})
    folder.note("quality", {"warnings": ["Too few items."]})
    folder.note("definitions", {"warnings": ["Amazon did not answer."], "version": "V", "fetched_at": "now"})
    summary = close()
    assert summary["warnings"] == [
        "Amazon did not answer.",
        "The PIM sends no field called “x”.",
        "Too few items.",
    ]
    assert 'lang="fr"' in page(folder)
    assert json.loads((folder.root / "report" / "report.json").read_bytes())["summary"] == summary


def test_the_report_says_which_issues_are_new_still_there_and_gone(
    connector, ledger, folder, scope, extracted, item
):
    def run(run_id, *codes):
        folder.clear_all()
        folder.note("scope", scope(kind="everything").to_json())
        start_run(
            ledger,
            connector_key="lamps",
            run_id=run_id,
            operation="test",
            scope="everything",
            fingerprint="f",
            definition="d",
        )
        extracted([item(1)])
        issues = [
            {"code": code, "severity": "ERROR", "source": "schema", "attribute": code, "message": code}
            for code in codes
        ]
        row = {"pim_id": "products/1", "sku": "A-1", "outcome": "blocked", "issues": issues}
        folder.write("tested", part_name(1), [row])
        summary = close_run(
            connector(), ledger=ledger, folder=folder, run_id=run_id, warnings=(), unfinished=()
        )
        report = json.loads((folder.root / "report" / "report.json").read_text())
        return summary["history"], {one["code"]: one["history"] for one in report["items"][0]["issues"]}

    assert run("r1", "brand", "color") == (
        {"new": 2, "still there": 0, "gone": 0},
        {"brand": "new", "color": "new"},
    )
    assert run("r2", "brand", "size") == (
        {"new": 1, "still there": 1, "gone": 1},
        {"brand": "still there", "size": "new"},
    )
    assert "1 nouveaux, 1 toujours là, 1 disparus" in page(folder)
    assert "<li>A-1: color</li>" in page(folder)
    report = json.loads((folder.root / "report" / "report.json").read_text())
    assert [(one["sku"], one["code"]) for one in report["gone"]] == [("A-1", "color")]
    with (folder.root / "report" / "issues.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = {row["code"]: row["history"] for row in csv.DictReader(lines)}
    assert rows == {"brand": "still there", "size": "new", "color": "gone"}
