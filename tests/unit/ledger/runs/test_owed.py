"""What is owed goes when a run brought it to an end; where nothing is owed, nothing is asked about."""

import pytest

from amazon_listings.ledger.runs.owed import Owed, owed_families, record_owed, settle_owed

ENTRY = Owed("item", "p1", "f1", "waiting")


@pytest.fixture
def ended():
    """A way to end an item that counts whether it was read."""
    read = []

    def ended():
        read.append(True)
        yield "item", "p1"

    return ended, read


def test_what_a_run_brought_to_an_end_is_owed_no_more(ledger, ended):
    record_owed(ledger, "lamps", "live", 1, [ENTRY])
    settle_owed(ledger, "lamps", "live", 2, ended[0]())
    assert owed_families(ledger, "lamps", "live") == frozenset()


def test_another_item_and_another_kind_of_the_same_name_stay_owed(ledger):
    record_owed(ledger, "lamps", "live", 1, [ENTRY, Owed("item", "p2", "f2", "waiting")])
    settle_owed(ledger, "lamps", "live", 2, [("item", "p1"), ("removal", "p2")])
    assert owed_families(ledger, "lamps", "live") == {"f2"}


@pytest.mark.parametrize(("operation", "run"), [("test", 2), ("live", 3)])
def test_the_items_of_a_run_are_not_looked_at_where_nothing_of_it_is_owed(ledger, ended, operation, run):
    end, read = ended
    record_owed(ledger, "lamps", operation, run, [ENTRY])
    settle_owed(ledger, "lamps", "live", 2, end())
    assert owed_families(ledger, "lamps", operation) == {"f1"}
    assert not read
