"""Remarks on outcomes: codes with facts, kept as data and worded in the language of each reader."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from amazon_listings.messages import Message, joined_notes
from amazon_product_types.messages.facts import as_data, from_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.messages import Catalogue


class Remark(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One remark, as JSON can keep it.

    Attributes:
        code: A code of `messages/`.
        facts: What its placeholders stand for, each as `messages.facts` keeps it.
        variant: The variant of the code.
    """

    code: str
    facts: dict[str, Any] = {}
    variant: str = ""


#: The note of an item: most have no remark, few more than one. Notes are joined by `+`.
Remarks: TypeAlias = tuple[Remark, ...]


def remark(code: str, variant: str = "", /, **facts: object) -> Remarks:
    """Return a note of one remark; an error among the facts stands for its message."""
    return (Remark(code, {name: as_data(fact) for name, fact in facts.items()}, variant),)


def remark_as_is(fact: object) -> Remarks:
    """Return a note that says a text, a message or an error, and nothing else; none of an empty text."""
    if not fact:
        return ()
    if isinstance(fact, Message):
        return remark(fact.code, fact.variant, **fact.facts)
    return remark("note.as_is", text=fact)


def remarks_of(said: Iterable[Message]) -> Remarks:
    """Return a remark for each message."""
    return tuple(remark for one in said for remark in remark_as_is(one))


def worded(note: Remarks, messages: Catalogue) -> str:
    """Return a note in a language; empty if there are no remarks."""
    return joined_notes((_worded(one, messages) for one in note), messages) if note else ""


def sentences(remarks: Remarks, messages: Catalogue) -> list[str]:
    """Return each remark as a sentence of its own, as warnings are shown."""
    return [_worded(one, messages) for one in remarks]


def _worded(one: Remark, messages: Catalogue) -> str:
    return _filled(one, messages) if one.facts else _without_facts(one.code, one.variant, messages)


# Most items of a run have the same remark.
@lru_cache(maxsize=512)
def _without_facts(code: str, variant: str, messages: Catalogue) -> str:
    return _filled(Remark(code, variant=variant), messages)


def _filled(one: Remark, messages: Catalogue) -> str:
    try:
        facts: dict[str, Any] = {name: from_data(fact) for name, fact in one.facts.items()}
        return messages.word(Message(one.code, facts, one.variant))
    except (KeyError, TypeError, ValueError):  # kept by a version whose message has other facts
        return one.code
