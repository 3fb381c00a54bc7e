"""One thing wrong with a connector document, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from amazon_listings.messages import Message, message
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from amazon_listings.messages import Catalogue

#: Problems of one document that are listed: a person mends the first of so many, and asks again.
MOST_PROBLEMS = 1000
_CREDENTIAL_KEY = re.compile(r"secret|token|passw|api_?key|credential|client_id", re.IGNORECASE)
_CREDENTIAL_VALUE = re.compile(r"Atz[arc]\||amzn1\.(oa2|application-oa2)|-----BEGIN")
_LONGEST_SHOWN = 60
_WORDS = {True: "true", False: "false", None: "null"}


@dataclass(frozen=True)
class Problem:
    """One thing wrong, at a JSON pointer; `key` when the key is wrong rather than its value.

    `missing` names a key that is not there, below the pointer. `hint` is what to do or what is
    meant, where the message has no such text of its own, `allowed` what would be right, `suggestion`
    the nearest right thing.
    """

    pointer: str
    message: Message | str
    key: bool = False
    missing: str = ""
    allowed: Message | str = ""
    suggestion: str = ""
    hint: Message | str = ""


@dataclass(frozen=True)
class LocatedProblem:
    """A problem with its place.

    Attributes:
        problem: What is wrong.
        title: What the place is called: the file, or the Variable and its key.
        file: The file; None for a Variable.
        line: The line, from 1.
        column: The column, from 1.
        excerpt: The line as it stands there, with carets below what is wrong.
    """

    problem: Problem
    title: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    excerpt: str = ""

    @property
    def place(self) -> str:
        """The place as editors and terminals read it: `include/connectors/fr_lamps.yaml:13:14`."""
        return ":".join(str(one) for one in (self.title, self.line, self.column) if one is not None)


Found = TypeVar("Found", bound="Hashable")


def distinct(found: Iterable[Found], most: int) -> list[Found]:
    """Return the first of some problems, each once."""
    return list(dict.fromkeys(found))[:most]


def action_of(said: Message | str, messages: Catalogue) -> str:
    """Return what a message says is to be done; empty if it says nothing of it."""
    return messages.action(said.code, **said.facts) if isinstance(said, Message) else ""


def nearest(found: str, allowed: Iterable[str]) -> str:
    """Return the allowed text closest to what was found, letter case aside; empty when none is close."""
    return next(iter(closest(found, allowed)), "")


def shown(value: object) -> Message | str:
    """Return a value as an error message shows it: short, one line, and never a credential."""
    if isinstance(value, dict | list):
        kind = "object" if isinstance(value, dict) else "list"
        return message(f"document.this_{kind}" if value else f"document.empty_{kind}")
    text = _WORDS[value] if value is None or isinstance(value, bool) else repr(value)
    if hides_credential(text):
        return message("document.value_hidden")
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def is_credential_key(key: str) -> bool:
    """Return whether a key's name says that its value is a secret, which no message may show."""
    return bool(_CREDENTIAL_KEY.search(key))


def hides_credential(text: str) -> bool:
    """Return whether a text holds what looks like one of Login with Amazon's tokens, ids or secrets."""
    return bool(_CREDENTIAL_VALUE.search(text))
