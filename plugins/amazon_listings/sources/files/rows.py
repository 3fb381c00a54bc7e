"""Rows of CSV, JSON Lines and Parquet files, one at a time, bad ones told apart.

Nothing is guessed about values: every cell of a CSV is text, JSON and Parquet keep their types.
"""

from __future__ import annotations

import codecs
import csv
import glob
import io
import json
from collections import Counter, deque
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from amazon_listings.incoming.decoding import Malformed, decode_as_sent
from amazon_listings.incoming.values import is_text
from amazon_listings.messages import message
from amazon_listings.sources.errors import UnusableRecord, UnusableSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.messages import Message
    from amazon_listings.sources.files.settings import FileSettings

LONGEST_CELL = 16 * 1024 * 1024
LONGEST_LINE = 64 * 1024 * 1024  # characters of one JSON object
DELIMITERS = ",;\t|"
BATCH = 500  # rows of a Parquet row group turned into objects at once
#: Names of columns that a sentence lists, and characters of each.
_MOST_NAMES, _LONGEST_NAME = 20, 60


class _ParquetError(Exception):
    """The file is no Parquet file, though its name says so."""

    strerror = message("files.not_parquet")


class FileRow(NamedTuple):
    """A row: value by column, and where it stands, for messages (`products.csv:7`)."""

    where: str
    cells: dict[str, Any]


def file_rows(source: FileSettings, root: object) -> Iterator[FileRow | UnusableRecord]:
    """Yield every row of the source's files, in the order of their names.

    Args:
        source: Path, delimiter, encoding, and the columns that must be there.
        root: The path as something with pathlib's methods (an `ObjectStoragePath`), or None to
            open `source.path`, local or any address that universal-pathlib knows.

    Raises:
        UnusableSource: no file, a file that cannot be opened, or a column missing.
    """
    for path in find_files(source.path if root is None else root):
        name = path.name
        read = {".csv": _csv_rows, ".jsonl": _json_rows, ".parquet": _parquet_rows}.get(path.suffix.lower())
        if read is None:
            raise UnusableSource("files.unknown_format", name=name)
        trouble = None
        try:
            with path.open("rb") as stream:
                yield from read(stream, name, source)
        except (OSError, UnicodeError, csv.Error, _ParquetError) as error:
            trouble = getattr(error, "strerror", None) or type(error).__name__
        if trouble:
            raise UnusableSource("files.unreadable", name=name, trouble=trouble)


def column_types(path: Any, source: FileSettings) -> dict[str, str | None]:
    """Return the columns that the head of a CSV or Parquet file names, with their types where it tells them.

    Args:
        path: The file, as something with pathlib's methods.
        source: Delimiter, encoding, and the columns that must be there.

    Raises:
        UnusableSource: the file cannot be opened, is of another format, or lacks a column.
    """
    read = {".csv": _csv_columns, ".parquet": _parquet_columns}.get(path.suffix.lower())
    if read is None:
        raise UnusableSource("files.unknown_format", name=path.name)
    try:
        with path.open("rb") as stream:
            found: dict[str, str | None] = read(stream, path.name, source)
            return found
    except (OSError, UnicodeError, csv.Error, _ParquetError) as error:
        trouble = getattr(error, "strerror", None) or type(error).__name__
        raise UnusableSource("files.unreadable", name=path.name, trouble=trouble) from error


def find_files(root: Any) -> list[Any]:
    """Return the files of a path, by name; `*` and `?` in the last part stand for any characters.

    Raises:
        UnusableSource: there is none.
    """
    path = _path(root) if isinstance(root, str) else root
    if not glob.has_magic(path.name):
        found = [path] if path.is_file() else []
    else:
        folder = path.parent
        found = (
            [each for each in folder.iterdir() if fnmatchcase(each.name, path.name)]
            if folder.is_dir()
            else []
        )
    if not found:
        raise UnusableSource("files.no_file", path=path)
    return sorted(found, key=lambda each: str(each.name))


