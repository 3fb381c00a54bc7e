"""Reading files: one row (CSV, Parquet) or line (JSON Lines) is one Amazon item.

With a group column, rows of one group are the variants of one product; the product's own record
then holds what all of them have in common.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from amazon_listings.sources.errors import UnusableRecord, UnusableRow
from amazon_listings.sources.files.rows import file_rows
from amazon_listings.sources.record import identifier, new_record, shown, split_language
from amazon_listings.sources.selection import Selection, parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.item import Image, Record
    from amazon_listings.sources.files.settings import FileSettings
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.staging import StagingStore

STATUSES = {"visible", "invisible", "draft"}
#: Stands for a language: a column of addresses has none.
_IMAGES = "\0"
#: Rows whose values show what a field holds.
_FIRST_ROWS = 50


def fill(
    store: StagingStore, source: FileSettings, root: object, selection: Selection, reading: Reading
) -> Iterator[Record]:
    """Read files; set the reading's `cursor` and `full`.

    The cursor is the latest date of change in the files. A date in the future does not count: all that
    is edited before it would be lost. Without a modified column there is none, and every reading is full.

    Args:
        store: Where the variants and products of files with a group column go.
        source: Which columns mean what.
        root: The file, or pattern of files, as something with pathlib's methods; None: `source.path`.
        selection: What is wanted.
        reading: Its problems, cursor and full are filled.

    Yields:
        The products of files without a group column: each is whole as soon as its row is read.

    Raises:
        UnusableSource: no such file, or a column that the source names is missing.
    """
    latest: datetime | None = None
    now = datetime.now(UTC)
    by_date = selection.by_date and bool(source.modified_column)
    only_named = selection.families is not None and not selection.by_date
    reading.full = not (by_date or only_named)
    named = selection.named
    for record, group in _rows(store, source, root, _Columns(source, selection), reading):
        moment = parse_moment(record["modified"]) if record["modified"] is not None else None
        if moment is not None and moment <= now:
            latest = max(latest or moment, moment)
        wanted = selection.takes(record["status"])
        touched = reading.full or (group or record["id"]) in named or (by_date and selection.within(moment))
        if touched and not wanted and not reading.full:
            store.note_removed(f"{'variants' if group else 'products'}/{record['id']}")
        if source.group_column is None:
            if touched and wanted:
                yield record
            continue
        key = f"g:{group}" if group else f"r:{record['id']}"
        if group:
            store.put_product(key, _family_record(group, record, store.product(key)))
            store.put_variant(key, record, shown=wanted)
        else:
            store.put_product(key, record, shown=wanted)
        if touched and not reading.full:
            store.touch(key)
    reading.cursor = latest.isoformat() if latest else None
    if not reading.full:
        store.keep_touched()


def _rows(
    store: StagingStore, source: FileSettings, root: object, columns: _Columns, reading: Reading
) -> Iterator[tuple[Record, str | None]]:
    """Yield the record of each row with the group that it belongs to; the others are problems."""
    for row in file_rows(source, root):
        if isinstance(row, UnusableRecord):
            reading.problems.append(row)
            continue
        try:
            record = columns.record(row.cells)
            group = identifier(row.cells.get(source.group_column)) if source.group_column else None
            _refuse_repeated(store, record, row.where)
        except UnusableRow as error:
            name = shown(row.cells.get(source.id_column)) or row.where
            reading.problems.append(
                UnusableRecord("files.row_wrong", sku=name, where=row.where, reason=error)
            )
            continue
        yield record, group


def first_values(source: FileSettings, languages: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return the values of each field in the first rows of local files.

    Raises:
        UnusableSource: no such file, or a column that the source names is missing.
    """
    columns = _Columns(source, Selection(languages=languages))
    found: dict[str, list[Any]] = {}
    for row in islice(file_rows(source, None), _FIRST_ROWS):
        if isinstance(row, UnusableRecord):
            continue
        try:
            record = columns.record(row.cells)
        except UnusableRow:
            continue  # the run tells of it
        spoken = {name: list(texts.values()) for name, texts in record["texts"].items()}
        for name, value in {**record["fields"], **spoken, **record["images"]}.items():
            found.setdefault(name, []).append(value)
    return found


