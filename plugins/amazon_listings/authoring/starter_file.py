"""A new connector's file: YAML with what Amazon wants written above each line of the mapping."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amazon_listings.authoring.starter import SECTIONS, StarterLine, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WIDTH = 110
#: Scalars that need no quotes in any YAML reader, but for the words below.
_PLAIN = re.compile(r"[^\W\d_](?:[\w\u2019'() -]*[\w)])?")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def file_text(
    head: Mapping[str, Any],
    defaults: Mapping[str, Mapping[str, Any]],
    lines: Sequence[StarterLine],
    remarks: Sequence[str],
) -> str:
    """Return the text of a connector file.

    Args:
        head: The document without its mapping.
        defaults: Settings that hold as they are, by block: written as comments, to be found and changed.
        lines: The lines of the mapping.
        remarks: What to say above everything, one sentence each.
    """
    written = ["# yaml-language-server: $schema=../schemas/connector.schema.json"]
    for remark in remarks:
        written += _comment(remark, "")
    for key, value in head.items():
        written += _entry(key, value)
        written += [f"  # {name}: {scalar(content)}" for name, content in defaults.get(key, {}).items()]
    for key, block in defaults.items():
        written += [f"# {line}" for line in _entry(key, block) if key not in head]
    written.append("mapping:")
    section = ""
    for line in lines:
        if line.section != section:
            section = line.section
            written += ["", *_comment(f"{SECTIONS[section]}.", "  ")]
        written.append("")
        for text in described(line):
            written += _comment(text, "  ")
        written += [f"  {'' if line.active else '# '}{text}" for text in _mapped(line.key, line.value)]
    return "\n".join(written) + "\n"


def _comment(text: str, indent: str) -> Iterator[str]:
    """Comment lines; nothing in the text can end the comment."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    for line in textwrap.wrap(plain, _WIDTH - len(indent) - 2, break_long_words=False) or [""]:
        yield f"{indent}# {line}"


def _entry(key: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield f"{key}:"
        yield from (f"  {name}: {scalar(content)}" for name, content in value.items())
    else:
        yield f"{key}: {scalar(value)}"


def _mapped(key: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield f"{scalar(key)}:"
        yield from (f"  - {scalar(one)}" for one in value)
    else:
        yield f"{scalar(key)}: {scalar(value)}"


def scalar(value: object) -> str:
    """Return a value on one line of YAML: text in quotes where it needs them, as every reader takes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {scalar(content)}" for name, content in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS
    return value if plain else '"' + "".join(map(_escaped, value)) + '"'


def _escaped(mark: str) -> str:
    """Return a character within YAML's double quotes; what does not print is written by its number."""
    if mark in '\\"':
        return f"\\{mark}"
    return mark if mark.isprintable() else f"\\U{ord(mark):08x}"
