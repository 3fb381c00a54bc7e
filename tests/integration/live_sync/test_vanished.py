"""Listings that were deleted by hand: seen, said, and created again only if that is wanted."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.tables import items
from amazon_listings.ledger.writes.sweeps import due_for_sweep, sweep_is_due
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.watch.sweep import sweep
from local_airflow.project import PROJECT
from support.ledger_rows import record_accepted
from support.sync_runs import lamp


def look(shop, connector, *, days=0.0):
    """Look for what is due so many days from now."""
    now = datetime.now(UTC) + timedelta(days=days)
    return sweep(connector, client=shop.client, ledger=shop.ledger, now=now)


def read_back(shop, connector):
    """Confirm everything: as if it was seen just now, and nothing more is due."""
    with shop.ledger.begin() as connection:
        moment = datetime.now(UTC)
        connection.execute(update(items).values(state="live", look_at=None, seen_at=moment))


def long_ago(shop, **since):
    """Let the last reading and the last write be so long ago."""
    with shop.ledger.begin() as connection:
        moment = datetime.now(UTC) - timedelta(**since)
        connection.execute(update(items).values(seen_at=moment, accepted_at=moment))


def missed_long_ago(shop, **since):
    with shop.ledger.begin() as connection:
        moment = datetime.now(UTC) - timedelta(**since)
        connection.execute(update(items).where(items.c.missed_at.is_not(None)).values(missed_at=moment))


def delete_by_hand(shop, connector, sku):
    amazon.delete(shop.client, sku, connector.marketplace.id)


def state(shop, connector, sku):
    return known_items(shop.ledger, shop.listings(connector), [sku])[sku].state


def writes(shop):
    names = {"putListingsItem", "patchListingsItem", "deleteListingsItem"}
    sent = [one for one in shop.sandbox.requests() if one["operation"] in names]
    return [one["operation"] for one in sent if "VALIDATION_PREVIEW" not in str(one)]


@pytest.mark.parametrize("feeds", [False, True])
@pytest.mark.parametrize(("preview", "hours"), [("changed", 25), ("none", 25), ("needed", 0), ("none", 0)])
def test_no_patch_goes_to_a_listing_that_was_deleted_by_hand(shop, preview, hours, feeds):
    connector = shop.connector(sync={"preview": preview})
    shop.run(connector, [lamp("A"), lamp("B")])
    read_back(shop, connector)
    long_ago(shop, hours=hours)
    delete_by_hand(shop, connector, "A")
    if feeds:
        connector = shop.connector(sync={"preview": preview, "feed_from": 1})
    run = shop.run(connector, [lamp("A", price=12), lamp("B")])
    assert run.outcomes() == {"A": "gone", "B": "unchanged"}
    assert shop.held(connector, "A") is None
    again = shop.run(connector, [lamp("A", price=12), lamp("B")])
    assert again.outcomes()["A"] == "gone"


@pytest.mark.parametrize("policy", ["report", "recreate"])
def test_two_readings_a_while_apart_decide(shop, policy):
    connector = shop.connector(sync={"when_vanished": policy})
    shop.run(connector, [lamp("A"), lamp("B")])
    read_back(shop, connector)
    delete_by_hand(shop, connector, "A")
    assert look(shop, connector) == {}  # seen just now
    assert look(shop, connector, days=7) == {"there": 1, "missed": 1}
    assert look(shop, connector, days=7.01) == {}
    assert state(shop, connector, "A") == "live"
    assert look(shop, connector, days=7.1) == {"gone": 1}
    assert state(shop, connector, "A") == "gone"
    run = shop.run(connector, [lamp("A"), lamp("B")])
    assert run.outcomes()["A"] == ("gone" if policy == "report" else "accepted")
    assert (shop.held(connector, "A") is None) == (policy == "report")


def test_an_outage_that_answers_empty_creates_nothing(shop):
    connector = shop.connector(sync={"when_vanished": "recreate"})
    shop.run(connector, [lamp("A"), lamp("B")])
    read_back(shop, connector)
    empty = {"numberOfResults": 0, "items": []}
    shop.sandbox.fault("searchListingsItems", "status", status=200, body=empty)
    assert look(shop, connector, days=7) == {"there": 2}
    shop.sandbox.fault("searchListingsItems", "status", status=200, body=empty)
    shop.sandbox.fault("getListingsItem", "status", status=404, body={"errors": []}, times=2)
    assert look(shop, connector, days=14) == {"missed": 2}
    assert look(shop, connector, days=14.1) == {"there": 2}
    assert state(shop, connector, "A") == "live"


def test_a_listing_that_somebody_made_again_is_seen(shop):
    connector = shop.connector()
    shop.run(connector, [lamp("A"), lamp("B")])
    read_back(shop, connector)
    before = accepted_contents(shop.ledger, shop.listings(connector), ["A"])["A"]
    delete_by_hand(shop, connector, "A")
    look(shop, connector, days=7)
    look(shop, connector, days=7.1)
    answer = amazon.put(shop.client, "A", connector.marketplace.id, product_type="LAMP", attributes=before)
    assert answer.status == "ACCEPTED"
    assert look(shop, connector, days=8.2)["there"] == 1
    run = shop.run(connector, [lamp("A", price=12), lamp("B")])
    assert run.outcomes()["A"] == "accepted"


def test_what_waits_to_be_confirmed_or_was_deleted_is_not_looked_for(shop):
    connector = shop.connector(sync={"when_removed": "delete", "removed_share": 1})
    shop.run(connector, [lamp("A"), lamp("B")])
    assert look(shop, connector, days=30) == {}
    read_back(shop, connector)
    shop.run(connector, [lamp("B")])
    assert look(shop, connector, days=30) == {"there": 1}
    assert not sweep_is_due(shop.ledger, connector.key, now=datetime.now(UTC) + timedelta(days=35))


def test_one_search_looks_in_the_marketplaces_of_the_accounts_other_connectors(shop):
    connector = shop.connector()
    shop.run(connector, [lamp("A"), lamp("B"), lamp("C")])
    place = replace(connector.amazon, country="DE", locale="de_DE")
    german = replace(connector, amazon=place, resolved_key="lampen")
    there = ListingScope("lampen", shop.client.account.seller_id, german.marketplace.id, "LAMP")
    text = (PROJECT / "tests" / "data" / "lamp.json").read_text()
    for name, value in {"LANGUAGE": "de_DE", "MARKETPLACE": german.marketplace.id, "CURRENCY": "EUR"}.items():
        text = text.replace(name, value)
    attributes = json.loads(text)
    rows = [{"sku": sku, "pim_id": sku, "hash": "h", "attributes": attributes} for sku in ("A", "B")]
    record_accepted(shop.ledger, there, rows)
    answer = amazon.put(shop.client, "A", german.marketplace.id, product_type="LAMP", attributes=attributes)
    assert answer.status == "ACCEPTED", answer.issues
    read_back(shop, connector)
    now = datetime.now(UTC) + timedelta(days=7)
    shop.sandbox.control("recording", on=True)
    assert sweep(connector, client=shop.client, ledger=shop.ledger, now=now, beside=[german]) == {"there": 3}
    asked = [one["operation"] for one in shop.sandbox.requests()]
    assert asked.count("searchListingsItems") == 1
    assert "getListingsItem" not in asked
    assert due_for_sweep(shop.ledger, there, now=now, limit=9) == ["B"]  # A was shown there, B was not
