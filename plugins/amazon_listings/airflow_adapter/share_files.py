"""The files of the connectors' DAG bundle: one for each share, one for the errors, an index, what was parsed.

Several processes may write them at a time: a file is replaced as a whole.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from amazon_listings.connectors.shares import Index, Share, index_of_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: So many seconds a file stays of which there are fewer now: tasks that were queued before name it.
_KEPT_FOR = 24 * 3600
_INDEX = "index.json"
#: Ends the name of the file that has the state of what was last parsed.
_PARSED = ".parsed"
_NUMBERED = re.compile(r"connectors_([1-9][0-9]*)\.py")
# Airflow parses files that mention "airflow" and "dag".
_SHARE = '''"""The DAGs of share {number} of {of} of the connectors; their DAG bundle writes this file."""

from amazon_listings.airflow_adapter.shared_dags import dags_of_share

globals().update(dags_of_share({number}, {of}, __file__))
'''
_ERRORS = '''"""Shows broken connectors as an import error; the connectors' DAG bundle writes this file."""

from amazon_listings.airflow_adapter.shared_dags import raise_for_all

raise_for_all(__file__)
'''


def add_missing(folder: Path, files: int) -> None:
    """Write the files of the shares and of the errors that are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, _, text in _files(folder, files):
        if not path.exists():
            _write(path, text)


def refresh(folder: Path, files: int, index: Index | None) -> None:
    """Bring the files up to date, and touch those that Airflow is to parse again.

    Args:
        folder: The folder of the files.
        files: How many shares there are.
        index: What the connectors' documents declare now; None where they cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path, share, text in _files(folder, files):
        if _read(path) != text:
            _write(path, text)
        if index is None or _read(_parsed(path)) != index.state(share):
            path.touch()
    if index is not None and _read(folder / _INDEX) != (text := index.text()):
        _write(folder / _INDEX, text)
    _leave_behind(folder, files)


def note_parsed(file: Path, state: str) -> None:
    """Note with which state a file is being parsed: while it is another one, `refresh` touches the file."""
    with suppress(OSError):
        _write(_parsed(file), state)


def kept_index(folder: Path) -> Index:
    """Return the index as it was at the last refresh; an empty one if there was none."""
    return index_of_text(_read(folder / _INDEX))


def _files(folder: Path, files: int) -> Iterator[tuple[Path, Share | None, str]]:
    """Yield each file with its share and its text; the one of the errors has none."""
    for number in range(1, files + 1):
        yield folder / f"connectors_{number}.py", Share(number, files), _SHARE.format(number=number, of=files)
    yield folder / "connector_errors.py", None, _ERRORS


def _leave_behind(folder: Path, files: int) -> None:
    """Empty the files that are too many now, and remove them a day later.

    Their share is beyond the last: a parse finds no DAG, a task that was queued before finds its own.
    """
    for path in folder.iterdir():
        found = _NUMBERED.fullmatch(path.name)
        if found is None or int(found[1]) <= files:
            continue
        text = _SHARE.format(number=found[1], of=files)
        if _read(path) != text:
            _write(path, text)
        elif path.stat().st_mtime < time.time() - _KEPT_FOR:
            path.unlink(missing_ok=True)
            _parsed(path).unlink(missing_ok=True)


def _parsed(file: Path) -> Path:
    return file.with_name(f"{file.name}{_PARSED}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _write(path: Path, text: str) -> None:
    # Processes of two containers may have one number, and threads have.
    written = path.with_name(f".{path.name}.{uuid4().hex}")
    written.write_text(text, encoding="utf-8")
    written.replace(path)
