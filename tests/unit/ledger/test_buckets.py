"""Buckets in the database behave as the protocol says, and lose nothing when many processes draw on them."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from amazon_listings.ledger.buckets import SharedBuckets, levels
from amazon_listings.ledger.tables import buckets
from amazon_listings.selling_partner.calls.buckets import LocalBuckets
from support.ledger_workers import in_processes, lease

STEP = st.tuples(
    st.floats(0, 30),
    st.sampled_from(["lease", "lease", "lease", "penalise"]),
    st.integers(1, 5),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.01, 500), st.integers(1, 100), st.lists(STEP, min_size=1, max_size=12))
def test_they_do_what_the_buckets_of_one_process_do(ledger, rate, burst, steps):
    now = [1_000.0]
    shared = SharedBuckets(ledger, clock=lambda: now[0])
    local = LocalBuckets(clock=lambda: now[0])
    name = f"{rate}|{burst}|{steps}"[:250]
    with ledger.begin() as connection:
        connection.execute(buckets.delete())
    for pause, action, number in steps:
        now[0] += pause
        if action == "penalise":
            shared.penalise(name, number)
            local.penalise(name, number)
            continue
        mine = shared.lease(name, rate=rate, burst=burst, tokens=number)
        theirs = local.lease(name, rate=rate, burst=burst, tokens=number)
        assert mine.granted == theirs.granted == number
        assert mine.wait == pytest.approx(theirs.wait, rel=1e-6, abs=1e-6)


def test_a_new_bucket_is_full_even_if_its_rate_was_restated_first(ledger):
    now = [1_000.0]
    store = SharedBuckets(ledger, clock=lambda: now[0])
    store.restate("b", 2.0)
    assert store.lease("b", rate=5, burst=10, tokens=10).wait == 0
    assert store.lease("b", rate=5, burst=10, tokens=1).wait == pytest.approx(0.5)


def test_a_stated_rate_counts_for_a_day_and_only_from_then_on(ledger):
    now = [1_000.0]
    store = SharedBuckets(ledger, clock=lambda: now[0])
    store.lease("b", rate=5, burst=10, tokens=10)
    now[0] += 1  # five tokens at the old rate
    store.restate("b", 1.0)
    assert store.lease("b", rate=5, burst=10, tokens=6).wait == pytest.approx(1.0)
    now[0] += 86_400
    store.lease("b", rate=5, burst=10, tokens=10)
    assert store.lease("b", rate=5, burst=10, tokens=5).wait == pytest.approx(1.0)


def test_a_clock_that_is_set_back_gives_no_tokens_and_does_not_stop_the_bucket(ledger):
    now = [10_000.0]
    store = SharedBuckets(ledger, clock=lambda: now[0])
    store.lease("b", rate=1, burst=10, tokens=10)
    now[0] -= 5_000
    assert store.lease("b", rate=1, burst=10, tokens=1).wait == pytest.approx(1.0)
    now[0] += 1
    assert store.lease("b", rate=1, burst=10, tokens=1).wait == pytest.approx(1.0)


def test_penalising_an_unknown_bucket_leaves_it_unknown(ledger):
    SharedBuckets(ledger).penalise("nobody", 5)
    with ledger.connect() as connection:
        assert connection.scalar(select(buckets.c.name)) is None


@pytest.mark.process
def test_no_token_is_lost_or_handed_out_twice_by_many_processes(ledger, engine):
    """Nothing flows in (one token in three years), so the level tells exactly what was taken."""
    leased = in_processes(lease, 4, _url(engine), "slow", (1e-8, 1000.0), 40)
    with ledger.connect() as connection:
        level = connection.scalar(select(buckets.c.level).where(buckets.c.name == "slow"))
    assert level == pytest.approx(1000 - sum(leased), abs=1e-3)


@pytest.mark.process
def test_many_processes_never_get_more_than_rate_and_burst(ledger, engine):
    """What was leased by the end is at most the burst, what flowed in meanwhile, and what is owed."""
    rate, burst = 200.0, 20.0
    started = time.time()
    leased = sum(in_processes(lease, 4, _url(engine), "quick", (rate, burst), 40))
    with ledger.connect() as connection:
        row = connection.execute(select(buckets).where(buckets.c.name == "quick")).one()
    owed = -row.level
    flowed = (row.updated_at - started) * rate
    assert leased <= burst + flowed + owed + 1e-3


def _url(engine):
    return engine.url.render_as_string(hide_password=False)


def test_what_is_left_of_an_account_is_that_of_its_application_with_the_least(ledger):
    store = SharedBuckets(ledger)
    for application, seller, tokens in (("app", "A1", 3), ("other", "A1", 8), ("app", "A2", 10)):
        store.lease(f"{application}|{seller}|EU|createFeed", rate=0.001, burst=15, tokens=tokens)
    assert levels(ledger, "A1", "EU", ["createFeed", "unused"]) == {"createFeed": pytest.approx(7, abs=0.1)}
    assert levels(ledger, "A1", "NA", ["createFeed"]) == {}
