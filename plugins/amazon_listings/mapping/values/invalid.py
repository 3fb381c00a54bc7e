"""Why a value cannot be used: a code with facts, worded in the language of those who read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.messages import catalogue
from amazon_product_types.messages import Message
from amazon_product_types.messages.facts import any_of, quoted
from amazon_product_types.validation.values import named

if TYPE_CHECKING:
    from amazon_listings.messages import Catalogue


class InvalidValue(ValueError):
    """A value that cannot be used; as text it says why in English.

    Args:
        code: A code of `messages/`.
        facts: The values of its sentences: texts are quoted, tuples are alternatives, lists are
            options (`[{"value", "name"}]`), a `Message` is worded, another `InvalidValue` is the reason of
            the reason.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return self.reason(catalogue())

    def phrase(self) -> Message:
        """Return what its reason is worded from, as a fact of another message."""
        return Message(self.code, self._facts())

    def action_phrase(self) -> Message:
        """Return what is worded of what to do about it."""
        return Message(self.code, self._facts(), "action")

    def reason(self, messages: Catalogue) -> str:
        """Word why, as a clause without a full stop."""
        return messages.message(self.code, **self._facts())

    def action(self, messages: Catalogue) -> str:
        """Return what to do about it; empty if the code does not say."""
        return messages.message(self.code, "action", **self._facts())

    def _facts(self) -> dict[str, Any]:
        return {name: _fact(value) for name, value in self.facts.items()}


def _fact(value: object) -> object:
    if isinstance(value, InvalidValue):
        return value.phrase()
    if isinstance(value, Message):
        return value
    if isinstance(value, tuple):
        return any_of(map(str, value))
    if isinstance(value, list) and value and all(_is_option(one) for one in value):
        return named(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else quoted(value)


def _is_option(value: object) -> bool:
    return isinstance(value, dict) and {"value", "name"} <= value.keys()
