import csv
import json
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import select

from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.ledger.runs.history import last_run, next_attempt, start_run
from amazon_listings.ledger.runs.owed import owed_families
from amazon_listings.ledger.tables import runs
from amazon_listings.messages import catalogue, message
from amazon_listings.remarks import remark_as_is, worded
from amazon_listings.runs.finish.ending import finish_run
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.notes import DefinitionsNote, ExtractNote, FailureNote, QualityNote, TestedNote
from amazon_listings.runs.records import LIVE, MAPPED, QUALITY, TESTED
from amazon_listings.runs.report import NAMED
from amazon_product_types.validation.issue import Issue
from support.ledger_rows import record_submissions
from support.ledgers import ledger_in
from support.run_records import judged_item, mapped, written


@pytest.fixture
def ledger(tmp_path):
    engine = ledger_in(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def close(connector, ledger, folder):
    def close(*unfinished, warnings=()):
        return finish_run(
            connector(), ledger=ledger, folder=folder, run_id="r1", warnings=warnings, unfinished=unfinished
        )

    return close


@pytest.fixture
def started(connector, ledger, folder, scope):
    def started(**changes):
        one = scope(**changes)
        folder.note(one)
        return start_run(
            ledger,
            connector_key="lamps",
            run_id="r1",
            attempt=next_attempt(ledger, "lamps", "r1", 0),
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


def failed(folder, task, sentence):
    folder.note(FailureNote(failed=task, why=remark_as_is(sentence)), task)


def judged(folder, *items):
    """The stages up to the test sync, as it leaves them."""
    folder.write(QUALITY, part_name(1), [])
    folder.write(MAPPED, part_name(1), [mapped(one.pim_id, one.sku) for one in items])
    folder.write(TESTED, part_name(1), items)


def page(folder):
    return (folder.root / "report" / "report.html").read_text()


def test_a_run_whose_definition_was_never_fetched_has_a_report_and_leaves_the_ledger_alone(
    close, folder, ledger
):
    failed(folder, "refresh_definition", "Amazon has no product type LAMPP.")
    summary = close("refresh_definition", "extract_products")
    assert summary["failure"] == "Amazon has no product type LAMPP."
    assert "Amazon has no product type LAMPP." in page(folder)
    assert summary["extracted"] == 0
    assert entries(ledger) == []


def test_the_first_task_that_failed_is_the_one_told(close, folder, started, ledger):
    started()
    failed(folder, "extract_products", "The PIM does not answer.")
    failed(folder, "test_sync", "An earlier try: later cured.")
    assert close("extract_products", "map_fields_0", "report")["failure"] == "The PIM does not answer."
    (entry,) = entries(ledger)
    assert (entry["state"], entry["failure"]) == ("failed", remark_as_is("The PIM does not answer."))
    assert last_run(ledger, "lamps", "test") is None


def test_a_task_that_died_without_a_word_is_named(close):
    failure = close("map_fields_3", "test_sync")["failure"]
    assert failure == "La tâche map_fields a échoué ; son journal dit pourquoi."


@pytest.mark.usefixtures("started_with_item")
def test_a_run_that_came_to_its_end_moves_the_cursor(close, folder, ledger):
    judged(folder, judged_item("products/1", "ready", "A-1"))
    folder.note(TestedNote(calls={"previews": 1}))
    summary = close(warnings=[message("note.as_is", text="The secret expires on 2026-12-01.")])
    assert (summary["failure"], summary["counts"]["ready"], summary["calls"]) == (None, 1, {"previews": 1})
    assert last_run(ledger, "lamps", "test").cursor == "2026-11-23T12:00:00+00:00"
    assert "The secret expires on 2026-12-01." in page(folder)


def test_items_without_an_answer_are_owed_and_the_cursor_passes_them(close, started, ledger, extracted, item):
    started()
    extracted([item(1)])
    assert close()["counts"]["failed"] == 1
    assert last_run(ledger, "lamps", "test").cursor
    assert owed_families(ledger, "lamps", "test") == {"products/1"}
    assert entries(ledger)[0]["state"] == "settled"


@pytest.mark.usefixtures("started_with_item")
def test_items_behind_another_write_are_owed_and_the_cursor_passes_them(close, folder, ledger):
    folder.write(TESTED, part_name(1), [judged_item("products/1", "ready", "A-1")])
    folder.write(LIVE, part_name(1), [written("products/1", "pending", "A-1")])
    assert close()["counts"]["pending"] == 1
    assert last_run(ledger, "lamps", "test").cursor
    assert owed_families(ledger, "lamps", "test") == {"products/1"}


def test_what_only_an_earlier_try_sent_is_told_with_its_calls(close, started, ledger, extracted, item):
    number = started(operation="live")
    extracted([item(1)])
    sent = [{"sku": f"S-{place:02}", "method": "PUT", "status": "ACCEPTED"} for place in range(NAMED + 3)]
    sent.append({"sku": "S-00", "method": "PATCH", "status": "ACCEPTED"})
    more = {"submission_id": "", "request_id": "", "body": {}}
    listings = ListingScope("lamps", "A1SELLER", "A13V1IB3VIYZZH", "LAMP")
    record_submissions(ledger, listings, number, [one | more | {"hash": one["method"]} for one in sent])
    summary = close()
    assert summary["calls"] == {"creations": NAMED + 3, "updates": 1}
    (sentence,) = [one for one in summary["warnings"] if "S-00" in one]
    assert sentence.endswith(f"S-{NAMED - 1:02} … (+3)")


@pytest.mark.parametrize("kind", ["skus", "interval"])
def test_named_skus_and_backfills_keep_the_cursor_where_it_was(close, started, ledger, extracted, kind):
    started(kind=kind)
    extracted()
    close()
    assert last_run(ledger, "lamps", "test") is None


@pytest.mark.usefixtures("started_with_item")
def test_a_sum_that_is_wrong_is_in_the_ledger_too(close, folder, ledger):
    folder.note(msgspec.structs.replace(folder.noted(ExtractNote), extracted=2))
    with pytest.raises(RunAbortedError, match="have an outcome"):
        close()
    assert "have an outcome" in worded(entries(ledger)[0]["failure"], catalogue())


def test_warnings_of_the_steps_are_in_the_report_in_the_connectors_language(close, folder, extracted):
    extracted()
    warning = ("The PIM sends no field called “x”.",)
    folder.note(msgspec.structs.replace(folder.noted(ExtractNote), warnings=warning))
    folder.write(QUALITY, part_name(1), [])
    folder.note(QualityNote(checked=0, blocked=0, warnings=remark_as_is("Too few items.")))
    folder.note(
        DefinitionsNote(
            key=DefinitionKey("LAMP", "A13V1IB3VIYZZH"),
            country="FR",
            checksum="c",
            labels_checksum="l",
            version="V",
            fetched_at="2026-11-23T16:14:07+00:00",
            warnings=remark_as_is("Amazon did not answer."),
        )
    )
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
        folder.note(scope(kind="everything"))
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
            Issue(code=code, severity="ERROR", source="schema", attribute=code, message=code)
            for code in codes
        ]
        judged(folder, judged_item("products/1", "blocked", "A-1", issues))
        summary = finish_run(
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


class TestStates:
    """What a finished run enters as the present state of its items."""

    def states(self, ledger, **where):
        return list(find_states(ledger, "lamps", StateFilter(**where)))

    @pytest.fixture
    def ended(self, close, folder, started, extracted, item):
        """A run over items 1 and 2, both ready; with `removed`, what the PIM named as gone."""

        def ended(numbers=(1, 2), *, outcome="ready", day=23, removed=(), **scope):
            folder.clear_all()
            number = started(**scope)
            items = [item(one) for one in numbers]
            extracted(items)
            folder.note(
                msgspec.structs.replace(
                    folder.noted(ExtractNote),
                    cursor=f"2026-11-{day}T12:00:00+00:00",
                    opened=f"2026-11-{day}T12:00:00+00:00",
                    full=scope.get("kind") == "everything",
                    removed_ids=tuple(removed),
                )
            )
            records = [
                mapped(
                    one["pim_id"],
                    one["sku"],
                    group=one["group"],
                    hash=f"hash of {one['sku']}",
                    attributes={"item_name": [{"value": f"Name of {one['sku']}"}]},
                )
                for one in items
            ]
            folder.write(MAPPED, part_name(1), records)
            verdicts = [judged_item(one["pim_id"], outcome, one["sku"]) for one in items]
            folder.write(TESTED, part_name(1), verdicts)
            close()
            return number

        return ended

    def test_row_payload_and_verdict(self, ended, ledger):
        number = ended(kind="everything")
        one, two = self.states(ledger)
        assert (one.sku, one.name, one.outcome, one.operation) == ("A-1", "Name of A-1", "ready", "test")
        assert (one.run, one.payload_hash) == (number, "hash of A-1")
        assert one.row["pim_id"] == one.pim_id
        assert one.attributes == {"item_name": [{"value": "Name of A-1"}]}
        assert one.read_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
        assert one.fingerprint.mapping == two.fingerprint.mapping != 0
        assert one.fingerprint.row != two.fingerprint.row

    def test_changes_are_merged_over_a_complete_run(self, ended, ledger):
        ended(kind="everything")
        ended([2, 3], outcome="rejected", day=24, kind="changed")
        assert [(one.sku, one.outcome) for one in self.states(ledger)] == [
            ("A-1", "ready"),
            ("A-2", "rejected"),
            ("A-3", "rejected"),
        ]

    def test_what_the_pim_names_as_gone_is_marked(self, ended, ledger):
        ended(kind="everything")
        ended([3], day=24, kind="changed", removed=["products/1"])
        assert [one.sku for one in self.states(ledger, removed=True)] == ["A-1"]

    def test_what_a_complete_run_does_not_see_is_marked(self, ended, ledger):
        ended(kind="everything")
        ended([2], day=24, kind="everything")
        assert [one.sku for one in self.states(ledger, removed=True)] == ["A-1"]

    def test_named_skus_mark_nothing(self, ended, ledger):
        ended(kind="everything")
        ended([2], day=24, kind="skus")
        assert len(self.states(ledger)) == 2

    def test_a_run_that_stopped_leaves_the_former_states(
        self, ended, close, folder, started, extracted, item, ledger
    ):
        ended(kind="everything")
        before = self.states(ledger)
        folder.clear_all()
        started(kind="everything")
        extracted([item(1)])
        note = folder.noted(ExtractNote)
        moment = "2026-11-25T12:00:00+00:00"
        folder.note(msgspec.structs.replace(note, cursor=moment, opened=moment, full=True))
        close("map_fields")
        assert self.states(ledger) == before
