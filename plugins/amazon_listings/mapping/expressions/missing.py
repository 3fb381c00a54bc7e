"""A name without a value: empty, and reported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amazon_listings.mapping.expressions.rows import ItemRow
#: Characters of a name in a sentence; no field has so long a one.
LONGEST_NAME = 200


class Missing:
    """What a name without a value gives.

    So `item.typo is defined` asks without a report, and `{{ item.typo }}` is reported. Without a
    `row` nothing is reported: a key that a table's row does not have.
    """

    __slots__ = ("name", "row")

    def __init__(self, name: str = "", row: ItemRow | None = None) -> None:
        self.name = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
        self.row = row

    def report(self) -> None:
        """Report the use of an unknown PIM field."""
        if self.row is not None:
            self.row.unknown.append(self.name)

    def __bool__(self) -> bool:
        # `item.a or item.b` asks; it is a mistake only if nothing comes of it.
        if self.row is not None:
            self.row.asked.append(self.name)
        return False


NOTHING = Missing()
