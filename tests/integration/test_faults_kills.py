"""Tasks that are killed with SIGKILL and tried again: nothing is lost, doubled or forgotten."""

import pytest

from spapi_sandbox.server import running_sandbox
from support.faults import Trial
from support.kills import Executioner, Moment, problems

pytestmark = pytest.mark.timeout(600)

#: Where the tasks of a run that creates listings die.
CREATING = {
    "extract_products": [Moment("renamed", 1)],
    "live_sync": [
        Moment("received", 2, "putListingsItem"),  # written at Amazon, and nobody there for the answer
        Moment("committed", 4),
    ],
}
#: The same for a run that changes them.
CHANGING = {
    "live_sync": [Moment("received", 1, "patchListingsItem"), Moment("commit", 3)],
    "report": [Moment("file", 2)],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run that creates, then one that changes what it created, with what went wrong in each."""
    with running_sandbox() as sandbox:
        trial = Trial(sandbox, tmp_path_factory.mktemp("kills"))
        executioner = Executioner(sandbox, trial.environment)
        made = {}
        for name, kills in (("creating", CREATING), ("changing", CHANGING)):
            run = executioner.run(trial.name, name, kills)
            made[name] = run, problems(trial, run), trial.writes()
            trial.forget()
            trial.reprice("19.90")
        yield made


def test_the_tasks_were_killed_where_they_should_be(runs):
    assert dict(runs["creating"][0].kills) == CREATING
    assert dict(runs["changing"][0].kills) == CHANGING


@pytest.mark.parametrize("name", ["creating", "changing"])
def test_no_item_is_lost_doubled_or_forgotten(runs, name):
    run, wrong, writes = runs[name]
    assert wrong == []
    assert run.results["live_sync"]["accepted"] >= 4
    assert {entry["method"] for entry in writes} == {"creating": {"PUT"}, "changing": {"PATCH"}}[name]
