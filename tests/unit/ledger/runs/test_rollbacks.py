"""Rollbacks whose process died are ended, those that are alive are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import find_run, start_run
from amazon_listings.ledger.runs.rollbacks import SILENCE, end_abandoned
from amazon_listings.ledger.tables import runs, submissions
from amazon_listings.ledger.writes.leases import Lease
from amazon_listings.messages import catalogue
from support.ledger_rows import announce_submission

LONG_AGO = datetime.now(UTC) - SILENCE - timedelta(minutes=1)


@pytest.fixture
def begun(ledger):
    """A rollback that has begun long ago, and has sent one write then."""
    number = start_run(
        ledger, connector_key="lamps", run_id="rollback__1__now", operation="rollback", asked_by="mia"
    )
    row = {
        "sku": "S-1",
        "pim_id": None,
        "hash": "h",
        "method": "PATCH",
        "body": [],
        "before": {},
        "existed": True,
        "undoes": 1,
    }
    announce_submission(ledger, ListingScope("lamps", "A1", "M", "LAMP"), number, row)
    with ledger.begin() as connection:
        connection.execute(update(runs).values(started_at=LONG_AGO))
        connection.execute(update(submissions).values(sent_at=LONG_AGO, status="ACCEPTED"))
    return number


def test_a_silent_one_is_ended_with_what_it_restored(ledger, begun):
    other = start_run(ledger, connector_key="lamps", run_id="live", operation="live")
    with ledger.begin() as connection:
        connection.execute(update(runs).values(started_at=LONG_AGO))
    assert end_abandoned(ledger, ["desks"]) == []
    assert end_abandoned(ledger, ["lamps"]) == [begun]
    run = find_run(ledger, str(begun))
    assert (run.state, run.counts, run.asked_by) == ("failed", {"accepted": 1}, "mia")
    assert "process" in run.failure_in(catalogue())
    assert end_abandoned(ledger, ["lamps"]) == []
    assert find_run(ledger, str(other)).state == "running"


def test_one_that_sends_or_has_just_sent_goes_on(ledger, begun):
    with Lease(ledger, "lamps", owner="lamps rollback__1__now").sending():
        assert end_abandoned(ledger, ["lamps"]) == []
    with Lease(ledger, "lamps", owner="lamps another").sending():
        assert end_abandoned(ledger, ["lamps"]) == [begun]
    with ledger.begin() as connection:
        connection.execute(update(runs).values(state="running"))
        connection.execute(update(submissions).values(sent_at=datetime.now(UTC)))
    assert end_abandoned(ledger, ["lamps"]) == []
