"""What is wrong with a mapping as written: every line of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.errors import ActionRequiredError
from amazon_listings.messages import Message, catalogue, message
from amazon_product_types.messages.facts import pieces, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.mapping.values.invalid import InvalidValue
    from amazon_product_types.errors import CodedError

_SHOWN = 8


class Line(NamedTuple):
    """A line of the mapping: its number in the connector file (None from a Variable), its key.

    `file` is the layer's, where the line is not in the connector's own.
    """

    number: int | None
    key: str
    file: str = ""

    def phrase(self) -> object:
        """Return where it stands."""
        here: object = quoted(self.key)
        if self.number:
            here = message("said_of", about=message("mapping.line", number=self.number), said=here)
        return pieces((f"{self.file}, ", here)) if self.file else here

    def __str__(self) -> str:
        return catalogue().value(self)


class MappingFault(NamedTuple):
    """One wrong line. `candidates` are what may have been meant, nearest first."""

    line: Line
    problem: Message | InvalidValue
    candidates: tuple[str, ...] = ()

    def phrase(self) -> object:
        """Return the line, what is wrong with it, and below it what may have been meant."""
        shown: list[object] = [f"\n      - {text}" for text in self.candidates[:_SHOWN]]
        if len(self.candidates) > _SHOWN:
            shown += ["\n      ", message("mapping.and_more", count=len(self.candidates) - _SHOWN)]
        return pieces((message("said_of", about=self.line, said=self.problem), *shown))


class InvalidLine(Exception):
    """A value that cannot be mapped as written; becomes a `MappingFault` of its line."""

    def __init__(self, problem: Message | InvalidValue, *candidates: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.candidates = candidates


class MappingErrors(ActionRequiredError):
    """A mapping that cannot be used. `faults` has every wrong line, in the mapping's order."""

    def __init__(
        self, faults: Iterable[MappingFault], *, connector: str = "", requirements: str = "LISTING"
    ) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line.file, fault.line.number or 0)))
        hint = None
        if requirements not in {"", "LISTING"}:
            hint = message("mapping.only_fields_of", requirements=requirements)
        code = "mapping.mistakes_of" if connector else "mapping.mistakes"
        below = pieces(piece for fault in self.faults for piece in ("\n  - ", fault))
        super().__init__(code, hint=hint, connector=connector, count=len(self.faults), faults=below)


def problem_of(error: CodedError) -> Message:
    """Return what an error says, without what to do about it."""
    return Message(error.code, error.facts)