def _path(text: str) -> Any:
    if "://" not in text:
        return Path(text)
    from upath import UPath  # noqa: PLC0415 - only for object storage

    return UPath(text)


def _csv_rows(stream: BinaryIO, name: str, source: FileSettings) -> Iterator[FileRow | UnusableRecord]:
    lines, reader, header = _csv_head(stream, name, source)
    while header:
        where = f"{name}:{lines.begin_row()}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield UnusableRecord("files.row_wrong", sku=where, where=where, reason=message("row.not_csv"))
            lines.give_back()
            continue
        if not cells:
            continue
        reason = _misfit(cells, header, source)
        if reason:
            yield UnusableRecord("files.row_wrong", sku=where, where=where, reason=reason)
        else:
            yield FileRow(where, dict(zip(header, cells, strict=True)))


class _CsvLines:
    """The lines of a CSV, of which those that a wrong row has swallowed can be read again.

    A quote that is never closed would take all rows behind it into its cell.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._number = 0
        self._row: list[str] = []
        self._again: deque[str] = deque()
        self._budget = LONGEST_LINE

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._number += 1
        self._row.append(line)
        return line

    def begin_row(self) -> int:
        """Return the number of the line at which the next row begins, from 1."""
        self._row.clear()
        return self._number + 1

    def give_back(self) -> None:
        """Let every line of the row but its first be read again, as long as that is not done for ever."""
        swallowed = self._row[1:]
        self._budget -= sum(map(len, swallowed))
        if self._budget > 0:
            self._again.extendleft(reversed(swallowed))
            self._number -= len(swallowed)


def _csv_head(stream: BinaryIO, name: str, source: FileSettings) -> tuple[_CsvLines, Any, list[str]]:
    """Return the lines of a CSV, the reader of its rows, and its columns; none of an empty file."""
    csv.field_size_limit(LONGEST_CELL)
    lines = _CsvLines(_lines(stream, name, source))
    reader = csv.reader(lines, delimiter=source.delimiter, strict=True)
    header = [cell.strip() for cell in next(reader, [])]
    if header:
        _require(header, name, source)
    return lines, reader, header


def _csv_columns(stream: BinaryIO, name: str, source: FileSettings) -> dict[str, str | None]:
    return dict.fromkeys(_csv_head(stream, name, source)[2])


def _parquet_columns(stream: BinaryIO, name: str, source: FileSettings) -> dict[str, str | None]:
    import pyarrow as pa  # noqa: PLC0415 - as below
    import pyarrow.parquet as pq  # noqa: PLC0415 - as below

    try:
        schema = pq.read_schema(stream)
    except pa.ArrowException as error:
        raise _ParquetError from error
    _require(schema.names, name, source)
    return {field.name: str(field.type) for field in schema}


def _misfit(cells: Sequence[str], header: Sequence[str], source: FileSettings) -> Message | None:
    if len(cells) != len(header):
        return message("row.cells", cells=len(cells), header=len(header))
    if not is_text("".join(cells)) and any(map(_undecoded, cells)):
        return message("row.bytes", encoding=source.encoding)
    return None


def _undecoded(text: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _lines(stream: BinaryIO, name: str, source: FileSettings) -> io.TextIOWrapper:
    """Text lines; a byte order mark or UTF-16's zeros decide the encoding; what is no text stays visible."""
    head = stream.read(4)
    stream.seek(0)
    found = json.detect_encoding(head)
    encoding = source.encoding if found == "utf-8" else found
    if not _is_text_encoding(encoding):
        raise UnusableSource(
            "files.unknown_encoding",
            name=name,
            encoding=source.encoding,
        )
    return io.TextIOWrapper(stream, encoding=encoding, errors=_errors(encoding), newline="")


def _is_text_encoding(encoding: str) -> bool:
    """Return whether an encoding is known, and gives text: Python counts `base64` and `rot13` among them."""
    try:
        return "id".encode(encoding).decode(encoding, _errors(encoding)) == "id"
    except (LookupError, ValueError):
        return False


