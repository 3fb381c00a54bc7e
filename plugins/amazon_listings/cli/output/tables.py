"""Tables on the terminal; texts of strangers are shown, never obeyed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from amazon_listings.cli.output.refusals import messages, say

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: Spaces that do not break a line, as French and others write them before a sign.
_NO_BREAK = frozenset("\u00a0\u202f")
#: What the messages of outcomes, operations, severities, sources and states begin with.
_NAMED = ("outcome.", "report.operations.", "severity.", "report.sources.", "value.")
#: What they begin with in a column where another kind has the same names: items and operations are `live`.
_KINDS = {"operation": ("report.operations.",)}
#: The same of what became of issues.
ISSUES = ("value.",)
#: Columns whose texts are names of ours.
_CHOICES = frozenset({"operation", "scope", "severity", "sources", "state", "feed", "removing"})
#: Columns of numbers that identify something; such a number is not grouped.
_REFERENCES = frozenset(
    {"number", "run", "feed", "opened_run", "seen_run", "resolved_run", "removing_run", "undoes"}
)


def print_table(heading: str, rows: list[dict[str, Any]], *, without: Collection[str] = ()) -> None:
    """Print rows with the same keys; columns without any value, and those named, are left out.

    Lines are not broken: a terminal wraps them, and the reader of a pipe wants them whole.
    """
    if not rows:
        say("said_of", about=heading, said=_word("none"))
        return
    names = [
        name
        for name in rows[0]
        if name not in without and any(row[name] not in (None, "", [], {}) for row in rows)
    ]
    titles = [messages().phrase(f"column.{name}") for name in names]
    cells = [[clean(_shown(row[name], name)) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    print(heading)
    for line in (titles, ["─" * width for width in widths], *cells):
        shown = "   ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        print(shown.rstrip())
    print()


def print_facts(heading: str, facts: dict[str, Any], *, without: Collection[str] = ()) -> None:
    """Print names and values one below the other; what has no value, and what is named, is left out."""
    values = {name: _shown(value, name) for name, value in facts.items() if name not in without}
    shown = {messages().phrase(f"column.{name}"): value for name, value in values.items() if value}
    width = max(map(len, shown), default=0)
    print(heading)
    for name, value in shown.items():
        print(f"  {name:{width}}  {clean(value)}")
    print()


def listed(content: dict[str, Any], kinds: Sequence[str] = _NAMED) -> str:
    """Return names and values in one line: `accepted 3, live 5`; `none` if there are none.

    Args:
        content: The values by name.
        kinds: What the messages begin with that may word the names.
    """
    shown = ((_word(name, value, kinds), _shown(value)) for name, value in content.items())
    return clean(", ".join(f"{name} {value}" for name, value in shown if value)) or _word("none")


def when(value: object) -> str:
    """Return a moment (in UTC) as people read it; anything else as text, nothing as `none`."""
    if isinstance(value, datetime):
        return messages().value(value)
    return _word("none") if value is None else str(value)


def clean(text: str) -> str:
    """Return text without what a terminal would obey."""
    return "".join(mark if mark.isprintable() or mark in _NO_BREAK else "·" for mark in text)


def _word(name: str, count: object = None, kinds: Sequence[str] = _NAMED) -> str:
    """Return what the ledger calls an outcome, a state or a choice, in words; Amazon's codes as they are.

    Args:
        name: What the ledger calls it.
        count: How many there are, where that is known: adjectives follow it in many languages.
        kinds: What the messages begin with that may name it.
    """
    words = messages()
    many = words.number_of(count) if isinstance(count, int) else ""
    codes = [f"{kind}{name.replace(' ', '_')}" for kind in kinds]
    found = (words.message(code, many if words.knows(code, many) else "") for code in codes)
    return next(filter(None, found), name.replace("_", " "))


def _shown(value: Any, column: str = "") -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _word("yes" if value else "no")
    if isinstance(value, dict):
        return listed({name: part for name, part in value.items() if part}) if any(value.values()) else ""
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(part, column) for part in value)
    if isinstance(value, int):
        return str(value) if column in _REFERENCES else messages().value(value)
    return _word(value, kinds=_KINDS.get(column, _NAMED)) if column in _CHOICES else when(value)
