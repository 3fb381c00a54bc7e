"""Word what this distribution says, in the language of those who read it.

One `<language>.po` file here, and one in `amazon_product_types/messages`, is all that a language is.
How they are written is said there.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, reduce
from typing import TYPE_CHECKING, Any

from amazon_product_types.messages import DEFAULT, Catalogue, IssueTexts, Message, message
from amazon_product_types.messages import catalogue as catalogue_of
from amazon_product_types.messages import languages as languages_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = "amazon_listings"

__all__ = [
    "DEFAULT",
    "Catalogue",
    "IssueTexts",
    "Joined",
    "LogLine",
    "Message",
    "catalogue",
    "in_language",
    "joined_notes",
    "languages",
    "log_line",
    "message",
    "reader",
    "write_log_in",
]

#: The language of the log that this task, or this command, writes.
_LOG_LANGUAGE: ContextVar[str] = ContextVar("log_language", default=DEFAULT)


class LogLine(Message):
    """A message that a log words when it writes it, in the language of the run's connector."""

    def __str__(self) -> str:
        return catalogue(_LOG_LANGUAGE.get()).word(self)


def log_line(code: str, /, **facts: object) -> LogLine:
    """Return the message of a code, for a log."""
    return LogLine(code, facts)


def write_log_in(language: str) -> None:
    """Have this context's log written in a language from here on."""
    _LOG_LANGUAGE.set(language)


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Write in a language as long as the context lasts."""
    before = _LOG_LANGUAGE.set(language)
    try:
        yield
    finally:
        _LOG_LANGUAGE.reset(before)


def reader() -> Catalogue:
    """Return the messages of the language that this context writes."""
    return catalogue(_LOG_LANGUAGE.get())


@cache
def catalogue(language: str = DEFAULT) -> Catalogue:
    """Return the messages of a language: `fr`, or a locale such as `fr_CA`; English where there are none."""
    return catalogue_of(language, PACKAGE)


@dataclass(frozen=True)
class Joined:
    """Facts one after the other, `a; b`, with the semicolon set as a language sets it."""

    facts: tuple[Any, ...]

    def phrase(self) -> object:
        """Return what the text is worded from; empty if there are no facts."""
        return reduce(lambda one, other: message("joined", before=one, after=other), self.facts or ("",))


def joined_notes(notes: Iterable[str | None], messages: Catalogue) -> str:
    """Return notes as one, `a; b`, without the empty ones; only the last may end with a full stop."""
    *before, last = [one for one in notes if one] or [""]
    if not before:  # most notes are one
        return last
    return messages.value(Joined((*(one.removesuffix(".") for one in before), last)))


def languages() -> tuple[str, ...]:
    """Return the languages there are messages in."""
    return languages_of(PACKAGE)
