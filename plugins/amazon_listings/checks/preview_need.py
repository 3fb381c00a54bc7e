"""Which items need Amazon's preview: those with a shape that has not passed often enough, or was refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from amazon_listings.ledger.items.preview_shapes import Seen, find_shapes, record_shapes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Engine

    from amazon_listings.checks.shapes import Shapes
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_product_types.validation.issue import Issue

#: So often a shape passes before it is believed; that of a patch of price or quantity alone, once.
ENOUGH, ENOUGH_OF_OFFERS = 3, 1
#: So much of the previews of a run may go to shapes that were refused.
SHARE_OF_REFUSED = 0.5
#: Items with one refused shape that are previewed together; doubled as long as all are refused.
TOGETHER = 3
_UNSEEN = Seen()


class Need(Enum):
    """What an item needs."""

    PREVIEW = "preview"
    #: Every shape has passed.
    NONE = "none"
    #: The previews of the run are used up; no shape of it was refused.
    USED_UP = "used up"
    #: A shape of it was refused, and has not passed since.
    REFUSED = "refused"


@dataclass
class PreviewNeed:
    """Decides which items are previewed, and learns from the answers.

    Args:
        ledger: Remembers the shapes.
        listings: Whose payloads: what Amazon passes of one account, it may refuse of another.
        definition: The checksum of the definition that judges.
        most: Previews of this run at most.
    """

    ledger: Engine
    listings: ListingScope
    definition: str
    most: int
    asked: int = 0
    asked_of_refused: int = 0
    _judge: str = field(init=False)
    _seen: dict[int, Seen] = field(init=False)
    _believed: set[int] = field(init=False)
    _changed: set[int] = field(default_factory=set, init=False)
    _together: Counter[int] = field(default_factory=Counter, init=False)
    #: What passed, and was in something refused since; the same until the next items are chosen.
    _doubtful: set[int] = field(default_factory=set, init=False)
    #: What was doubtful in this run, and what of it passed since: it is refused only with something else.
    _doubted: set[int] = field(default_factory=set, init=False)
    _cleared: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._judge = hashlib.sha256(f"{self.definition} {self.listings.seller_id}".encode()).hexdigest()
        self._seen = find_shapes(self.ledger, self.listings.connector_key, self._judge)
        self._believed = {shape for shape, seen in self._seen.items() if _is_believed(seen)}

    def of(self, shapes: Shapes) -> Need:
        """Return what an item with such shapes needs now."""
        if self._believed.issuperset(shapes):
            return Need.NONE  # as most of the items of a large run
        seen = [self._seen.get(shape, _UNSEEN) for shape in shapes]
        used_up = self.asked >= self.most
        if any(one.refused is not None for one in seen):
            spent = self.asked_of_refused >= self.most * SHARE_OF_REFUSED
            return Need.REFUSED if used_up or spent else Need.PREVIEW
        enough = ENOUGH_OF_OFFERS if len(shapes) == 1 else ENOUGH
        if min([one.passes for one in seen], default=enough) >= enough:
            return Need.NONE
        return Need.USED_UP if used_up else Need.PREVIEW

    def chosen(self, waiting: Sequence[Shapes]) -> list[int]:
        """Return the positions of the items to preview next, as few as may be enough.

        Empty if none of them needs a preview, or may have one.
        """
        self._doubtful.clear()
        coming: Counter[int] = Counter()
        found: list[int] = []
        of_refused = 0
        # Most items share their shapes: what one of them need not ask, the others need not either.
        passed_over: set[int] = set()
        for position, shapes in enumerate(waiting):
            if self.asked + len(found) >= self.most:
                break
            if id(shapes) in passed_over:
                continue
            if self.of(shapes) is not Need.PREVIEW:
                passed_over.add(id(shapes))
                continue
            refused = self._refused(shapes)
            if refused:
                spent = self.asked_of_refused + of_refused >= self.most * SHARE_OF_REFUSED
                wanted = not spent and all(
                    coming[shape] < max(TOGETHER, self._together[shape]) for shape in refused
                )
                of_refused += wanted
            else:
                enough = ENOUGH_OF_OFFERS if len(shapes) == 1 else ENOUGH
                wanted = any(
                    self._seen.get(shape, _UNSEEN).passes + coming[shape] < enough for shape in shapes
                )
            if wanted:
                found.append(position)
                coming.update(shapes.keys())
            else:
                passed_over.add(id(shapes))
        return found

    def passed(self, shapes: Shapes) -> None:
        """Learn that Amazon's preview passed a payload."""
        self._count(shapes)
        self._cleared |= self._doubted.intersection(shapes)
        for shape in shapes:
            known = self._seen.get(shape, _UNSEEN)
            if known.passes < ENOUGH or known.refused is not None:
                self._learn(shape, Seen(known.passes + 1))

    def refused(self, shapes: Shapes, issues: Iterable[Issue], *, previewed: bool = True) -> None:
        """Learn that Amazon refused a payload: by preview, or once it was sent.

        To blame are the shapes of the attributes that its errors name: those that never passed. If each
        did, what else of the payload never passed. If all of it did, none is to blame alone: those of the
        attributes have to pass again, as if they were new, and hold back no other item. Once they have, they
        are not to blame in this run.
        """
        if previewed:
            self._count(shapes)
        errors = [issue for issue in issues if issue.severity == "ERROR"]
        for issue in errors:
            names = set(filter(None, (issue.attribute, *issue.others)))
            blamed = [shape for shape, name in shapes.items() if name in names] if names else []
            # What Amazon says of no attribute, or of one that is missing, is about all that is new.
            blamed = blamed or list(shapes)
            new = self._new(blamed) or self._new(shapes)
            for shape in new:
                self._learn(shape, Seen(0, issue.message or issue.code))
                self._together[shape] = 2 * max(TOGETHER, self._together[shape])
            for shape in () if new else blamed:
                self._learn(shape, _UNSEEN)
                self._doubtful.add(shape)
                self._doubted.add(shape)

    def reason(self, shapes: Shapes) -> tuple[str, str]:
        """Return the attribute and Amazon's sentence of what was refused of a payload."""
        for shape in self._refused(shapes):
            return shapes[shape], self._seen[shape].refused or ""
        return "", ""

    def keep(self) -> None:
        """Enter what was learnt in the ledger."""
        changed = {shape: self._seen[shape] for shape in self._changed}
        record_shapes(self.ledger, self.listings.connector_key, self._judge, changed)
        self._changed.clear()

    def _learn(self, shape: int, seen: Seen) -> None:
        self._seen[shape] = seen
        self._changed.add(shape)
        (self._believed.add if _is_believed(seen) else self._believed.discard)(shape)

    def _new(self, shapes: Iterable[int]) -> list[int]:
        return [
            shape
            for shape in shapes
            if not self._seen.get(shape, _UNSEEN).passes
            and shape not in self._doubtful
            and shape not in self._cleared
        ]

    def _refused(self, shapes: Collection[int]) -> list[int]:
        return [shape for shape in shapes if self._seen.get(shape, _UNSEEN).refused is not None]

    def _count(self, shapes: Shapes) -> None:
        self.asked += 1
        self.asked_of_refused += bool(self._refused(shapes))


def _is_believed(seen: Seen) -> bool:
    return seen.refused is None and seen.passes >= ENOUGH
