"""One run of a connector sends at a time, and one that died holds others up for minutes only."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from amazon_listings.ledger.tables import fences, leases
from amazon_listings.ledger.writes.fences import raise_fences
from amazon_listings.ledger.writes.leases import ConnectorBusy, Lease, LeaseLost
from support.ledger_workers import count_up, in_processes


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lease(ledger, clock):
    def make(owner, *, connector="fr_home", **more):
        return Lease(ledger, connector, owner=owner, sleep=clock.sleep, clock=clock, **more)

    return make


def count(ledger, table):
    with ledger.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def expire(ledger):
    with ledger.begin() as connection:
        connection.execute(update(leases).values(expires_at=0.0))


def test_the_second_waits_and_then_names_the_run_that_sends(lease, clock):
    second = lease("run B", patience=60)
    with lease("run A").sending():
        with (
            pytest.raises(ConnectorBusy, match="run A is sending") as caught,
            second.sending(),
        ):
            pytest.fail("two send at once")
        assert sum(clock.slept) >= 60
        assert max(clock.slept) <= 5
        assert 0 < caught.value.retry_after <= 300
    with second.sending():
        pass


def test_other_connectors_do_not_wait(lease):
    with lease("A", patience=0).sending(), lease("B", connector="de_home", patience=0).sending():
        pass


def test_the_lease_of_a_dead_run_expires(ledger, lease):
    with lease("dead").sending():
        expire(ledger)
        with lease("B", patience=0).sending():
            pass


def test_a_retried_task_takes_over_at_once_and_the_earlier_try_stops(lease, clock):
    earlier, later = lease("run A"), lease("run A", patience=0)
    with earlier.sending():
        clock.now += 101
        with later.sending():
            with pytest.raises(LeaseLost, match="run A lost"):
                earlier.renew()
            later.renew()


def test_the_lease_of_an_earlier_try_can_be_ended(lease):
    with lease("A").sending(), lease("A2", connector="de_home").sending():
        lease("A").end_earlier()
        with lease("B", patience=0).sending():
            pass
        with pytest.raises(ConnectorBusy), lease("B", connector="de_home", patience=0).sending():
            pass


def test_a_lease_is_renewed_when_a_third_of_its_time_is_over(ledger, lease, clock):
    kept = lease("A")
    with kept.sending():
        expire(ledger)
        clock.now += 99
        kept.renew()
        with ledger.connect() as connection:
            assert connection.scalar(select(leases.c.expires_at)) == 0, "too early to be worth a write"
        clock.now += 1
        kept.renew()
        with pytest.raises(ConnectorBusy), lease("B", patience=0).sending():
            pass


def test_a_lease_is_given_back_with_the_fences_of_single_writes(ledger, lease, listings, new_run):
    held = lease("A")
    run = new_run()

    def fail():
        with held.sending():
            assert raise_fences(ledger, listings, ["a"], run=run, token=held.token) == {}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(ledger, leases) == count(ledger, fences) == 0


@pytest.mark.process
def test_processes_send_one_after_the_other(engine, tmp_path):
    file = tmp_path / "number"
    file.write_text("0")
    in_processes(count_up, 3, engine.url.render_as_string(hide_password=False), file, 15)
    assert file.read_text() == "45"
