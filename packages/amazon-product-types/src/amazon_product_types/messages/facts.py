"""Keep a message, so that it can be worded later in any language.

A message is a code with facts. As data it is JSON, so that an issue keeps what its sentences are made of:

    {"code": "too_long", "facts": {"label": {"quoted": "Item Name"}, "limit": 200}}

Numbers and texts stand for themselves. A text that is quoted, a list that is worded (`and`, `or`, …), a
day, a moment and a message among the facts say what they are, because each is written otherwise in another
language.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from amazon_product_types.messages.printable import as_json, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

Joint = Literal["and", "or", "commas", "sentences", "pieces"]
#: Types of facts that JSON has.
_PLAIN = frozenset((str, int, bool, type(None)))
#: What stands between the facts of a list that is not worded.
_BETWEEN: dict[Joint, str] = {"commas": ", ", "sentences": " ", "pieces": ""}


class Wording(Protocol):
    """What facts ask of the catalogue of a language."""

    def message(self, code: str, /, **facts: object) -> str:
        """Return the sentence of a code."""

    def all_of(self, facts: Iterable[object]) -> str:
        """Return `a, b and c`."""

    def any_of(self, facts: Iterable[object]) -> str:
        """Return `a, b or c`."""

    def value(self, fact: object) -> str:
        """Return a fact as the language writes it."""


@dataclass(frozen=True)
class Message:
    """A code with its facts: what a catalogue makes a sentence of."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""

    def __hash__(self) -> int:
        # Facts may be lists, which have no hash: the texts among them tell most messages apart.
        texts = frozenset((name, fact) for name, fact in self.facts.items() if isinstance(fact, str))
        return hash((self.code, self.variant, texts))


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text that stands in quotation marks, as it is: on one line, cut."""

    text: str

    def worded(self, catalogue: Wording) -> str:
        """Return the text in a language's quotation marks."""
        return catalogue.message("quote", text=self.text)


@dataclass(frozen=True, slots=True)
class Listed:
    """Facts that stand in a list: alternatives, several that all hold, sentences, or pieces of a text."""

    joint: Joint
    facts: tuple[Any, ...]

    def worded(self, catalogue: Wording) -> str:
        """Return the list as a language writes it."""
        if self.joint == "and":
            return catalogue.all_of(self.facts)
        if self.joint == "or":
            return catalogue.any_of(self.facts)
        return _BETWEEN[self.joint].join(filter(None, map(catalogue.value, self.facts)))


def quoted(value: object) -> Quoted | str:
    """Return a value as a fact inside a sentence: one line, cut, texts in quotation marks."""
    return Quoted(plain(value)) if isinstance(value, str) else plain(as_json(value))


def all_of(facts: Iterable[object]) -> Listed:
    """Return facts as one: `a, b and c`."""
    return Listed("and", tuple(facts))


def any_of(facts: Iterable[object]) -> Listed:
    """Return facts as one list of alternatives: `a, b or c`."""
    return Listed("or", tuple(facts))


def pieces(facts: Iterable[object]) -> Listed:
    """Return facts as one text, with nothing between them."""
    return Listed("pieces", tuple(facts))


def as_data(fact: object, asked: Container[str] | None = None) -> object:
    """Return a fact, or a message, as JSON data; `from_data` gives it back.

    Args:
        fact: The fact.
        asked: Of a message, the facts that are kept; None: all.
    """
    if type(fact) in _PLAIN or (isinstance(fact, float) and math.isfinite(fact)):
        return fact
    if isinstance(fact, Quoted):
        return {"quoted": fact.text}
    if isinstance(fact, Message):
        return _message(fact, asked)
    if isinstance(fact, Listed):
        return {fact.joint: [as_data(one) for one in fact.facts]}
    if hasattr(fact, "phrase"):  # an error, say: it is the message that it stands for
        return as_data(fact.phrase())
    return _other_as_data(fact)


def _other_as_data(fact: object) -> object:
    if isinstance(fact, list | tuple | set | frozenset):
        return [as_data(one) for one in fact]
    if isinstance(fact, date):  # a moment is one too
        return {"moment" if isinstance(fact, datetime) else "day": fact.isoformat()}
    return str(fact)


def from_data(data: object) -> object:
    """Return a fact, or a message, from what `as_data` made of it.

    Raises:
        ValueError: it is nothing that `as_data` makes.
    """
    if isinstance(data, list):
        return [from_data(one) for one in data]
    if not isinstance(data, dict):
        return data
    if "code" in data:
        facts = {name: from_data(fact) for name, fact in data.get("facts", {}).items()}
        return Message(data["code"], facts, data.get("variant", ""))
    for kind, read in _KINDS.items():
        if kind in data:
            return read(data[kind])
    raise ValueError(data)


def _listed(joint: Joint, facts: list[object]) -> Listed:
    return Listed(joint, tuple(map(from_data, facts)))


#: How facts are read that say what they are.
_KINDS: dict[str, Callable[[Any], object]] = {
    "quoted": Quoted,
    "day": date.fromisoformat,
    "moment": datetime.fromisoformat,
    **{joint: partial(_listed, joint) for joint in get_args(Joint)},
}


def _message(message: Message, asked: Container[str] | None) -> dict[str, Any]:
    data: dict[str, Any] = {"code": message.code}
    facts = {name: as_data(fact) for name, fact in message.facts.items() if asked is None or name in asked}
    if facts:
        data["facts"] = facts
    if message.variant:
        data["variant"] = message.variant
    return data
