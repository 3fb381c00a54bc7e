"""What a check of connectors finds, and what it could not check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amazon_listings.connectors.message import entry_text, sentence_of
from amazon_listings.connectors.problems import LocatedProblem, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from amazon_listings.connectors.model import Connector

#: Names that are told, of connectors with the same finding or of attributes that two connectors write.
_NAMED = 5


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person should know of a connector.

    Attributes:
        rule: What kind of thing: `document`, `product_type`, `version`, `mapping`, `field`, `type`,
            `language`, `test`, `overlap`, `gone`, `schedule`, `secret`.
        severity: `error`: the connector cannot be used; `warning`: it can.
        connector: The connector's id, or the file's name where it is about a file.
        text: All of it, with place, line and caret.
        message: The sentence alone.
        file: The file; None for a Variable.
        line: The line, from 1.
        column: The column, from 1.
        suggestion: What may have been meant.
    """

    rule: str
    severity: str
    connector: str
    text: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    suggestion: str = ""


class NotChecked(msgspec.Struct, frozen=True):
    """Something that could not be checked.

    Attributes:
        what: What: `definition`, `fields`, `overlaps`, `schedules`, `variables`, `secrets`.
        connectors: Ids of the connectors that it concerns; empty for all.
        why: Why not, and what to do.
    """

    what: str
    connectors: tuple[str, ...]
    why: str


class Checked(msgspec.Struct, frozen=True):
    """What a check found.

    Attributes:
        right: Ids of the connectors that can be used.
        findings: What there is to know.
        not_checked: What could not be checked.
    """

    right: tuple[str, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]


def together(findings: Iterable[Finding]) -> Iterator[tuple[Finding, list[str]]]:
    """Yield each finding once, with the connectors that have it: those of a layer share its lines."""
    found: dict[Finding, list[str]] = {}
    for one in findings:
        found.setdefault(msgspec.structs.replace(one, connector=""), []).append(one.connector)
    yield from found.items()


def named(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" … (+{more})" if more > 0 else "")


def finding_of(
    rule: str, connector: str, found: LocatedProblem, severity: str = "error", *, meant: str = ""
) -> Finding:
    """Return the finding of a problem.

    Args:
        rule: What kind of thing it is.
        connector: The connector's id.
        found: The problem with its place.
        severity: `error` or `warning`.
        meant: What may have been meant, where the problem's message names it itself.
    """
    return Finding(
        rule=rule,
        severity=severity,
        connector=connector,
        text=entry_text(found),
        message=sentence_of(found.problem),
        file=found.file,
        line=found.line,
        column=found.column,
        suggestion=found.problem.suggestion or meant,
    )


def warning_of(rule: str, connector: Connector, sentence: str, *, pointer: str = "") -> Finding:
    """Return a warning about a connector as a whole, or about the part of its document at `pointer`."""
    where = connector.where
    line = where.lines.get(pointer) if pointer else None
    path = str(where.path) if where.path else None
    file = path if line is None else where.files.get(pointer, path)
    title = str(where) if line is None else file or str(where)
    found = LocatedProblem(Problem("", sentence), title, file, line)
    return msgspec.structs.replace(finding_of(rule, connector.id, found, "warning"), message=sentence)