def _family_record(group: str, row: Record, so_far: Record | None) -> Record:
    """Return the product's record: what this row and the group's rows so far have in common."""
    record = new_record(group)
    if so_far is None:
        return {**row, "id": group, "ref": group, "status": "", "modified": None}
    for part in ("fields", "texts", "images"):
        record[part] = {
            name: value
            for name, value in so_far[part].items()
            if name in row[part] and row[part][name] == value
        }
    return record


def _refuse_repeated(store: StagingStore, record: Record, where: str) -> None:
    place = store.note_place(record["id"], where)
    if place is not None:
        raise UnusableRow("row.repeated", identity=repr(record["id"]), place=place)


class _Columns:
    """The columns of files: what each of them means is found out once.

    Args:
        source: Which columns mean what.
        selection: Which languages to keep, and which fields are needed.
    """

    def __init__(self, source: FileSettings, selection: Selection) -> None:
        self._source = source
        self._languages = selection.languages
        self._own = {source.id_column, source.group_column, source.status_column, source.modified_column}
        #: The column that is no field: a date that moves with every edit, and that is not needed.
        self._left_out = None if selection.needs(source.modified_column) else source.modified_column
        #: Field and language of each column; `_IMAGES` as the language of one with addresses.
        self._known: dict[str, tuple[str, str | None]] = {}
        #: The columns that are fields by themselves: most files have no others.
        self._plain: set[str] = set()

    def record(self, cells: Mapping[str, Any]) -> Record:
        """Return the record of a row.

        Args:
            cells: Value by column, as the file's format types it (all text in a CSV).

        Raises:
            UnusableRow: the row has no id, or a status that is none.
        """
        source, known = self._source, self._known
        identity = identifier(cells.get(source.id_column))
        if identity is None:
            raise UnusableRow("row.empty_id", column=repr(source.id_column))
        record = new_record(identity)
        record["status"] = _status(cells.get(source.status_column)) if source.status_column else "visible"
        record["modified"] = _modified(cells, source)
        cells = self._fields(cells)
        if cells.keys() <= self._plain:
            record["fields"] = dict(cells)
            return record
        fields, texts = record["fields"], record["texts"]
        for name, cell in cells.items():
            if name not in known:
                known[name] = self._meaning(name)
                if known[name][1] is None:
                    self._plain.add(name)
            basename, language = known[name]
            if language is None:
                fields[name] = cell
            elif language is _IMAGES:
                record["images"][name] = _images(cell, source.list_separator)
            else:
                spoken = texts.setdefault(basename, {})
                if cell is not None and cell != "":
                    spoken[language] = cell
        for name in texts.keys() & fields.keys():
            del fields[name]
        return record

    def _fields(self, cells: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the cells that are fields."""
        out = self._left_out
        return cells if out is None else {name: cell for name, cell in cells.items() if name != out}

    def _meaning(self, name: str) -> tuple[str, str | None]:
        if name in self._source.image_columns:
            return name, _IMAGES
        if name in self._own:
            return name, None
        return split_language(name, self._languages, self._source.language_separator)


def _status(cell: object) -> str:
    word = str(cell if cell is not None else "").strip().lower()
    if word not in STATUSES:
        raise UnusableRow("row.unknown_status", word=repr(word), known=", ".join(sorted(STATUSES)))
    return word


def _modified(cells: Mapping[str, Any], source: FileSettings) -> str | None:
    if source.modified_column is None:
        return None
    cell = cells.get(source.modified_column)
    if cell is None or cell == "":
        return None
    text = cell.isoformat() if isinstance(cell, datetime) else str(cell)
    if parse_moment(text) is None:
        raise UnusableRow("row.not_a_date", column=source.modified_column, text=repr(text))
    return text


def _images(cell: object, separator: str) -> list[Image]:
    if isinstance(cell, str):
        cell = cell.split(separator)
    addresses = [cell_ for cell_ in (cell if isinstance(cell, list) else []) if isinstance(cell_, str)]
    return [{"url": address.strip()} for address in addresses if address.strip()]
