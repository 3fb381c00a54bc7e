"""The message about a broken connector: every problem with its place, its line and a caret."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from amazon_listings.connectors.model import BrokenConnector
from amazon_listings.connectors.problems import action_of, hides_credential, is_credential_key
from amazon_listings.messages import reader
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.connectors.model import Where
    from amazon_listings.connectors.problems import LocatedProblem, Problem
    from amazon_listings.connectors.yaml_document import Spot

#: What of a long line is shown around the caret.
_WIDTH = 100
#: Lines of a whole message, and characters of one of them: what a screen shows.
_LINES = 60
_LONGEST_LINE = 500
#: Lines of a hint: what to do, or what else may have been meant.
_HINTS = 6
#: It begins where a word does: from each letter of a long one it would be tried in vain.
_KEY_ON_LINE = re.compile(r"""(?<![\w.-])["']?([\w.-]+)["']?\s*[:=]\s*(\S.*)""")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*|\d+")


def broken(connector_id: str, where: Where, problems: Sequence[LocatedProblem]) -> BrokenConnector:
    """Return a connector that cannot be used, with what is wrong with it."""
    text = broken_text(connector_id, list(map(entry_text, problems)))
    return BrokenConnector(connector_id, where, text, tuple(problems))


def broken_text(connector_id: str, entries: Sequence[str]) -> str:
    """Return the whole message of a connector: a head line, then one entry for each problem."""
    name = _printable(connector_id[:_WIDTH])
    head = reader().phrase("document.broken", connector=name, errors=len(entries))
    return "\n\n".join([head, *_on_a_screen(entries)]) + "\n"


def same_text(connectors: str, entries: Sequence[str]) -> str:
    """Return the whole message of connectors of which all have the same problems."""
    head = reader().phrase("document.same_broken", connectors=_printable(connectors), errors=len(entries))
    return "\n\n".join([head, *_on_a_screen(entries)]) + "\n"


def file_text(name: str, entries: Sequence[str]) -> str:
    """Return the whole message about a layer or document that fits no connector."""
    head = reader().phrase("document.file_broken", file=_printable(name), errors=len(entries))
    return "\n\n".join([head, *_on_a_screen(entries)]) + "\n"


def _on_a_screen(entries: Sequence[str]) -> list[str]:
    """Return the first entries, as many as a screen shows, and how many more there are."""
    shown: list[str] = []
    for one in entries:
        if shown and sum(each.count("\n") + 2 for each in (*shown, one)) > _LINES:
            shown.append(f"  {reader().phrase('document.more', more=len(entries) - len(shown))}")
            break
        shown.append(one)
    return shown


def entry_text(found: LocatedProblem) -> str:
    """Return one problem as indented lines: place, source line and caret, what, allowed, did you mean."""
    problem, messages = found.problem, reader()
    hint = messages.value(problem.hint) or action_of(problem.message, messages)
    allowed = messages.value(problem.allowed)
    lines = [
        _printable(found.place),
        *found.excerpt.splitlines(),
        sentence_of(problem),
        _sentence(messages.phrase("document.allowed", allowed=allowed)) if allowed else "",
        messages.phrase("document.did_you_mean", suggestion=problem.suggestion) if problem.suggestion else "",
        *map(_printable, hint.splitlines()[:_HINTS]),
    ]
    return "\n".join(f"  {_cut(line)}" for line in lines if line)


def sentence_of(problem: Problem) -> str:
    """Return what is wrong, after the key that it is wrong with."""
    path, what = key_path(problem.pointer), reader().value(problem.message)
    return f"{path}: {_sentence(what, capital=False)}" if path else _sentence(what)


def _cut(line: str) -> str:
    """Return a line that fits into a message: of a longer one its two ends."""
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[: _LONGEST_LINE - 100]} … {line[-90:]}"


def excerpt(lines: Sequence[str], spot: Spot) -> str:
    """Return the line of a spot with its number, and carets below; credentials are not shown."""
    if spot.line >= len(lines):  # the end of the text
        return ""
    line = lines[spot.line]
    end = min(spot.end or spot.column + 1, len(line.rstrip()) or 1)
    line, hidden_from = _without_credential(line)
    start = min(spot.column, len(line))
    end = max(start + 1, end if hidden_from is None else min(end, len(line)))
    cut = max(0, min(start - _WIDTH // 2, len(line) - _WIDTH))
    window = line[cut : cut + _WIDTH]
    before = window[: start - cut]
    marked = window[start - cut : end - cut] or " "
    number = f"{spot.line + 1:>4} | "
    shown = "".join(char if char.isprintable() else " " for char in window)
    return f"{number}{shown}\n{' ' * (len(number) - 2)}| {' ' * _columns(before)}{'^' * _columns(marked)}"


def key_path(pointer: str) -> str:
    """Return a JSON pointer as people write it: `sync.operation`, `mapping."Poids de l'article".unit`."""
    parts = json_pointer.steps(pointer)
    return ".".join(part if _PLAIN_KEY.fullmatch(part) else f'"{_printable(part)}"' for part in parts)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in text)


def _sentence(text: str, *, capital: bool = True) -> str:
    text = _printable(text[:1].upper() + text[1:] if capital else text)
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _without_credential(line: str) -> tuple[str, int | None]:
    for found in _KEY_ON_LINE.finditer(line):
        if is_credential_key(found[1]):
            return f"{line[: found.start(2)]}***", found.start(2)
    return (reader().phrase("document.line_hidden"), 0) if hides_credential(line) else (line, None)


def _columns(text: str) -> int:
    """Columns of a terminal: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
