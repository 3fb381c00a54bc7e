"""No SKU of an account and region has two writes under way."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.tables import fences, leases
from amazon_listings.ledger.writes import feeds
from amazon_listings.ledger.writes.fences import Fence, lower_fences, raise_fences
from amazon_listings.ledger.writes.leases import Lease
from support.ledger_rows import open_feed

GERMANY, JAPAN = "A1PA6795UKMFR9", "A1VC38T7YXB528"


@pytest.fixture
def sending(ledger):
    """The token of a lease that is held until the test ends."""
    open_leases = []

    def sending(connector="fr_home", owner="run"):
        lease = Lease(ledger, connector, owner=owner)
        open_leases.append(lease.sending())
        open_leases[-1].__enter__()
        return lease.token

    yield sending
    for one in open_leases:
        one.__exit__(None, None, None)


def scope(marketplace_id, seller_id="A1SELLER"):
    return ListingScope("de_home", seller_id, marketplace_id, "HOME")


def message(sku):
    return {"sku": sku, "pim_id": sku, "method": "UPDATE", "hash": "h", "body": {}}


def count(ledger):
    with ledger.connect() as connection:
        return connection.scalar(select(func.count()).select_from(fences))


def test_a_sku_has_one_write_under_way_in_all_marketplaces_of_a_region(ledger, listings, new_run, sending):
    run, other = new_run(), new_run("de_home")
    first, second = sending(), sending("de_home")
    assert raise_fences(ledger, listings, ["a", "b"], run=run, token=first) == {}
    blocked = raise_fences(ledger, scope(GERMANY), ["b", "c"], run=other, token=second)
    assert blocked == {"b": Fence(run, None)}
    lower_fences(ledger, listings, ["b"], token=first)
    assert raise_fences(ledger, scope(GERMANY), ["b"], run=other, token=second) == {}


@pytest.mark.parametrize("elsewhere", [scope(JAPAN), scope(GERMANY, "A2OTHER")])
def test_other_regions_and_accounts_are_free(ledger, listings, new_run, sending, elsewhere):
    raise_fences(ledger, listings, ["a"], run=new_run(), token=sending())
    assert raise_fences(ledger, elsewhere, ["a"], run=new_run(), token=sending("de_home")) == {}


def test_only_whoever_raised_a_fence_lowers_it(ledger, listings, new_run, sending):
    raise_fences(ledger, listings, ["a"], run=new_run(), token=sending())
    lower_fences(ledger, listings, ["a"], token="another")
    lower_fences(ledger, scope(JAPAN), ["a"], token="another")
    assert count(ledger) == 1


def test_raising_twice_under_one_lease_is_idempotent(ledger, listings, new_run, sending):
    run, token = new_run(), sending()
    for _ in range(2):
        assert raise_fences(ledger, listings, ["a"], run=run, token=token) == {}
    assert count(ledger) == 1


def test_the_fence_of_a_single_write_ends_with_the_lease_of_a_run_that_died(
    ledger, listings, new_run, sending
):
    raise_fences(ledger, listings, ["a"], run=new_run(), token=sending())
    with ledger.begin() as connection:
        connection.execute(update(leases).values(expires_at=0.0))
    assert raise_fences(ledger, listings, ["a"], run=new_run(), token=sending("de_home")) == {}


def test_a_retry_takes_over_every_fence_of_the_try_that_died(ledger, listings, new_run, sending):
    """Batch by batch: what it has taken over already says nothing of the others."""
    run, skus = new_run(), [f"s{number}" for number in range(20)]
    raise_fences(ledger, listings, skus, run=run, token=sending())
    retry = sending()
    assert raise_fences(ledger, listings, skus[:10], run=run, token=retry) == {}
    assert raise_fences(ledger, listings, skus[10:], run=run, token=retry) == {}


@pytest.mark.parametrize("end", ["settled", "abandoned"])
def test_the_fence_of_a_message_stands_until_its_feed_is_settled(ledger, listings, new_run, end):
    run = new_run()
    lease = Lease(ledger, "fr_home", owner="run")
    with lease.sending():
        raise_fences(ledger, listings, ["a", "b"], run=run, token=lease.token)
        number = open_feed(ledger, listings, run, "doc", [message("a")], token=lease.token)
    # The lease is given back; the message is under way, the other SKU is free.
    assert raise_fences(ledger, scope(GERMANY), ["a", "b"], run=run, token="t") == {"a": Fence(run, number)}
    if end == "abandoned":
        feeds.feed_abandoned(ledger, number)
    else:
        (feed,) = feeds.pending_feeds(ledger, "fr_home")
        feeds.settle_feed(ledger, feed, state="DONE", report_id=None, outcomes=[])
    assert raise_fences(ledger, scope(GERMANY), ["a"], run=run, token="t") == {}


def test_a_feed_is_not_opened_with_an_item_that_has_another_write_under_way(
    ledger, listings, new_run, sending
):
    raise_fences(ledger, scope(GERMANY), ["b"], run=new_run("de_home"), token=sending("de_home"))
    with pytest.raises(feeds.ItemInFeed):
        open_feed(ledger, listings, new_run(), "doc", [message("a"), message("b")])
    assert feeds.pending_feeds(ledger, "fr_home") == []
    assert count(ledger) == 1


def test_hostile_and_many_skus(ledger, listings, new_run, sending):
    skus = [f"SKU-{number}" for number in range(1200)]
    skus += ["a\x00b", "\ud800", "x" * 500, "'; DROP TABLE fences--"]
    token = sending()
    assert raise_fences(ledger, listings, skus, run=new_run(), token=token) == {}
    blocked = raise_fences(ledger, listings, ["\ud800", "x" * 500], run=new_run(), token=sending("de_home"))
    assert blocked.keys() == {"\ud800", "x" * 500}
    lower_fences(ledger, listings, skus, token=token)
    assert count(ledger) == 0


def test_a_feed_takes_the_fences_of_its_run_over_and_raises_what_is_missing(
    ledger, listings, new_run, sending, statements
):
    run, token = new_run(), sending()
    raise_fences(ledger, listings, ["a", "b", "\ud800"], run=run, token=token)
    with statements() as made:
        number = open_feed(ledger, listings, run, "doc", [message("a"), message("\ud800")], token=token)
    assert not any("INTO fences" in one for one in made), made
    other = sending("de_home")
    fenced = Fence(run, number)
    standing = raise_fences(ledger, scope(GERMANY), ["a", "b", "\ud800", "c"], run=run, token=other)
    assert standing == {"a": fenced, "b": Fence(run, None), "\ud800": fenced}
    number = open_feed(ledger, listings, run, "doc-2", [message("b"), message("d")], token=token)
    standing = raise_fences(ledger, scope(GERMANY), ["b", "d"], run=run, token=other)
    assert standing == {"b": Fence(run, number), "d": Fence(run, number)}


def test_a_feed_does_not_take_over_the_fence_of_another_lease(ledger, listings, new_run, sending):
    run, token = new_run(), sending()
    raise_fences(ledger, listings, ["a"], run=run, token=token)
    raise_fences(ledger, scope(GERMANY), ["b"], run=new_run("de_home"), token=sending("de_home"))
    with pytest.raises(feeds.ItemInFeed):
        open_feed(ledger, listings, run, "doc", [message("a"), message("b")], token=token)
    assert feeds.pending_feeds(ledger, "fr_home") == []
    lower_fences(ledger, listings, ["a"], token=token)
    assert count(ledger) == 1, "the fence was still that of the single write"
