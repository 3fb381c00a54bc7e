"""A connector with another id goes on where the old one was."""

from amazon_listings.ledger.connectors.keys import known_connectors
from amazon_listings.ledger.runs.history import recent_runs
from support.sync_runs import lamp


def test_renaming_sends_nothing_asks_nothing_and_blocks_nothing(shop):
    items = [lamp(sku) for sku in "ABC"]
    before = shop.run(shop.connector(), items)
    assert set(before.outcomes().values()) == {"accepted"}
    (shop._root / "connectors" / "lamps.yaml").unlink()
    renamed = shop.connector(id="lighting", was="lamps")
    for operation in ("test", "live"):
        after = shop.run(renamed, items, operation=operation)
        assert after.outcomes() == dict.fromkeys("ABC", "unchanged")
        assert after.calls() == {}
    (known,) = known_connectors(shop.ledger)
    assert (known.key, known.current_id, known.former_ids) == ("lamps", "lighting", ("lamps",))
    assert len(recent_runs(shop.ledger, known.key)) == 3


def test_connectors_that_become_one_send_nothing(shop):
    for name, skus in (("desk", "AB"), ("floor", "C")):
        assert set(shop.run(shop.connector(id=name), [lamp(sku) for sku in skus]).outcomes().values()) == {
            "accepted"
        }
        (shop._root / "connectors" / f"{name}.yaml").unlink()
    together = shop.run(shop.connector(id="lamps", was=["desk", "floor"]), [lamp(sku) for sku in "ABC"])
    assert together.outcomes() == dict.fromkeys("ABC", "unchanged")
    assert together.calls() == {}
