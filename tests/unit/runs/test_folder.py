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
from amazon_listings.messages import catalogue
from amazon_listings.remarks import remark, sentences, worded
from amazon_listings.runs.damage import DamagedFile, OtherFormat
from amazon_listings.runs.folder import RunFolder, part_name, safe_name
from amazon_listings.runs.notes import ExtractNote, FailureNote, LiveNote, StopNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import FORMAT, LIVE, MAPPED, TESTED, WrittenItem, encode
from amazon_listings.runs.storage import StorageFull, StorageRefused
from support.run_records import mapped, note_of

RUN_IDS = st.text(alphabet=st.sampled_from("aB9_-.:+/\\ \x00é…"), min_size=1, max_size=120)


@given(RUN_IDS, RUN_IDS)
def test_a_run_id_becomes_one_harmless_segment_and_stays_different(one, other):
    assert "/" not in safe_name(one)
    assert safe_name(one) not in {"", ".", ".."}
    assert len(safe_name(one)) < 100
    assert (safe_name(one) == safe_name(other)) == (one == other)


def one(number=0, text="x"):
    return WrittenItem(
        pim_id=str(number), sku=None, outcome=Outcome.ACCEPTED, note=remark("note.parent_failed", parent=text)
    )


def test_records_keep_their_types_and_their_order(folder):
    rows = {"price": "1e5", "n": 5, "flag": False, "text": "a\u2028b\nc\x85", "half": "\ud83d"}
    records = [mapped("products/1", "0123", attributes=rows), mapped("products/2")]
    assert folder.write(MAPPED, part_name(1), records) == 2
    assert list(folder.read(MAPPED, part_name(1))) == records


def test_a_step_that_needs_no_payload_reads_none(folder):
    folder.write(MAPPED, part_name(1), [mapped("products/1", attributes={"brand": "Acme"})])
    (folder.root / "mapped" / part_name(1)).unlink()
    (found,) = folder.index(MAPPED, part_name(1))
    assert (found.pim_id, found.sku, found.hash) == ("products/1", "PRODUCTS/1", "h")
    with pytest.raises(DamagedFile, match="is missing"):
        list(folder.read(MAPPED, part_name(1)))


def test_parts_are_listed_in_order_and_a_missing_part_is_refused(folder):
    for number in (10, 2, 1):
        folder.write(LIVE, part_name(number), [])
    assert folder.parts(LIVE) == [part_name(1), part_name(2), part_name(10)]
    assert folder.parts(MAPPED) == []
    assert list(folder.read_any(MAPPED, part_name(1))) == []
    with pytest.raises(DamagedFile, match="is missing"):
        list(folder.read(MAPPED, part_name(1)))


def test_what_fails_half_way_leaves_the_earlier_part_as_it_was(folder):
    def records():
        yield one(1)
        raise RuntimeError("the PIM went away")

    folder.write(LIVE, part_name(1), [one()])
    before = sorted(path.name for path in (folder.root / "live").iterdir())
    with pytest.raises(RuntimeError, match="the PIM went away"):
        folder.write(LIVE, part_name(1), records())
    assert list(folder.read(LIVE, part_name(1))) == [one()]
    assert sorted(path.name for path in (folder.root / "live").iterdir()) == before


def test_an_error_of_the_records_is_not_taken_for_one_of_the_storage(folder):
    def records():
        yield one(1)
        raise ConnectionResetError("Amazon cut the line")

    with pytest.raises(ConnectionResetError):
        folder.write(LIVE, part_name(1), records())


KILLED = """
import os, signal, sys
from pathlib import Path
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import LIVE, WrittenItem
def records():
    for number in range(100_000):
        if number == 50_000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield WrittenItem(pim_id=str(number), sku=None, outcome=Outcome.ACCEPTED)
RunFolder(Path(sys.argv[1])).write(LIVE, "part-00001.jsonl", records())
"""


@pytest.mark.process
def test_a_killed_task_leaves_no_half_part(folder):
    child = subprocess.run([sys.executable, "-c", KILLED, str(folder.root)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert list((folder.root / "live").iterdir())  # half of it did reach the disk
    assert folder.parts(LIVE) == []
    folder.clear_all()
    assert list((folder.root / "live").iterdir()) == []


def test_a_part_whose_note_was_not_written_is_no_part(folder):
    """A task may be killed between the moves of the files: then it writes the part again."""
    folder.write(LIVE, part_name(1), [one()])
    (folder.root / "live" / "part-00001.note.json").unlink()
    assert folder.parts(LIVE) == []
    assert not folder.has(LIVE, part_name(1))


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda content: b"", "is empty; 2 rows were written to it"),
        (lambda content: content[:-3], "is cut off: 1 of 2 rows is left"),
        (lambda content: content.replace(b"accepted", b"rejected"), "is not what the run wrote"),
        (lambda content: content + content, "is not what the run wrote"),
        (lambda content: b"\x00" * len(content), "is cut off: 0 of 2 rows are left"),
    ],
)
def test_a_damaged_part_is_one_sentence(folder, damage, what):
    folder.write(LIVE, part_name(1), [one(1), one(2)])
    path = folder.root / "live" / part_name(1)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile) as caught:
        list(folder.read(LIVE, part_name(1)))
    assert f"The file {path} {what}" in str(caught.value)
    assert "Clear the run from live_sync" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b"[" * 200_000])
