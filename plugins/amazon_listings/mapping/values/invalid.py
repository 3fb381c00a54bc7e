"""Why a value cannot be used: a code of `messages/` and its facts, said in the language of whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_product_types.validation.values import named
from amazon_product_types.validation.words import DEFAULT, words

if TYPE_CHECKING:
    from amazon_product_types.validation.words import Words

PACKAGE = "amazon_listings.mapping"


class Unfit(ValueError):
    """A value that cannot be used; as text it says why in English.

    Args:
        code: A code of `messages/`.
        facts: The values of its sentences: texts are quoted, tuples are alternatives, lists are
            options (`[{"value", "name"}]`), another `Unfit` is the reason of the reason.
    """

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return self.reason(words(DEFAULT, PACKAGE))

    def reason(self, said: Words) -> str:
        """Why, as a clause without a full stop."""
        return said.message(self.code, **self._in_words(said))

    def action(self, said: Words) -> str:
        """What to do about it; empty if the code does not say."""
        return said.message(self.code, "action", **self._in_words(said))

    def _in_words(self, said: Words) -> dict[str, Any]:
        return {name: _in_words(value, said) for name, value in self.facts.items()}


def reason(error: Exception, said: Words) -> str:
    """What an error says, as a clause: in the language of `said` where it is of an `Unfit` value."""
    unfit = error if isinstance(error, Unfit) else error.__cause__
    return unfit.reason(said) if isinstance(unfit, Unfit) else str(error)


def _in_words(value: Any, said: Words) -> Any:
    if isinstance(value, Unfit):
        return value.reason(said)
    if isinstance(value, tuple):
        return said.any_of(map(str, value))
    if isinstance(value, list) and value and all(_is_option(one) for one in value):
        return named(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else said.quoted(value)


def _is_option(value: Any) -> bool:
    return isinstance(value, dict) and {"value", "name"} <= value.keys()
