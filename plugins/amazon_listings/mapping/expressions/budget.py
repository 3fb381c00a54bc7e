"""How much work expressions may cause, each and all of an item together: characters, elements and steps."""

from __future__ import annotations

from amazon_listings.mapping.formulas.limits import MAX_DEPTH, TooLarge
from amazon_listings.mapping.values.related_table import RelatedTable

#: One character costs 1. The worst template ends in less than a second, with less than 50 MB.
LIMIT = 3_000_000
#: For all expressions of an item together, in each language: some seconds of processor.
OF_AN_ITEM = 30_000_000
_ELEMENT = 15
_STEP = 60
#: What a filter is given beside each element is compared with it, which costs less than reading it.
_COMPARED = 8


class Budget:
    """The work that an evaluation may still cause; every filter, loop pass and operation takes of it."""

    __slots__ = ("_whole", "left")

    def __init__(self) -> None:
        self.left = LIMIT
        self._whole = OF_AN_ITEM

    def begin(self) -> None:
        """Begin another evaluation.

        Raises:
            TooLarge: those before took all that the item's expressions may.
        """
        self._whole -= LIMIT - self.left
        self.left = LIMIT
        if self._whole < 0:
            raise TooLarge("expression.much_work_together")

    def share_of(self, given: list[object]) -> int:
        """Return what each element costs a filter that is given something beside it."""
        before = self.left
        for one in given:
            self.value(one)
        cost, self.left = before - self.left, before
        return cost // _COMPARED

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
                raise TooLarge("expression.deep_lists", most=MAX_DEPTH)
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
            raise TooLarge("expression.much_work")
