"""Read a `.po` file as this package writes them.

Babel reads them too, and a test compares; importing it for that takes longer than all the rest of a short
command.
"""

from __future__ import annotations

import gettext
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)\s+)?"(.*)"')
_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"n": "\n", "t": "\t", "r": "\r"}
_PLURAL = re.compile(r"plural=([^;\n]+)")


class Entry(NamedTuple):
    """The templates of a message, one for each plural form, and the fact that decides between them."""

    templates: tuple[str, ...]
    counted: str


class Texts(NamedTuple):
    """What one `.po` file says: entries by code and variant, and its rule for plurals."""

    entries: Mapping[tuple[str, str], Entry]
    plural: Callable[[int], int]


def read_texts(content: str) -> Texts:
    """Return what the text of a `.po` file says; a message that is not translated is left out."""
    entries: dict[tuple[str, str], Entry] = {}
    header = ""
    for fields in _blocks(content):
        code = fields.get("msgid", "")
        templates = tuple(text for name, text in fields.items() if name.startswith("msgstr"))
        if not code:
            header = "".join(templates)
        elif all(templates):
            entries[code, fields.get("msgctxt", "")] = Entry(templates, fields.get("msgid_plural", ""))
    rule = _PLURAL.search(header)
    return Texts(entries, gettext.c2py(rule[1].strip() if rule else "n != 1"))


def _blocks(content: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each message, in the order of the file."""
    for block in re.split(r"\n[ \t]*\n", content):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            found = None if line.startswith("#") else _LINE.fullmatch(line.strip())
            if found is None:
                continue  # a comment
            name, text = found[1] or name, found[2]
            if "\\" in text:
                text = _ESCAPED.sub(lambda one: _MEANT.get(one[1], one[1]), text)
            fields[name] = fields.get(name, "") + text
        if fields:
            yield fields
