"""Rollbacks that ended without saying so: their process was stopped, and nothing starts them again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from amazon_listings.ledger.database import reading, seconds
from amazon_listings.ledger.runs.answers import answers_of
from amazon_listings.ledger.runs.history import finish_run
from amazon_listings.ledger.tables import leases, runs, submissions
from amazon_listings.ledger.writes.leases import DURATION
from amazon_listings.ledger.writes.submissions import ACCEPTED
from amazon_listings.remarks import remark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

#: How long a rollback is silent before it is taken for dead: as long as a dead owner's lease holds, and the
#: time for which it may wait for another run.
SILENCE = timedelta(seconds=2 * DURATION)


def end_abandoned(ledger: Engine, keys: Sequence[str]) -> list[int]:
    """End the rollbacks of some connectors whose process died: as failed, with what they restored.

    Should one be alive after all, it enters its own end over this one.

    Args:
        ledger: The open ledger.
        keys: Of these connectors.

    Returns:
        The numbers of the runs that were ended.
    """
    if not keys:
        return []
    with reading(ledger) as connection:
        under_way = connection.execute(
            select(runs.c.id, runs.c.connector_key, runs.c.run_id, runs.c.started_at).where(
                runs.c.connector_key.in_(keys), runs.c.operation == "rollback", runs.c.state == "running"
            )
        ).all()
        if not under_way:
            return []
        now = seconds(connection)
        holders = dict(
            connection.execute(
                select(leases.c.connector, leases.c.owner).where(leases.c.expires_at > now)
            ).all()
        )
        sent = dict(
            connection.execute(
                select(submissions.c.run, func.max(submissions.c.sent_at))
                .where(submissions.c.run.in_([row.id for row in under_way]))
                .group_by(submissions.c.run)
            ).all()
        )
    latest = datetime.fromtimestamp(now, UTC) - SILENCE
    ended = [
        row.id
        for row in under_way
        if not holders.get(row.connector_key, "").endswith(row.run_id)
        and max(row.started_at, sent.get(row.id) or row.started_at) < latest
    ]
    for number in ended:
        finish_run(
            ledger,
            number,
            counts=restored_so_far(ledger, number),
            calls={},
            cursor=None,
            failure=remark("rollback.abandoned"),
        )
    return ended


def restored_so_far(ledger: Engine, number: int) -> Counter[str]:
    """Return how many listings a rollback has restored, and how many not: `accepted`, `invalid`, `failed`."""
    counts: Counter[str] = Counter()
    for status, count in answers_of(ledger, number).items():
        counts[status.lower() if status in {ACCEPTED, "INVALID"} else "failed"] += count
    return counts
