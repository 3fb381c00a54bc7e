"""Where the items of one run are kept: parts of JSON Lines in object storage.

A run's folder holds one folder per stage (`extract`, `quality`, `mapped`, `tested`, `live`), and in
each the same parts: `part-00001.jsonl` of every stage speaks of the same items in the same order.
So every later stage reads part by part, and memory stays flat in the number of items.

A part is there whole or not at all: it is written under another name and moved to its own when it
is complete, so whatever kills a task, no half part is taken for a whole one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from amazon_listings.errors import ActionRequiredError, RetryableError, RunAbortedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STAGES = (
    "tables",
    "extract",
    "problems",
    "quality",
    "mapped",
    "tested",
    "departed",
    "outbox",
    "feeds",
    "live",
    "confirmed",
    "history",
    "report",
)
#: Name ending of what is being written.
UNFINISHED = ".unfinished"

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_FORBIDDEN = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
#: What the libraries under an object storage path raise besides OSError, by their package.
_STORAGE_LIBRARIES = frozenset(("aiobotocore", "aiohttp", "boto3", "botocore", "fsspec", "s3fs"))


class StorageFull(ActionRequiredError):
    """The storage of the run's files has no room left."""


class StorageRefused(ActionRequiredError):
    """The storage of the run's files may not be written or read."""


class StorageUnavailable(RetryableError):
    """The storage of the run's files does not answer."""


class RunFilesGone(RunAbortedError):
    """The files of a run are no longer where its earlier tasks left them."""

    def __init__(self) -> None:
        super().__init__("runs.files_gone")


def safe_name(text: str) -> str:
    """`text` as one path segment: readable, and different for different texts.

    A DAG run id may hold anything (`manual__2026-11-23T12:00:00+00:00`, `../x`).
    """
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip(".-")[:80]
    if readable == text:
        return text
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; `root` is a `pathlib.Path` or an object storage path.

    Every method raises `StorageFull`, `StorageRefused` or `StorageUnavailable` if the storage does not
    do what it is asked.
    """

    root: Path

    @classmethod
    def of(cls, storage: Path, connector_id: str, run_id: str) -> RunFolder:
        """The folder of a connector's run below `storage`."""
        return cls(storage / "runs" / safe_name(connector_id) / safe_name(run_id))

    def stage(self, stage: str) -> Path:
        """The folder of a stage, or of the run itself for an empty name; it exists after this call."""
        folder = self.root / stage if stage else self.root
        with storage_explained("make", folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def parts(self, stage: str = "extract") -> list[str]:
        """Names of the parts of a stage, in order."""
        folder = self.root / stage
        with storage_explained("list", folder):
            if not folder.exists():
                return []
            return sorted(path.name for path in folder.iterdir() if path.name.endswith(".jsonl"))

    def read(self, stage: str, part: str) -> Iterator[Any]:
        """The rows of one part; nothing if the stage has no such part."""
        path = self.root / stage / part
        with storage_explained("read", path):
            if not path.exists():
                return
            with path.open("rb") as lines:
                for line in lines:
                    yield json.loads(line)

    def write(self, stage: str, part: str, rows: Iterable[Any]) -> int:
        """Write one part whole; the number of rows. An earlier part of that name is replaced.

        What `rows` raises is passed on, and the part is as it was before.
        """
        count = 0
        with self.writing(stage, part) as out:
            for row in rows:
                out.write(json_line(row))
                count += 1
        return count

    @contextmanager
    def writing(self, stage: str, name: str) -> Iterator[IO[bytes]]:
        """A file of a stage to write to; it gets its name when the block ends without an error."""
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
            if isinstance(error, OSError) and error.errno in _FULL:
                raise _said("write", whole, error, error.errno) from error
            raise

    def clear(self, *stages: str) -> None:
        """Forget what earlier tries of this run left in these stages."""
        for stage in stages:
            folder = self.root / stage
            with storage_explained("clear", folder):
                if folder.exists():
                    for path in list(folder.iterdir()):
                        if path.is_file():
                            path.unlink()

    def clear_all(self) -> None:
        """Forget everything earlier tries of this run left."""
        self.clear(*STAGES)
        with storage_explained("clear", self.root):
            if self.root.exists():
                for path in list(self.root.iterdir()):
                    if path.name.endswith((".json", UNFINISHED)):
                        path.unlink()

    def note(self, name: str, document: dict[str, Any]) -> None:
        """Keep a small document beside the stages (`extract.json`, `failure.json`)."""
        with self.writing("", f"{name}.json") as out:
            out.write(json.dumps(document, indent=1).encode())

    def noted(self, name: str) -> dict[str, Any] | None:
        """The document kept under that name, if there is one."""
        path = self.root / f"{name}.json"
        with storage_explained("read", path):
            return json.loads(path.read_bytes()) if path.exists() else None


def part_name(number: int) -> str:
    """The name of the n-th part, counted from 1."""
    return f"part-{number:05d}.jsonl"


def json_line(row: Any) -> bytes:
    """A row as a line of JSON; broken text of a PIM (half a surrogate pair) survives it."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(row, separators=(',', ':'))}\n".encode()


@contextmanager
def storage_explained(doing: str, path: Path) -> Iterator[None]:
    """The storage's own errors, said in a sentence and by what happens next.

    Raises:
        StorageFull, StorageRefused, StorageUnavailable: instead of what the storage raised.
    """
    try:
        yield
    except OSError as error:
        raise _said(doing, path, error, error.errno) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _STORAGE_LIBRARIES:
            raise
        raise _said(doing, path, error, None) from error


def _said(
    doing: str, path: Path, error: Exception, number: int | None
) -> ActionRequiredError | RetryableError:
    what = f"The run's files cannot be kept: {doing} {path}"
    if number in _FULL:
        return StorageFull(
            "runs.storage_full",
            what=what,
        )
    if number in _FORBIDDEN or isinstance(error, PermissionError):
        return StorageRefused(
            "runs.storage_refused",
            what=what,
            reason=error,
        )
    return StorageUnavailable(
        "runs.storage_unavailable", what=what, reason=str(error) or type(error).__name__
    )
