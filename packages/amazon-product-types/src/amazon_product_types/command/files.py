"""Files that a command is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_product_types.definition import Definition
from amazon_product_types.document import DefinitionError, parse_definition

if TYPE_CHECKING:
    from pathlib import Path


class CannotRead(Exception):
    """A file that is not there or is something else; the text is one sentence for its reader."""


def read_document(path: Path) -> dict[str, Any]:
    """Read a product type definition.

    Raises:
        CannotRead: There is no such file, or it holds something else.
    """
    try:
        return parse_definition(path.read_bytes())
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}.") from error
    except DefinitionError as error:
        raise CannotRead(f"{path}: {error}") from error


def read_definition(path: Path, labels: Path | None) -> Definition:
    """Read a product type definition as a tree, with the labels of another locale.

    Raises:
        CannotRead: There is no such file, or it holds something else.
    """
    return Definition(read_document(path), labels=read_document(labels) if labels else None)


def printable(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)
