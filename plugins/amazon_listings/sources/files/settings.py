"""What the block `files` of a connector says about the files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileSettings:
    """Where the files are, and which column means what; the defaults are those of the JSON Schema."""

    path: str
    connection: str | None = None
    id_column: str = "id"
    group_column: str | None = None
    status_column: str | None = None
    modified_column: str | None = None
    image_columns: tuple[str, ...] = ()
    list_separator: str = "|"
    language_separator: str = "_"
    delimiter: str = ","
    encoding: str = "utf-8"
