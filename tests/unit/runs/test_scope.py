from datetime import UTC, datetime

import msgspec
import pytest

from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.runs.history import LastRun
from amazon_listings.runs.scope import Scope, decide

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PARAMS = {"operation": "test", "selection": "changed", "skus": [], "force": False}


@pytest.fixture
def decided(connector):
    one = connector()

    def decided(*, interval=None, last="same", **params):
        if last == "same":
            last = LastRun("2026-11-22T12:00:00+00:00", one.fingerprint, "d1")
        return decide(one, params={**PARAMS, **params}, interval=interval, last=last, definition="d1")

    decided.connector = one
    return decided


def test_a_scheduled_run_continues_where_the_last_successful_one_stopped(decided):
    scope = decided()
    assert (scope.kind, scope.since, scope.until) == ("changed", datetime(2026, 11, 22, 12, tzinfo=UTC), None)
    assert scope.moves_cursor


@pytest.mark.parametrize(
    ("last", "cause"),
    [
        (None, "no earlier run"),
        (LastRun(None, "", "d1"), "no earlier run"),
        (LastRun("2026-11-22T12:00:00+00:00", "another", "d1"), "the connector, or its account, changed"),
        (LastRun("2062-11-22T12:00:00+00:00", "", "d1"), "no earlier run"),
    ],
)
def test_the_first_run_and_a_changed_connector_read_everything(decided, last, cause):
    scope = decided(last=last)
    assert (scope.kind, scope.since) == ("everything", None)
    assert cause in scope.in_words("en")
    assert scope.moves_cursor


def test_a_changed_definition_reads_everything(decided):
    last = LastRun("2026-11-22T12:00:00+00:00", decided.connector.fingerprint, "d0")
    scope = decided(last=last)
    assert scope.kind == "everything"
    assert "Amazon changed the product type" in scope.in_words("en")


def test_everything_may_be_asked_for(decided):
    assert decided(selection="everything").kind == "everything"


def test_named_skus_are_all_that_is_read_and_move_no_cursor(decided):
    scope = decided(skus=[" A-1 ", "", "A-2"], selection="everything", force=True)
    assert (scope.kind, scope.skus, scope.force) == ("skus", {"A-1", "A-2"}, True)
    assert not scope.moves_cursor
    assert decided(skus=None).kind == "changed"


def test_a_backfill_covers_its_interval_and_moves_no_cursor(decided):
    scope = decided(interval=(NOON, NOON.replace(hour=13)))
    assert (scope.kind, scope.since, scope.until) == ("interval", NOON, NOON.replace(hour=13))
    assert not scope.moves_cursor
    with pytest.raises(RunAbortedError, match="takes no list of SKUs"):
        decided(interval=(NOON, NOON), skus=["A-1"])


@pytest.mark.parametrize("selection", ["everything", "approved"])
def test_a_backfill_refuses_a_selection_that_it_cannot_honour(decided, selection):
    with pytest.raises(RunAbortedError, match=f"does not take the selection “{selection}”"):
        decided(interval=(NOON, NOON), selection=selection)


def test_a_scope_comes_back_from_the_runs_folder(decided):
    for scope in (decided(), decided(skus=["B", "A"]), decided(interval=(NOON, NOON))):
        assert msgspec.json.decode(msgspec.json.encode(scope), type=Scope) == scope


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "what changed in the PIM from 23 Nov 2026, 12:00 to 23 Nov 2026, 13:00 UTC (backfill)"),
        ("de_DE", "was sich im PIM vom 23.11.2026, 12:00 bis 23.11.2026, 13:00 UTC geändert hat (Backfill)"),
    ],
)
def test_a_scope_is_told_in_the_readers_language(decided, language, words):
    assert decided(interval=(NOON, NOON.replace(hour=13))).in_words(language) == words
