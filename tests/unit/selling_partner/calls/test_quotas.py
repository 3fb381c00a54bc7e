from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.selling_partner.calls.buckets import Bucket, LocalBuckets, buckets_of
from amazon_listings.selling_partner.calls.quotas import SHARE, Quotas, in_flight
from amazon_listings.selling_partner.operations import kinds_of, limits

PUT = Bucket("put", 5.0, 10.0)


class AmazonsBucket:
    """Amazon's own bucket, as its documentation describes it."""

    def __init__(self, rate, burst, clock):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.level, self.since = burst, clock()

    def takes(self):
        now = self.clock()
        self.level = min(self.burst, self.level + (now - self.since) * self.rate)
        self.since = now
        if self.level < 1 - 1e-9:
            return False
        self.level -= 1
        return True


@given(
    st.floats(0.01, 500),
    st.integers(1, 100),
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), min_size=1, max_size=40),
)
def test_leases_never_exceed_rate_and_burst_in_any_window(rate, burst, steps):
    now = [0.0]
    store = LocalBuckets(clock=lambda: now[0])
    due = []
    for pause, tokens in steps:
        now[0] += pause
        lease = store.lease("b", rate=rate, burst=burst, tokens=tokens)
        assert lease.granted == tokens
        due += [now[0] + lease.wait] * tokens
    assert due == sorted(due)
    for first in range(len(due)):
        for last in range(first, len(due)):
            allowed = burst + (due[last] - due[first]) * rate
            assert last - first + 1 <= allowed * (1 + 1e-6) + 5  # a lease is due with its last token


@pytest.mark.parametrize(("rate", "burst"), [(5, 10), (5, 5), (1, 2), (0.0222, 10), (100, 100)])
def test_the_whole_quota_is_used_and_amazon_never_refuses(time, rate, burst):
    amazon = AmazonsBucket(rate, burst, time)
    quotas = Quotas(sleep=time.sleep, clock=time)
    calls = 100 * burst
    started = time.now
    for _ in range(calls):
        quotas.acquire([Bucket("b", rate, burst)])
        assert amazon.takes()
    assert (calls - burst) / ((time.now - started) * rate) >= 0.97


def test_two_processes_share_a_store(time):
    store = LocalBuckets(clock=time)
    amazon = AmazonsBucket(5, 10, time)
    processes = [Quotas(store, sleep=time.sleep, clock=time) for _ in range(2)]
    for turn in range(300):
        processes[turn % 2].acquire([PUT])
        assert amazon.takes()
    assert 300 / ((time.now - 1000) * 5 + 10) >= 0.97


def test_threads_take_each_token_once(time):
    class Counting(LocalBuckets):
        leased = 0

        def lease(self, bucket, *, rate, burst, tokens):
            Counting.leased += tokens
            return super().lease(bucket, rate=rate, burst=burst, tokens=tokens)

    quotas = Quotas(Counting(clock=time), sleep=time.sleep, clock=time)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: quotas.acquire([PUT]), range(200)))
    assert 200 <= Counting.leased <= 202  # at most one batch is left over


def test_tokens_held_too_long_are_not_used(time):
    store = LocalBuckets(clock=time)
    quotas = Quotas(store, sleep=time.sleep, clock=time)
    plenty = Bucket("app", 100.0, 100.0)
    leases = []
    lease = store.lease
    store.lease = lambda bucket, **how: leases.append(how["tokens"]) or lease(bucket, **how)
    for _ in range(12):
        quotas.acquire([plenty])
    assert leases == [1, 2, 4, 8]  # where tokens are plenty, batches grow
    time.now += 0.6
    quotas.acquire([plenty])
    assert leases[-1] == 1


def test_a_request_waits_for_its_slowest_bucket(time):
    quotas = Quotas(sleep=time.sleep, clock=time)
    slow = Bucket("preview", 1.0, 2.0)
    for _ in range(20):
        quotas.acquire([PUT, slow])
    assert 17 <= time.now - 1000 <= 19


def test_a_429_empties_the_bucket_and_waits_longer_each_time(time):
    quotas = Quotas(sleep=time.sleep, clock=time)
    quotas.acquire([PUT])
    waits = []
    for _ in range(4):
        quotas.refused(PUT)
        before = time.now
        quotas.acquire([PUT])
        waits.append(time.now - before)
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6], rel=0.05)
    quotas.passed([PUT])
    assert quotas.refused(PUT) == pytest.approx(0.2)


@pytest.mark.parametrize(("stated", "waited"), [(None, 1.6), (1, 1.6), (30, 30)])
def test_of_retry_after_and_our_own_pause_the_longer_one_holds(time, stated, waited):
    quotas = Quotas(LocalBuckets(clock=time), sleep=time.sleep, clock=time)
    for _ in range(3):
        quotas.refused(PUT)
    assert quotas.refused(PUT, retry_after=stated) == pytest.approx(waited)


def test_a_lease_made_before_a_429_is_not_used_after_it(time):
    store = LocalBuckets(clock=time)
    quotas = Quotas(store, clock=time)
    seen = []

    def sleep(seconds):
        if not seen:
            quotas.refused(PUT, retry_after=30)
        seen.append(seconds)
        time.sleep(seconds)

    quotas._sleep = sleep
    for _ in range(8):
        quotas.acquire([PUT])
    assert time.now - 1000 >= 29


def test_a_stated_rate_holds_for_all_and_for_a_day(time):
    store = LocalBuckets(clock=time)
    first, second = (Quotas(store, sleep=time.sleep, clock=time) for _ in range(2))
    second.acquire([PUT])
    first.stated(PUT, 20.0)
    before = time.now
    for _ in range(200):
        second.acquire([PUT])
    assert (time.now - before) == pytest.approx((200 - 5) / (20 * SHARE), rel=0.05)
    time.now += 86_401
    second.acquire([PUT])
    assert store.lease("put", rate=5, burst=1, tokens=6).wait == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_an_unbelievable_rate_is_ignored(time, rate):
    store = LocalBuckets(clock=time)
    store.restate = None
    Quotas(store, clock=time).stated(PUT, rate)


def test_in_flight_hides_the_latency():
    assert in_flight(5, 0.7) == 6
    assert in_flight(1, 0.1) == 3
    assert in_flight(100, 5) == 64
    assert in_flight(0.0083, 0.1) == 3


def test_every_bucket_of_a_request_is_known():
    kinds = kinds_of(["item_name", "child_parent_sku_relationship"], preview=True)
    names = {
        (bucket.name, bucket.rate)
        for bucket in buckets_of(limits("putListingsItem", kinds), application="app", seller="S", region="EU")
    }
    assert names == {
        ("app|S|EU|putListingsItem", 5),
        ("app|S|EU|preview", 1),
        ("app|*|EU|putListingsItem", 100),
        ("app|*|EU|putListingsItem relationships", 25),
        ("app|*|EU|putListingsItem preview", 20),
    }


def test_offers_alone_are_not_product_data():
    assert kinds_of(["purchasable_offer", "fulfillment_availability"]) == frozenset()
    assert kinds_of(["merchant_shipping_group"]) == {"product data"}


def test_of_amazons_wait_and_our_own_the_longer_one_counts(time):
    quotas = Quotas(sleep=time.sleep, clock=time)
    assert quotas.refused(PUT, retry_after=30) == 30
    assert quotas.refused(PUT, retry_after=0.01) == pytest.approx(0.4)
    assert quotas.refused(PUT) == pytest.approx(0.8)
