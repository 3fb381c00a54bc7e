"""Questions: what runs asked a person about their items, as far as it is still open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from amazon_listings.ledger.approvals.progress import ApprovalFilter, tallies
from amazon_listings.ledger.connectors.keys import current_id
from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import connectors, questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine, Row

    from amazon_listings.ledger.approvals.progress import Tally


@dataclass(frozen=True)
class Question:
    """What a run asked, as far as it is still open; `counts` are items by kind, `reasons` items by reason."""

    number: int
    connector_key: str
    connector_id: str
    run: int
    asked_at: datetime
    lapses_at: datetime
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    shown_in: str | None = None
    shown_until: datetime | None = None

    @property
    def items(self) -> int:
        """How many items are asked about."""
        return sum(self.counts.values())


def open_questions(ledger: Engine, *, now: datetime | None = None) -> list[Question]:
    """Return the questions that are open, by connector and age."""
    found: dict[int, list[Tally]] = {}
    for tally in tallies(ledger, ApprovalFilter(open_at=now or datetime.now(UTC))):
        found.setdefault(tally.question, []).append(tally)
    made = [_question(row, found[row.id]) for row in _rows(ledger, found)]
    return sorted(made, key=lambda one: (one.connector_id, one.number))


def _rows(ledger: Engine, numbers: Iterable[int]) -> Iterator[Row[Any]]:
    wanted = select(questions, current_id(questions)).outerjoin(
        connectors, connectors.c.key == questions.c.connector_key
    )
    for some in chunks(numbers, CHUNK):
        with reading(ledger) as connection:
            yield from connection.execute(wanted.where(questions.c.id.in_(some))).all()


def _question(row: Row[Any], counted: Sequence[Tally]) -> Question:
    counts, reasons = Counter[str](), Counter[str]()
    for tally in counted:
        counts[tally.kind] += tally.count
        reasons.update(dict.fromkeys(tally.reasons, tally.count))
    return Question(
        row.id,
        row.connector_key,
        row.connector_id,
        row.run,
        row.asked_at,
        min(tally.lapses_at for tally in counted),
        dict(counts),
        dict(reasons),
        row.shown_in,
        row.shown_until,
    )


def show_question(
    ledger: Engine, number: int, shown_in: str, *, until: datetime, now: datetime | None = None
) -> bool:
    """Enter that a task of Airflow shows a question; False if another one that is alive does.

    Args:
        ledger: The open ledger.
        number: The question.
        shown_in: The task, as a text.
        until: How long the task is taken to be alive.
        now: This moment, if None.
    """
    now = now or datetime.now(UTC)
    free = or_(
        questions.c.shown_in.is_(None), questions.c.shown_in == shown_in, questions.c.shown_until <= now
    )
    with ledger.begin() as connection:
        return bool(
            connection.execute(
                update(questions)
                .where(questions.c.id == number, free)
                .values(shown_in=shown_in, shown_until=until)
            ).rowcount
        )
