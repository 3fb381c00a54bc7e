"""Stops: what is resumed, and what stays stopped."""

from amazon_listings.ledger.connectors.stops import all_stops, resume, stop, stop_of


def keys(ledger):
    return [one.connector_key for one in all_stops(ledger)]


def test_only_what_is_resumed_goes_on(ledger):
    for key in ("aaa", "lamps", "zzz"):
        assert stop(ledger, key, by="Ana")
    assert not stop(ledger, "lamps")
    assert resume(ledger, "lamps")
    assert not resume(ledger, "lamps")
    assert keys(ledger) == ["aaa", "zzz"]
    assert stop_of(ledger, "lamps") is None
    assert stop_of(ledger, "zzz").stopped_by == "Ana"


def test_the_stop_of_all_is_taken_back_by_itself(ledger):
    stop(ledger)
    stop(ledger, "lamps", by="Ana")
    assert [stop_of(ledger, key).connector_key for key in ("lamps", "other")] == ["lamps", ""]
    resume(ledger)
    assert keys(ledger) == ["lamps"]
