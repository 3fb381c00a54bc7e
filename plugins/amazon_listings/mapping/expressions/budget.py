"""How much work one evaluation of an expression may cause: characters, elements and steps in one sum."""

from __future__ import annotations

from amazon_listings.mapping.formulas.limits import MAX_DEPTH, TooLarge
from amazon_listings.mapping.values.related_table import RelatedTable

#: One character costs 1. The worst template ends in less than a second, with less than 50 MB.
LIMIT = 3_000_000
_ELEMENT = 15
_STEP = 60


class Budget:
    """The work that an evaluation may still cause; every filter, loop pass and operation takes of it."""

    __slots__ = ("left",)

    def __init__(self, left: int = LIMIT) -> None:
        self.left = left

    def step(self) -> None:
        """Charge one operation or pass of a loop.

        Raises:
            TooLarge: the evaluation takes too much work.
        """
        self.spend(_STEP)

    def work(self, value: object) -> None:
        """Charge one operation on a value.

        Raises:
            TooLarge: the evaluation takes too much work.
        """
        if value.__class__ is str:
            self.spend(_STEP + len(value))
        else:
            self.spend(_STEP)
            self.value(value)

    def value(self, value: object, depth: int = 0) -> None:
        """Charge reading or making a value: its characters and elements.

        Raises:
            TooLarge: the evaluation takes too much work.
        """
        if isinstance(value, str):
            self.spend(len(value))
        elif isinstance(value, RelatedTable):
            self.spend(_ELEMENT)
        elif isinstance(value, list | dict):
            if depth > MAX_DEPTH:
                raise TooLarge(f"lists stand inside lists more than {MAX_DEPTH} deep")
            self.spend(_ELEMENT * (1 + len(value)))
            for part in value.values() if isinstance(value, dict) else value:
                self.value(part, depth + 1)

    def spend(self, cost: int) -> None:
        """Charge a cost in characters.

        Raises:
            TooLarge: the evaluation takes too much work.
        """
        self.left -= cost
        if self.left < 0:
            raise TooLarge("the expression takes too much work")
