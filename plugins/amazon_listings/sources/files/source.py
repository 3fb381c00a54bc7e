"""Files as a source of products."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_listings.messages import Message, message
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.port import Abilities, ConnectionType, FieldDescription, OpenedSource, Source
from amazon_listings.sources.record import split_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.item import Record
    from amazon_listings.sources.port import Access
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.settings import SourceSettings
    from amazon_listings.sources.staging import StagingStore


@dataclass(frozen=True)
class ProductFiles(OpenedSource):
    """The files of a connector.

    Args:
        settings: Which columns mean what.
        root: The path as something with pathlib's methods; None: the settings' path, as it is.
        languages: The languages that columns may end in.
    """

    settings: FileSettings
    root: Any = None
    languages: tuple[str, ...] = ()

    def fill(self, store: StagingStore, selection: Selection, reading: Reading) -> Iterator[Record]:
        """Read every file; what has no variants does not go through the store."""
        from amazon_listings.sources.files.records import fill  # noqa: PLC0415 - only when it is read

        return fill(store, self.settings, self.root, selection, reading)

    def check(self) -> Message:
        """Look for the files, and read the first row."""
        from amazon_listings.sources.files.rows import file_rows, find_files  # noqa: PLC0415 - as above

        files = find_files(self.settings.path if self.root is None else self.root)
        first = next(iter(file_rows(self.settings, self.root)), None)
        code = "connection.test_files_empty" if first is None else "connection.test_files"
        return message(code, files=len(files))

    def fields(self) -> Iterable[FieldDescription]:
        """Return the fields that the columns of local files make, where their heads tell all of them."""
        from amazon_listings.sources.files.columns import columns  # noqa: PLC0415 - as above
        from amazon_listings.sources.files.records import first_values  # noqa: PLC0415 - as above

        if self.root is not None:
            return ()
        own, types = self.settings, columns(self.settings, self.root)
        unsplit = {
            own.id_column,
            own.group_column,
            own.status_column,
            own.modified_column,
            *own.image_columns,
        }
        named = {
            name if name in unsplit else split_language(name, self.languages, own.language_separator)[0]: kind
            for name, kind in types.items()
        }
        values = first_values(own, self.languages) if named else {}
        return [
            FieldDescription(name, type=kind, values=tuple(values.get(name, ())))
            for name, kind in named.items()
        ]


class _Files(Source):
    name = "files"
    title = "Files"
    summary = "CSV, JSON Lines or Parquet files"
    settings_schema = json.loads(Path(__file__).with_name("settings.schema.json").read_text(encoding="utf-8"))
    abilities = Abilities(changes=True, named=True, all_fields=True)
    connection: ConnectionType | None = None

    def open(self, settings: SourceSettings, access: Access) -> ProductFiles:
        """Return the files at the path of the settings."""
        own = FileSettings(**settings.own)
        root = access.path(own.path, own.connection) if "://" in own.path else None
        fallback = (settings.fallback_language,) if settings.fallback_language else ()
        return ProductFiles(own, root, (*settings.languages, *fallback))


SOURCE: Source = _Files()
