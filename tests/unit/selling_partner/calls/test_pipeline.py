from __future__ import annotations

import threading

import pytest

from amazon_listings.errors import ActionRequiredError, ItemError
from amazon_listings.selling_partner.calls.pipeline import submit_all


def test_every_job_comes_back_once_and_few_are_read_ahead():
    taken = []

    def jobs():
        for number in range(100):
            taken.append(number)
            yield number

    done = []
    for one in submit_all(jobs(), lambda job: job * 2, in_flight=lambda: 4):
        done.append(one)
        assert len(taken) <= len(done) + 8
    assert sorted(one.result for one in done) == [2 * number for number in range(100)]


def test_as_many_as_wanted_are_under_way_at_once():
    together = threading.Barrier(5)

    def call(job):
        together.wait(10)
        return job

    assert len(list(submit_all(range(20), call, in_flight=lambda: 5))) == 20


def test_an_items_error_is_its_own():
    def call(job):
        if job % 3 == 0:
            raise ItemError("bad", sku=str(job))
        return job

    done = list(submit_all(range(10), call, in_flight=lambda: 3))
    assert sorted(int(one.error.sku) for one in done if one.error) == [0, 3, 6, 9]
    assert len(done) == 10


def test_the_first_fatal_error_ends_it_and_what_is_under_way_is_not_lost():
    started = []
    failed = threading.Event()

    def call(job):
        started.append(job)
        if job == 0:
            failed.set()
            raise ActionRequiredError("the grant is gone")
        failed.wait(10)
        return job

    seen = []
    with pytest.raises(ActionRequiredError, match="grant"):
        seen.extend(one.job for one in submit_all(range(1000), call, in_flight=lambda: 4))
    assert sorted([0, *seen]) == sorted(started)
    assert len(started) <= 8


def test_an_error_of_the_source_ends_it_after_what_is_under_way():
    def jobs():
        yield 1
        yield 2
        raise OSError("disk")

    seen = []
    with pytest.raises(OSError, match="disk"):
        seen.extend(one.job for one in submit_all(jobs(), lambda job: job, in_flight=lambda: 1))
    assert seen == [1, 2]


def test_a_caller_who_stops_listening_starts_nothing_more():
    started = []
    results = submit_all(iter(range(1000)), started.append, in_flight=lambda: 2)
    next(results)
    results.close()
    assert len(started) <= 4
