"""Changes of mapping lines written into files that people keep: comments and other lines stay as they are."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import yaml

from amazon_listings.fleet.kept_tests import last_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_WIDE = 10**9


def with_lines(text: str, changes: Mapping[str, Any]) -> str:
    """Return the text of a document with other mapping lines; None removes one.

    Args:
        text: The document, as YAML.
        changes: Values by the key of their line.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    known = next((value for key, value in pairs if key.value == "mapping"), None)
    if not isinstance(known, yaml.MappingNode) or not known.value or known.flow_style:
        return _rewritten(text, known, changes)
    lines = text.splitlines(keepends=True)
    lines[-1] = f"{lines[-1].rstrip()}\n"
    column = known.value[0][0].start_mark.column
    places = {key.value: (key.start_mark.line, last_line(value) + 1) for key, value in known.value}
    end = max(stop for _, stop in places.values())
    added = [(end, end, key) for key in changes if key not in places]
    edits = [(*places[key], key) for key in changes if key in places] + added[::-1]
    for start, stop, key in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        lines[start:stop] = [] if changes[key] is None else [_entry(key, changes[key], column)]
    return "".join(lines)


def difference(name: str, before: str, after: str) -> str:
    """Return a patch of one file, as git takes it.

    Args:
        name: The file's path below the root of the repository.
        before: Its text.
        after: The text that it gets.
    """
    found = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(one if one.endswith("\n") else f"{one}\n\\ No newline at end of file\n" for one in found)


def _rewritten(text: str, known: yaml.Node | None, changes: Mapping[str, Any]) -> str:
    """Return a document whose mapping is missing, empty or on one line, with all lines written again."""
    was = yaml.safe_load(text[known.start_mark.index : known.end_mark.index]) if known is not None else None
    kept = {key: value for key, value in ((was or {}) | dict(changes)).items() if value is not None}
    entries = "".join(_entry(key, value, 2) for key, value in kept.items())
    if known is None:
        return f"{text.rstrip()}\nmapping:\n{entries}"
    before, after = text[: known.start_mark.index].rstrip(), text[known.end_mark.index :]
    return f"{before}\n{entries}{after.lstrip(' ').removeprefix(chr(10))}"


def _entry(key: str, value: object, column: int) -> str:
    """Return a line, which is several for a table of values."""
    text = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, width=_WIDE)
    return "".join(f"{' ' * column}{one}\n" for one in text.splitlines())
