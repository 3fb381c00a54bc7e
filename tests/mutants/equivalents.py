"""Which of the changes that no test noticed change nothing that a test can notice."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mutants.changes import Change

LISTED = Path(__file__).parent / "equivalents.toml"

#: By reason: an expression that finds a removed line, and one for the line in its place.
KINDS = {
    "only a type checker reads it": (r"if TYPE_CHECKING:", r"if not TYPE_CHECKING:"),
    "no call gives the keyword by position": (r"\s*(.*, )?\*,.*", r"\s*(.*, )?/,.*"),
    "a limit or a use of memory: costs time, not values": (
        r"@(functools\.)?(lru_)?cache\b.*|.*\bgc=False.*",
        r"@(functools\.)?(lru_)?cache\b.*|.*\bgc=True.*|",
    ),
    "nothing assigns to its attributes, which mypy says": (r".*\bfrozen=True.*", r".*\bfrozen=False.*"),
}
#: Operators that swap `==` and `is`: the same for None, classes, members of an Enum and interned texts.
IDENTITY = ("Eq_Is", "Is_Eq", "NotEq_IsNot", "IsNot_NotEq")


#: A column, of which `==` makes a condition and `is` does not.
SQL = re.compile(r"\.c\.|\btable\.|\bstate\.")


def reason_of(change: Change) -> str | None:
    """Say why a change that no test noticed is equivalent; None if it is not."""
    removed, added = _lines(change)
    if change.name.split(":")[1].endswith(tuple(f"Operator_{one}" for one in IDENTITY)) and not SQL.search(
        removed
    ):
        return "`==` and `is` are the same for every value that gets there"
    for reason, (before, after) in KINDS.items():
        if re.fullmatch(before, removed) and re.fullmatch(after, added):
            return reason
    return _listed().get((change.module, removed.strip(), added.strip()))


def _lines(change: Change) -> tuple[str, str]:
    """The lines that a change removes and adds."""
    lines = change.difference.splitlines()[2:]
    return (
        "\n".join(one[1:] for one in lines if one.startswith("-")).strip("\n"),
        "\n".join(one[1:] for one in lines if one.startswith("+")).strip("\n"),
    )


@cache
def _listed() -> dict[tuple[str, str, str], str]:
    """The changes that were looked at one at a time, with their reasons."""
    listed = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    return {
        (module, before, after): reason
        for module, reasons in listed.items()
        for reason, changes in reasons.items()
        for before, after in changes
    }
