"""Questions: what runs asked a person about their items, as far as it is still open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from amazon_listings.ledger.connectors.keys import current_id
from amazon_listings.ledger.database import reading
from amazon_listings.ledger.tables import approvals, connectors, questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine


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


@dataclass
class _Open:
    """What is counted of a question."""

    row: Any
    lapses_at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def open_questions(ledger: Engine, *, now: datetime | None = None) -> list[Question]:
    """Return the questions that are open, by connector and age."""
    now = now or datetime.now(UTC)
    table = approvals.c
    with reading(ledger) as connection:
        rows = connection.execute(
            select(
                questions,
                current_id(questions),
                table.kind,
                table.reasons,
                table.lapses_at,
            )
            .join(approvals, table.question == questions.c.id)
            .outerjoin(connectors, connectors.c.key == questions.c.connector_key)
            .where(table.state == "asked", table.lapses_at > now)
        ).all()
    found: dict[int, _Open] = {}
    for row in rows:
        one = found.setdefault(row.id, _Open(row, row.lapses_at))
        one.lapses_at = min(one.lapses_at, row.lapses_at)
        one.counts[row.kind] += 1
        one.reasons.update(row.reasons)
    made = [
        Question(
            number,
            one.row.connector_key,
            one.row.connector_id,
            one.row.run,
            one.row.asked_at,
            one.lapses_at,
            dict(one.counts),
            dict(one.reasons),
            one.row.shown_in,
            one.row.shown_until,
        )
        for number, one in found.items()
    ]
    return sorted(made, key=lambda one: (one.connector_id, one.number))


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
