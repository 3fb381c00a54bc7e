"""What `read_items` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_listings.errors import ItemError
    from amazon_listings.item import Item
    from amazon_listings.messages import Message


@dataclass
class Reading:
    """Items of a PIM, to be iterated once; nothing is asked of the PIM before that.

    A PIM is read page by page into a temporary file on disk, where products and variants are
    joined; what has variants comes when the last page has been read. A file without variants is
    handed on row by row. Memory does not grow with the number of items. A reading that fails has
    given nothing that counts, whatever it has handed on.

    Attributes:
        cursor: After iteration: what to pass as `changed_since` next time (ISO 8601), or None if the
            source cannot say. Where the source's dates may be in another zone than its clock, it comes
            from the dates.
        opened: After iteration: the PIM's clock when the reading began (ISO 8601), if it tells it.
        full: After iteration: True if everything that matches was returned, False if only what
            changed. A caller may conclude from absence only after a full reading.
        removed: After iteration: ids (`products/99`, `variants/501`) that were deleted or left
            the selection since `changed_since`. A product stands for its whole family.
        kept: After iteration: the status by id of what has a status whose meaning is not known: it is neither
            returned nor gone.
        fields: After iteration: names of the fields that the PIM has, if it tells them; the items
            may hold fewer of them.
        problems: After iteration: records that could not become items, one error each.
        notices: After iteration: what is odd about the PIM as a whole.
    """

    produce: Callable[[Reading], Iterator[Item]] = field(repr=False)
    cursor: str | None = None
    opened: str | None = None
    full: bool = True
    removed: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()
    problems: list[ItemError] = field(default_factory=list)
    notices: list[Message] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        return self.produce(self)
