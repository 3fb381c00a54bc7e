"""What a run began with is found in its folder by each of its tasks."""

import shutil

import pytest

from amazon_listings.runs.context import begin_run, resume_run
from amazon_listings.runs.damage import RunFilesGone
from support.run_records import scope_of


def test_a_task_finds_what_the_run_began_with(connector, tmp_path):
    begun = begin_run(connector(), "r1", 0, tmp_path)
    begun.folder.note(scope_of("live"))
    resumed = resume_run("lamps", "r1", 0, tmp_path)
    assert resumed.began_with == begun.began_with
    assert resumed.began_with.document == connector().document
    assert resumed.scope == scope_of("live")


def test_what_is_not_in_the_folder_is_gone(connector, tmp_path):
    context = begin_run(connector(), "r1", 0, tmp_path)
    with pytest.raises(RunFilesGone):
        context.scope  # noqa: B018 - reading it is the matter
    shutil.rmtree(context.folder.root)
    with pytest.raises(RunFilesGone):
        resume_run("lamps", "r1", 0, tmp_path)
