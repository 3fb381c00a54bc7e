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
#: Operators that swap `==` and `is`.
IDENTITY = ("Eq_Is", "Is_Eq", "NotEq_IsNot", "IsNot_NotEq")
#: What stands behind the operator where that changes nothing, as there is only one of it: None and truths,
#: classes, members of an Enum (but a status of HTTP is a number), the smallest numbers, texts of one letter.
ONCE = re.compile(
    r"""(?:is\ not|is|==|!=)\ (?:
        None|True|False|-?[0-9]{1,2}|"[ -~]?"
        |str|int|float|bool|bytes|list|tuple|dict|set|Decimal|date|datetime
        |(?!HTTPStatus)[A-Z]\w*\.[A-Z_]+
    )(?![\w.(\[])""",
    re.VERBOSE,
)


def reason_of(change: Change) -> str | None:
    """Say why a change that no test noticed is equivalent; None if it is not."""
    removed, added = _lines(change)
    operator = change.name.split(":")[1]
    if operator.endswith(tuple(f"Operator_{one}" for one in IDENTITY)) and _is_one_thing(removed, added):
        return "`==` and `is` are the same for every value that gets there"
    for reason, (before, after) in KINDS.items():
        if re.fullmatch(before, removed) and re.fullmatch(after, added):
            return reason
    return _listed().get((change.module, removed.strip(), added.strip()))


def _is_one_thing(removed: str, added: str) -> bool:
    """Whether the operand behind, or the class before, the changed operator exists only once."""
    pairs = zip(removed, added, strict=False)
    start = next((place for place, (one, other) in enumerate(pairs) if one != other), 0)
    return bool(ONCE.match(added[start:])) or removed[:start].rstrip().endswith("__class__")


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
