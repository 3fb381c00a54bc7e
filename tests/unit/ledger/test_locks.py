"""Two runs never write to the same SKU at once, and nobody who died holds others up for ever."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from amazon_listings.ledger.items import ListingScope
from amazon_listings.ledger.locks import ListingLocks, ListingsLocked, LockLost
from amazon_listings.ledger.tables import locks
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
def lock(ledger, listings, clock):
    def make(owner, *, of=listings, **more):
        return ListingLocks(ledger, of, owner=owner, sleep=clock.sleep, clock=clock, **more)

    return make


def count(ledger):
    with ledger.connect() as connection:
        return connection.scalar(select(func.count()).select_from(locks))


def expire(ledger):
    with ledger.begin() as connection:
        connection.execute(update(locks).values(expires_at=0.0))


def test_the_second_waits_and_then_says_who_writes(ledger, lock, clock):
    second = lock("run B", patience=60)
    with lock("run A").held(["a", "b"]):
        with (
            pytest.raises(ListingsLocked, match=r"run A is writing .* such as 'b'") as caught,
            second.held(["b", "c"]),
        ):
            pytest.fail("held by two")
        assert sum(clock.slept) >= 60
        assert caught.value.retry_after > 0
        assert count(ledger) == 2, "all or nothing"
    with second.held(["b", "c"]):
        assert count(ledger) == 2
    assert count(ledger) == 0


def test_others_do_not_wait(lock, listings):
    elsewhere = ListingScope("de_home", listings.seller_id, "A1PA6795UKMFR9", "HOME")
    other_account = ListingScope("fr_home", "A2OTHER", listings.marketplace_id, "HOME")
    with (
        lock("A", patience=0).held(["a"]),
        lock("B", patience=0).held(["b"]),
        lock("C", patience=0, of=elsewhere).held(["a"]),
        lock("D", patience=0, of=other_account).held(["a"]),
    ):
        pass


def test_the_lock_of_the_dead_expires(ledger, lock):
    with lock("dead").held(["a"]):
        expire(ledger)
        with lock("B", patience=0).held(["a"]):
            assert count(ledger) == 1


def test_a_retried_task_takes_over_at_once_and_the_earlier_try_stops(lock, clock):
    earlier, later = lock("run A", lease=300), lock("run A", lease=300)
    with earlier.held(["a", "b"]):
        clock.now += 200
        with later.held(["a", "b"]):
            with pytest.raises(LockLost, match="lost 2 of the 2"):
                earlier.keep()
            later.keep()


def test_locks_are_renewed_in_time_and_only_then(ledger, lock, clock):
    kept = lock("A", lease=300)
    with kept.held(["a"]):
        expire(ledger)
        kept.keep()
        with ledger.connect() as connection:
            assert connection.scalar(select(locks.c.expires_at)) == 0, "too early to be worth a write"
        clock.now += 101
        kept.keep()
        with pytest.raises(ListingsLocked), lock("B", patience=0).held(["a"]):
            pass


def test_locks_are_given_back_after_an_error(ledger, lock):
    with pytest.raises(ZeroDivisionError), lock("A").held(["a"]):
        _ = 1 / 0
    assert count(ledger) == 0


def test_what_an_earlier_try_held_is_given_back(ledger, lock, clock):
    dead = lock("A")
    never_left = dead.held(["a", "b"])
    never_left.__enter__()
    with lock("B").held(["c"]):
        lock("A").free_earlier()
        assert count(ledger) == 1, "another run keeps its own"
    clock.now += 101
    with lock("B", patience=0).held(["a"]), pytest.raises(LockLost):
        dead.keep()


def test_hostile_and_many_skus(ledger, lock):
    skus = [f"SKU-{number}" for number in range(1500)] + [
        "a\x00b",
        "\ud800",
        "x" * 500,
        "x" * 500,
        "'; DROP TABLE locks--",
    ]
    with lock("A").held(skus):
        assert count(ledger) == 1504
        with pytest.raises(ListingsLocked), lock("B", patience=0).held(["\ud800"]):
            pass


def test_processes_write_one_after_the_other(ledger, engine, tmp_path):
    file = tmp_path / "number"
    file.write_text("0")
    in_processes(count_up, 3, engine.url.render_as_string(hide_password=False), file, 15)
    assert file.read_text() == "45"
