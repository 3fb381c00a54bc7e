"""How many examples a property test tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    import pytest


def is_property(item: pytest.Item) -> bool:
    """Say whether a test is one of Hypothesis."""
    return bool(getattr(getattr(item, "function", None), "is_hypothesis_test", False))


def try_at_most(item: pytest.Item, most: int) -> None:
    """Let a property test try fewer examples than it asks for."""
    if is_property(item):
        function = item.function
        asked = function._hypothesis_internal_use_settings
        function.asked_settings = getattr(function, "asked_settings", asked)
        function._hypothesis_internal_use_settings = type(asked)(
            asked, max_examples=min(asked.max_examples, most)
        )


def try_all(item: pytest.Item) -> None:
    """Let a property test try the examples that it asked for again."""
    item.function._hypothesis_internal_use_settings = item.function.asked_settings


def times_more(item: pytest.Item, most: int) -> int:
    """Return how many times more examples a test may try now than `most`; 1 if it is no property."""
    asked = item.function._hypothesis_internal_use_settings.max_examples if is_property(item) else 0
    return max(1, asked // most)


def rounds(asked: int) -> int:
    """Return how often a test that counts its rounds itself goes round: a tenth of it in `make unit`."""
    return asked // 10 if settings.get_current_profile_name() == "unit" else asked