def test_a_damaged_note_is_one_sentence(folder, content):
    folder.write(LIVE, part_name(1), [one()])
    folder.note(LiveNote(calls={}))
    for path in (folder.root / "live" / "part-00001.note.json", folder.root / "live.json"):
        path.write_bytes(content)
    with pytest.raises(DamagedFile, match="is damaged"):
        list(folder.read(LIVE, part_name(1)))
    with pytest.raises(DamagedFile, match="is damaged"):
        folder.noted(LiveNote)


def test_a_part_of_another_run_is_refused(folder, tmp_path):
    other = RunFolder.of(tmp_path / "storage", "lamps", "another")
    for run in (folder, other):
        run.write(LIVE, part_name(1), [one()])
    for path in (other.root / "live").iterdir():
        (folder.root / "live" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(DamagedFile, match=r"belongs to another run .*another"):
        list(folder.read(LIVE, part_name(1)))


def test_the_sentences_that_earlier_versions_wrote_as_notes_are_kept():
    old = {
        "pim_id": "1",
        "sku": None,
        "outcome": "ready",
        "note": "attend P.",
        "unpreviewed": "non vérifié",
    }
    line = json.dumps(old).encode()
    for kept in (TESTED.decode(line), TESTED.decode_index(line)):
        assert note_of(kept) == "attend P."
        assert worded(kept.note + kept.unpreviewed, catalogue("de")) == "attend P; non vérifié"
        assert TESTED.decode(encode(kept)).note == kept.note
    with pytest.raises(ValueError, match="note"):
        TESTED.decode(line.replace(b'"attend P."', b"1"))


def test_files_of_another_version_are_refused(folder):
    folder.write(LIVE, part_name(1), [one()])
    folder.note(LiveNote(calls={}))
    for path in (folder.root / "live" / "part-00001.note.json", folder.root / "live.json"):
        path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":99') or b"{}")
    for read in (lambda: list(folder.read(LIVE, part_name(1))), lambda: folder.noted(LiveNote)):
        with pytest.raises(OtherFormat, match="written in format 99"):
            read()


def test_each_attempt_has_a_folder_and_the_latest_is_found(tmp_path):
    assert RunFolder.latest(tmp_path, "lamps", "r1") is None
    for attempt in (0, 2, 10):
        RunFolder.of(tmp_path, "lamps", "r1", attempt).note(LiveNote(calls={"feeds": attempt}))
    assert RunFolder.latest(tmp_path, "lamps", "r1").noted(LiveNote).calls == {"feeds": 10}
    assert RunFolder.of(tmp_path, "lamps", "r1", 2).noted(LiveNote).calls == {"feeds": 2}


def test_a_full_disk_is_said_in_a_sentence(folder):
    """The operating system's own limit on a file's size stands in for a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StorageFull) as caught:
            folder.write(LIVE, part_name(1), (one(number) for number in range(100_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(caught.value, ActionRequiredError)
    assert "no room is left" in str(caught.value)
    assert "AMAZON_LISTINGS_STORAGE" in str(caught.value)
    assert folder.parts(LIVE) == []


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs Linux: /sys takes no folders")
def test_a_storage_that_may_not_be_written_is_said_in_a_sentence():
    with pytest.raises(StorageRefused, match="permission denied"):
        RunFolder(Path("/sys/kernel/amazon")).write(LIVE, part_name(1), [])


def test_clearing_all_forgets_notes_and_parts(folder):
    folder.write(LIVE, part_name(1), [one()])
    folder.note(LiveNote(calls={}))
    folder.clear_all()
    assert folder.noted(LiveNote) is None
    assert folder.parts(LIVE) == []


def test_the_sentences_that_earlier_versions_wrote_in_notes_of_a_run_are_read(folder):
    folder.note(ExtractNote(parts=(), extracted=0, out_of_scope=0))
    for name, content in {
        "extract.json": {"parts": [], "extracted": 0, "out_of_scope": 0, "warnings": ["Un.", "Deux."]},
        "failure-live_sync.json": {"failed": "live_sync", "sentence": "Amazon ne répond pas."},
        "stop.json": {"sentence": "Arrêté."},
    }.items():
        (folder.root / name).write_text(json.dumps({"format": FORMAT, **content}))
    messages = catalogue("it")
    assert sentences(folder.noted(ExtractNote).warnings, messages) == ["Un.", "Deux."]
    assert worded(folder.noted(FailureNote, "live_sync").why, messages) == "Amazon ne répond pas."
    assert worded(folder.noted(StopNote).why, messages) == "Arrêté."
