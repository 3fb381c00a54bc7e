"""Raise a code with facts; word it where it is read."""

from __future__ import annotations

import re
from typing import ClassVar

from amazon_product_types.messages import DEFAULT, Catalogue, Message, catalogue
from amazon_product_types.messages.facts import Listed

_CODE = re.compile(r"[a-z][a-z0-9_.]*")


class CodedError(Exception):
    """An exception that knows a code and facts, and no sentence.

    Args:
        code: A code of the message catalogue: its message says what failed, its `action` what to do.
        hint: What to do, where the code's own `action` does not fit; an error stands for its own.
        facts: What the placeholders of both stand for; each is an item of `facts`.
    """

    #: The packages whose messages word it.
    packages: ClassVar[tuple[str, ...]] = ()
    #: What `str(error)` is worded in; set it where the reader is known.
    language: str = DEFAULT

    def __init__(
        self, code: str, /, *, hint: Message | CodedError | str | None = None, **facts: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.instead = hint

    @property
    def message(self) -> str:
        """What failed, in `language`."""
        return self.message_in(self._messages())

    @property
    def hint(self) -> str | None:
        """What to do about it, in `language`."""
        return self.action_in(self._messages()) or None

    def message_in(self, messages: Catalogue) -> str:
        """Word what failed."""
        return messages.word(Message(self.code, self.facts)) if _is_code(self.code) else self.code

    def action_in(self, messages: Catalogue) -> str:
        """Word what to do about it; empty if there is nothing to say."""
        if isinstance(self.instead, CodedError):
            return self.instead.action_in(messages)
        if self.instead is not None:
            return messages.value(self.instead)
        return messages.message(self.code, "action", **self.facts)

    def phrase(self) -> Listed:
        """Return what it is worded from, as a fact of another message."""
        what = Message(self.code, self.facts) if _is_code(self.code) else self.code
        return Listed("sentences", (what, self._action()))

    def _action(self) -> object:
        if isinstance(self.instead, CodedError):
            return self.instead._action()  # noqa: SLF001 - of the same class
        return self.instead if self.instead is not None else Message(self.code, self.facts, "action")

    def worded(self, messages: Catalogue) -> str:
        """Word what failed and what to do."""
        return " ".join(filter(None, (self.message_in(messages), self.action_in(messages))))

    def __str__(self) -> str:
        return self.worded(self._messages())

    def _messages(self) -> Catalogue:
        return catalogue(self.language, *self.packages)


class ProductTypeError(CodedError):
    """Base of every error of this library."""


def _is_code(text: str) -> bool:
    # While sentences are moved into the catalogue, a text that is none is its own message.
    return _CODE.fullmatch(text) is not None
