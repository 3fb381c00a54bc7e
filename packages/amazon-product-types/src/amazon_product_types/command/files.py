"""Files that a command is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_product_types.definition import Definition
from amazon_product_types.document import DefinitionError, parse_definition
from amazon_product_types.errors import ProductTypeError

if TYPE_CHECKING:
    from pathlib import Path


#: Spaces that do not break a line, as French and others write them before a sign.
_NO_BREAK = frozenset("\u00a0\u202f")


class CannotRead(ProductTypeError):
    """A file that is not there or is something else."""


def read_document(path: Path) -> dict[str, Any]:
    """Read a product type definition.

    Raises:
        CannotRead: There is no such file, or it holds something else.
    """
    try:
        return parse_definition(path.read_bytes())
    except OSError as error:
        raise CannotRead("file.unreadable", path=path, reason=error.strerror) from error
    except DefinitionError as error:
        raise CannotRead("file.wrong", path=path, error=error) from error


def read_definition(path: Path, labels: Path | None) -> Definition:
    """Read a product type definition as a tree, with the labels of another locale.

    Raises:
        CannotRead: There is no such file, or it holds something else.
    """
    return Definition(read_document(path), labels=read_document(labels) if labels else None)


def printable(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter in _NO_BREAK else "·" for letter in text)