def _errors(encoding: str) -> str:
    # In UTF-16 half a character is two bytes like any other, and the bytes after it stay where they are.
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    return "surrogatepass" if wide else "surrogateescape"


def _require(columns: Sequence[str], name: str, source: FileSettings) -> None:
    repeated = sorted(column for column, times in Counter(columns).items() if times > 1)
    if repeated:
        raise UnusableSource("files.repeated_column", name=name, repeated=_some(repeated))
    named = [
        source.id_column,
        source.group_column,
        source.status_column,
        source.modified_column,
        *source.image_columns,
    ]
    missing = [column for column in named if column and column not in columns]
    if not missing:
        return
    hint = message("files.has_columns", columns=_some(columns))
    other = next((each for each in DELIMITERS if len(columns) == 1 and each in columns[0]), None)
    if other and other != source.delimiter:
        hint = message("files.other_delimiter", delimiter=other)
    raise UnusableSource("files.no_column", hint=hint, name=name, missing=missing)


def _some(columns: Sequence[str]) -> list[str]:
    """Return as many names as a sentence can hold."""
    shown = [column if len(column) <= _LONGEST_NAME else f"{column[:_LONGEST_NAME]}…" for column in columns]
    return shown if len(shown) <= _MOST_NAMES else [*shown[:_MOST_NAMES], "…"]


def _json_rows(stream: BinaryIO, name: str, source: FileSettings) -> Iterator[FileRow | UnusableRecord]:
    lines = _lines(stream, name, source)
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        where = f"{name}:{number}"
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            _pass_over(lines)
            reason = message("row.line_too_long", count=LONGEST_LINE)
            yield UnusableRecord("files.row_wrong", sku=where, where=where, reason=reason)
            continue
        if not line.strip():
            continue
        row = decode_as_sent(line.encode("utf-8", "surrogateescape"))
        if isinstance(row, Malformed):
            reason = message("row.not_json") if row is Malformed.NOT_JSON else message("row.too_large")
            yield UnusableRecord("files.row_wrong", sku=where, where=where, reason=reason)
        elif isinstance(row, dict):
            yield FileRow(where, row)
        else:
            yield UnusableRecord("files.not_an_object", sku=where, where=where)


def _pass_over(lines: io.TextIOWrapper) -> None:
    """Read to the end of a line that is too long."""
    while (piece := lines.readline(LONGEST_LINE)) and not piece.endswith("\n"):
        pass


def _parquet_rows(stream: BinaryIO, name: str, source: FileSettings) -> Iterator[FileRow | UnusableRecord]:
    import pyarrow as pa  # noqa: PLC0415 - only for Parquet: it would slow every parse of a DAG
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

    try:
        file = pq.ParquetFile(stream)
    except pa.ArrowException as error:
        raise _ParquetError from error
    _require(file.schema_arrow.names, name, source)
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            for row in _objects(batch):
                number += 1
                where = f"{name}:{number}"
                if row is None:
                    reason = message("row.out_of_range")
                    yield UnusableRecord("files.row_wrong", sku=where, where=where, reason=reason)
                else:
                    yield FileRow(where, {key: _plain(cell) for key, cell in row.items()})
    except pa.ArrowException as error:
        raise _ParquetError from error


def _objects(batch: Any) -> list[dict[str, Any] | None]:
    """Return the rows of a batch; None for one that Python cannot hold, which would else stop all of them."""
    try:
        rows: list[dict[str, Any] | None] = batch.to_pylist()
    except (ValueError, OverflowError):
        if batch.num_rows == 1:
            return [None]
        half = batch.num_rows // 2
        return [*_objects(batch.slice(0, half)), *_objects(batch.slice(half))]
    return rows


def _plain(cell: object) -> Any:
    """Return a Parquet value as JSON has it: dates as ISO text, decimals as their digits, bytes as text."""
    if isinstance(cell, dict):
        return {key: _plain(each) for key, each in cell.items()}
    if isinstance(cell, list):
        return [_plain(each) for each in cell]
    if cell is None or isinstance(cell, str | int | float | bool):
        return cell
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
