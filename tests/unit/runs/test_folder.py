import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.errors import ActionRequiredError
from amazon_listings.runs.folder import (
    RunFolder,
    StorageFull,
    StorageRefused,
    json_line,
    part_name,
    safe_name,
)

RUN_IDS = st.text(alphabet=st.sampled_from("aB9_-.:+/\\ \x00é…"), min_size=1, max_size=120)


@given(RUN_IDS, RUN_IDS)
def test_a_run_id_becomes_one_harmless_segment_and_stays_different(one, other):
    assert "/" not in safe_name(one)
    assert safe_name(one) not in {"", ".", ".."}
    assert len(safe_name(one)) < 100
    assert (safe_name(one) == safe_name(other)) == (one == other)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING)
def test_a_row_comes_back_as_it_was_even_if_a_pim_sends_half_a_surrogate_pair(row):
    line = json_line(row)
    assert line.count(b"\n") == 1
    assert json.loads(line) == row


def test_rows_keep_their_types_and_their_order(folder):
    rows = [
        {"sku": "0123", "price": "1e5", "n": 5, "flag": False, "text": "a\u2028b\nc\x85", "half": "\ud83d"}
    ]
    assert folder.write("mapped", part_name(1), rows) == 1
    assert list(folder.read("mapped", part_name(1))) == rows


def test_parts_are_listed_in_order_and_a_missing_part_is_empty(folder):
    for number in (10, 2, 1):
        folder.write("extract", part_name(number), [])
    assert folder.parts("extract") == [part_name(1), part_name(2), part_name(10)]
    assert folder.parts("mapped") == []
    assert list(folder.read("mapped", part_name(1))) == []


def test_what_fails_half_way_leaves_the_earlier_part_as_it_was(folder):
    def rows():
        yield {"id": 1}
        raise RuntimeError("the PIM went away")

    folder.write("extract", part_name(1), [{"id": 0}])
    with pytest.raises(RuntimeError, match="the PIM went away"):
        folder.write("extract", part_name(1), rows())
    assert list(folder.read("extract", part_name(1))) == [{"id": 0}]
    assert [path.name for path in (folder.root / "extract").iterdir()] == [part_name(1)]


def test_an_error_of_the_rows_is_not_taken_for_one_of_the_storage(folder):
    def rows():
        yield {"id": 1}
        raise ConnectionResetError("Amazon cut the line")

    with pytest.raises(ConnectionResetError):
        folder.write("extract", part_name(1), rows())


KILLED = """
import os, signal, sys
from pathlib import Path
from amazon_listings.runs.folder import RunFolder
def rows():
    for number in range(100_000):
        if number == 50_000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield {"id": number}
RunFolder(Path(sys.argv[1])).write("extract", "part-00001.jsonl", rows())
"""


def test_a_killed_task_leaves_no_half_part(folder):
    child = subprocess.run([sys.executable, "-c", KILLED, str(folder.root)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert list((folder.root / "extract").iterdir())  # half of it did reach the disk
    assert folder.parts("extract") == []
    folder.clear_all()
    assert list((folder.root / "extract").iterdir()) == []


def test_a_full_disk_is_said_in_a_sentence(folder):
    """The operating system's own limit on a file's size stands in for a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StorageFull) as caught:
            folder.write("extract", part_name(1), ({"id": number} for number in range(100_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(caught.value, ActionRequiredError)
    assert "no room is left" in str(caught.value)
    assert "AMAZON_LISTINGS_STORAGE" in str(caught.value)
    assert folder.parts("extract") == []


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs Linux: /sys takes no folders")
def test_a_storage_that_may_not_be_written_is_said_in_a_sentence():
    with pytest.raises(StorageRefused, match="permission denied"):
        RunFolder(Path("/sys/kernel/amazon")).write("extract", part_name(1), [])


def test_clearing_all_forgets_notes_and_parts(folder):
    folder.write("extract", part_name(1), [{}])
    folder.note("extract", {"parts": [part_name(1)]})
    assert folder.noted("extract") == {"parts": [part_name(1)]}
    folder.clear_all()
    assert folder.noted("extract") is None
    assert folder.parts("extract") == []
