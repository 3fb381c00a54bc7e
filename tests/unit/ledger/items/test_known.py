"""When a listing that a reading did not show counts as gone."""

from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.ledger.items.known import KnownItem
from amazon_listings.ledger.items.payloads import APART

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def known(**facts):
    return KnownItem(tested_hash=None, tested_definition=None, accepted_hash="h", asin=None, **facts)


@pytest.mark.parametrize(
    ("missed_at", "gone"),
    [
        (None, False),
        (NOON, False),
        (NOON - APART + SECOND, False),
        (NOON - APART, True),
        (NOON - 2 * APART, True),
    ],
)
def test_a_listing_that_was_seen_is_gone_when_two_readings_far_enough_apart_miss_it(missed_at, gone):
    assert known(seen_at=NOON - 3 * APART, missed_at=missed_at).is_missed_again(NOON) is gone


def test_a_listing_that_no_reading_showed_is_gone_at_once():
    assert known().is_missed_again(NOON)
