"""Where the items of one attempt of a run are kept: parts of JSON Lines in object storage.

The folder of an attempt holds one folder per stage (`extract`, `quality`, `mapped`, `tested`, `live`), and
in each the same parts: `part-00001.jsonl` of every stage speaks of the same items in the same order.
So every later stage reads part by part, and memory stays flat in the number of items. A part has a note
beside it (rows, checksum, whose it is), and an index without payloads where its records have payloads.

A part is there whole or not at all: its files are written under other names and moved to their own when
they are complete, and the note, without which no part counts, comes last.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from amazon_listings.runs.damage import DamagedFile, OtherFormat
from amazon_listings.runs.notes import Note
from amazon_listings.runs.records import FORMAT, Stage, decode, encode
from amazon_listings.runs.storage import is_full, storage_error, storage_explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from amazon_listings.runs.records import Index, Record

#: Name ending of what is being written.
UNFINISHED = ".unfinished"
_INDEX = ".index.jsonl"
_NOTE = ".note.json"
#: How content that is not what was written shows itself; the last by levels without end.
_UNREADABLE = (ValueError, RecursionError)
#: Lines that are written at once.
_TOGETHER = 64

AnyNote = TypeVar("AnyNote", bound=Note)
Line = TypeVar("Line")


class Seal(msgspec.Struct, frozen=True):
    """What was written to a file: rows, and SHA-256 (hex) of the bytes."""

    rows: int
    sha256: str


class PartNote(msgspec.Struct, frozen=True, kw_only=True):
    """What is noted beside a part; `attempt` names the folder that it was written to."""

    format: int
    attempt: str
    part: Seal
    index: Seal | None = None


_part_notes = msgspec.json.Decoder(PartNote)


def safe_name(text: str) -> str:
    """Return `text` as one path segment: readable, and different for different texts.

    A DAG run id may hold anything (`manual__2026-11-23T12:00:00+00:00`, `../x`).
    """
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip(".-")[:80]
    if readable == text:
        return text
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one attempt; `root` is a `pathlib.Path` or an object storage path.

    Every method raises `StorageFull`, `StorageRefused` or `StorageUnavailable` if the storage does not
    do what it is asked, and those that read raise `DamagedFile` or `OtherFormat` if a file is not what
    was written.
    """

    root: Path

    @classmethod
    def of(cls, storage: Path, connector_key: str, run_id: str, attempt: int = 0) -> RunFolder:
        """Return the folder of an attempt of a connector's run below `storage`."""
        run = storage / "runs" / safe_name(connector_key) / safe_name(run_id)
        return cls(run / f"attempt-{attempt}")

    @classmethod
    def latest(cls, storage: Path, connector_key: str, run_id: str) -> RunFolder | None:
        """Return the folder of the last attempt of a run, or None if it has none."""
        run = storage / "runs" / safe_name(connector_key) / safe_name(run_id)
        found = attempts(run)
        return cls(found[-1]) if found else None

    @property
    def attempt(self) -> int:
        """Which attempt of its run the folder is of, from 0."""
        return int(self.root.name.removeprefix("attempt-"))

    def stage(self, name: str) -> Path:
        """Return the folder of a stage, or of the attempt itself for an empty name; make it if need be."""
        folder = self.root / name if name else self.root
        with storage_explained("make", folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def parts(self, stage: Stage[Record, Index]) -> list[str]:
        """Return the names of the parts of a stage, in order."""
        folder = self.root / stage.name
        with storage_explained("list", folder):
            if not folder.exists():
                return []
            names = (path.name for path in folder.iterdir())
            return sorted(f"{name.removesuffix(_NOTE)}.jsonl" for name in names if name.endswith(_NOTE))

    def read(self, stage: Stage[Record, Index], part: str) -> Iterator[Record]:
        """Yield the records of a part.

        Raises:
            DamagedFile: the part is missing too.
        """
        return self._lines(stage, part, part, stage.decode, lambda note: note.part)

    def index(self, stage: Stage[Record, Index], part: str) -> Iterator[Index]:
        """Yield the records of a part without their payloads.

        Raises:
            DamagedFile: the part is missing too.
        """
        if not stage.has_index:
            yield from map(stage.index_of, self.read(stage, part))
            return
        yield from self._lines(stage, part, _index_name(part), stage.decode_index, _index_seal)

    def has(self, stage: Stage[Record, Index], part: str) -> bool:
        """Return whether a stage has such a part."""
        note = self.root / stage.name / _note_name(part)
        with storage_explained("read", note):
            return note.exists()

    def read_any(self, stage: Stage[Record, Index], part: str) -> Iterator[Record]:
        """Yield the records of a part, none if the stage has no such part."""
        if self.has(stage, part):
            yield from self.read(stage, part)

    def write(self, stage: Stage[Record, Index], part: str, records: Iterable[Record]) -> int:
        """Write one part whole, and return the number of its records. An earlier part of that name goes.

        What `records` raises is passed on, and the part is as it was before.
        """
        with (
            self.writing(stage.name, part) as out,
            self.writing(stage.name, _index_name(part)) if stage.has_index else nullcontext() as index,
        ):
            written, indexed = _Sealed(out), _Sealed(index) if index else None
            for record in records:
                line = encode(record)
                written.write(line)
                if indexed is not None:
                    indexed.write(stage.index_line(record, line))
            whole, of_index = written.seal(), indexed.seal() if indexed is not None else None
            # From here until the new note is there, the stage has no such part.
            self._forget(stage.name, _note_name(part))
        note = PartNote(
            format=FORMAT,
            attempt=self._name,
            part=whole,
            index=of_index,
        )
        with self.writing(stage.name, _note_name(part)) as out:
            out.write(encode(note))
        return note.part.rows

    @contextmanager
    def writing(self, stage: str, name: str) -> Iterator[IO[bytes]]:
        """Open a file of a stage to write to; it gets its name when the block ends without an error."""
        folder = self.stage(stage)
        unfinished, whole = folder / f"{name}{UNFINISHED}", folder / name
        with storage_explained("write", whole):
            out = unfinished.open("wb")
        try:
            yield out
            with storage_explained("write", whole):
                out.close()
                unfinished.replace(whole)
        except BaseException as error:
            # An object storage keeps what was written when its file is closed, error or not.
            for undo in (out.close, unfinished.unlink):
                with suppress(Exception):
                    undo()
            if isinstance(error, OSError) and is_full(error):
                raise storage_error("write", whole, error, error.errno) from error
            raise

    def unsealed(self, stage: Stage[Record, Index], name: str) -> Iterator[Record]:
        """Yield the records of a file that `writing` wrote, line by line; it has no note."""
        path = self.root / stage.name / name
        with storage_explained("read", path), path.open("rb") as lines:
            for line in lines:
                yield stage.decode(line)

    def clear(self, *stages: Stage[Any, Any]) -> None:
        """Delete what earlier tries of this attempt left in these stages."""
        for stage in stages:
            self._clear(self.root / stage.name)

    def clear_all(self) -> None:
        """Delete everything that earlier tries of this attempt left."""
        with storage_explained("clear", self.root):
            if not self.root.exists():
                return
            for path in list(self.root.iterdir()):
                if path.is_dir():
                    self._clear(path)
                else:
                    path.unlink()

    def note(self, note: Note, about: str = "") -> None:
        """Keep a small document beside the stages (`extract.json`, `failure-live_sync.json`)."""
        with self.writing("", _file_of(type(note), about)) as out:
            out.write(encode(note))

    def noted(self, kind: type[AnyNote], about: str = "") -> AnyNote | None:
        """Return the document of that kind, if there is one."""
        path = self.root / _file_of(kind, about)
        with storage_explained("read", path):
            if not path.exists():
                return None
            content = path.read_bytes()
        _check_format(path, content)
        try:
            return decode(content, msgspec.json.Decoder(kind))
        except _UNREADABLE as error:
            raise DamagedFile("runs.file_damaged", path, kind.task, reason=str(error)) from error

    def forget(self, *kinds: type[Note]) -> None:
        """Delete the notes of these kinds, so that what is under way does not count as finished."""
        for kind in kinds:
            self._forget("", _file_of(kind, ""))

    @property
    def _name(self) -> str:
        return "/".join(self.root.parts[-3:])

    def _lines(
        self,
        stage: Stage[Record, Index],
        part: str,
        name: str,
        decode: Callable[[bytes], Line],
        seal_of: Callable[[PartNote], Seal],
    ) -> Iterator[Line]:
        path = self.root / stage.name / name
        seal = seal_of(self._part_note(stage, part))
        with storage_explained("read", path):
            content = path.read_bytes() if path.exists() else None
        if content is None:
            raise DamagedFile("runs.file_missing", path, stage.task)
        _refuse_damage(path, content, seal, stage.task)
        for number, line in enumerate(content.split(b"\n")[:-1], 1):
            try:
                record = decode(line)
            except _UNREADABLE as error:
                reason = f"{number}: {error}"
                raise DamagedFile("runs.file_damaged", path, stage.task, reason=reason) from error
            yield record

    def _part_note(self, stage: Stage[Record, Index], part: str) -> PartNote:
        path = self.root / stage.name / _note_name(part)
        with storage_explained("read", path):
            content = path.read_bytes() if path.exists() else None
        if content is None:
            raise DamagedFile("runs.file_missing", self.root / stage.name / part, stage.task)
        _check_format(path, content)
        try:
            note = _part_notes.decode(content)
        except _UNREADABLE as error:
            raise DamagedFile("runs.file_damaged", path, stage.task, reason=str(error)) from error
        if note.attempt != self._name:
            raise DamagedFile("runs.file_foreign", path, stage.task, owner=note.attempt)
        return note

    def _forget(self, stage: str, name: str) -> None:
        path = self.root / stage / name if stage else self.root / name
        with storage_explained("replace", path), suppress(FileNotFoundError):
            path.unlink()

    @staticmethod
    def _clear(folder: Path) -> None:
        with storage_explained("clear", folder):
            if not folder.exists():
                return
            # The notes first: what is cleared half-way has no part.
            for path in sorted(folder.iterdir(), key=lambda path: not path.name.endswith(_NOTE)):
                if path.is_file():
                    path.unlink()


class _Sealed:
    """A file that is written line by line, with what its note will say."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._rows = 0
        self._digest = hashlib.sha256()
        self._waiting: list[bytes] = []

    def write(self, line: bytes) -> None:
        self._waiting.append(line)
        if len(self._waiting) == _TOGETHER:
            self._flush()

    def seal(self) -> Seal:
        """Write what waits; return what the note says of the file."""
        self._flush()
        return Seal(self._rows, self._digest.hexdigest())

    def _flush(self) -> None:
        lines = b"".join(self._waiting)
        self._out.write(lines)
        self._digest.update(lines)
        self._rows += len(self._waiting)
        self._waiting.clear()


def part_name(number: int) -> str:
    """Return the name of the n-th part, counted from 1."""
    return f"part-{number:05d}.jsonl"


def attempts(run: Path) -> list[Path]:
    """Return the folders of the attempts of a run, in their order."""
    with storage_explained("list", run):
        if not run.exists():
            return []
        numbered = {
            int(number): path
            for path in run.iterdir()
            if (number := path.name.removeprefix("attempt-")).isdecimal()
        }
    return [numbered[number] for number in sorted(numbered)]


def _refuse_damage(path: Path, content: bytes, seal: Seal, task: str) -> None:
    """Refuse the content of a part that is not as it was written.

    Raises:
        DamagedFile: it is empty, cut off or another.
    """
    if hashlib.sha256(content).hexdigest() == seal.sha256:
        return
    left = content.count(b"\n")
    if not content:
        raise DamagedFile("runs.file_empty", path, task, rows=seal.rows)
    if left < seal.rows:
        raise DamagedFile("runs.file_cut", path, task, left=left, rows=seal.rows)
    raise DamagedFile("runs.file_changed", path, task)


def _check_format(path: Path, content: bytes) -> None:
    """Refuse a note of another format; one that cannot be read is left to who decodes it.

    Raises:
        OtherFormat: it was written by another version of this software.
    """
    with suppress(*_UNREADABLE):
        found = msgspec.json.decode(content)
        if isinstance(found, dict) and found.get("format") != FORMAT:
            raise OtherFormat(path, found.get("format", "0"), FORMAT)


def _index_seal(note: PartNote) -> Seal:
    return note.index or note.part


def _index_name(part: str) -> str:
    return f"{part.removesuffix('.jsonl')}{_INDEX}"


def _note_name(part: str) -> str:
    return f"{part.removesuffix('.jsonl')}{_NOTE}"


def _file_of(kind: type[Note], about: str) -> str:
    return f"{kind.file}-{about}.json" if about else f"{kind.file}.json"
