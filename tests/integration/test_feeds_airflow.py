"""Feeds in a running Airflow: live sync leaves its worker and comes back; what was accepted is confirmed."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, update

from amazon_listings.ledger.tables import items
from support.airflow import demo_connector

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

#: Seconds by the sandbox's clock, which the test moves.
QUEUE = 3_600


@pytest.fixture(scope="module")
def fed(house):
    """A connector that sends everything by feeds, declared by an Airflow Variable; its run, deferred."""
    # A family that no other connector here sends: what the account has already accepted is not sent again.
    chosen = {"filter": "{{ item.reference.startswith('LUM-B105') }}"}
    document = demo_connector(
        "de_backpacks",
        "fed",
        sales_layer=chosen,
        sync={"schedule": None, "feed_from": 1, "operation": "live"},
    )
    document.pop("title")
    house.airflow.call(
        "POST", "/variables", json={"key": "amazon_connector_fed", "value": json.dumps(document)}
    )
    house.sandbox.control("settings", feed_queue_delay=QUEUE)
    house.parse("amazon_packs")
    # What this connector updates starts the confirmation once its DAG has been read again, too.
    house.parse("amazon_confirm")
    confirmation = "/dags/amazon_confirm/details"
    house.wait_until(
        lambda: "listings_fed" in json.dumps(house.airflow.call("GET", confirmation)["asset_expression"]),
        "the confirmation does not know the connector",
    )
    house.unpause("fed")
    before = house.calls().get("createFeed", 0)
    run = house.trigger("fed", operation="live")

    def task():
        return house.airflow.call("GET", f"{run.path}/taskInstances/live_sync")

    def settled():
        return found if (found := task())["state"] in {"deferred", "success", "failed"} else None

    deferred = house.wait_until(settled, "live_sync did not start")
    assert deferred["state"] == "deferred"
    house.sandbox.advance(QUEUE + 60)
    house.sandbox.control("settings", feed_queue_delay=0)
    house.finish(run)
    return deferred, run, house.calls()["createFeed"] - before


def test_while_amazon_works_no_worker_does(fed):
    deferred, _, _ = fed
    assert deferred["trigger"]["classpath"].endswith("triggers.FeedsTrigger")


def test_the_run_ends_with_what_the_report_said(fed):
    _, run, feeds = fed
    assert run.state == "success"
    result = run.result("live_sync")
    assert result["accepted"]
    assert sum(result.values()) == result["accepted"]
    assert run.result("report")["calls"]["feeds"] == 1
    assert feeds == 1
    assert "DONE" in run.said("live_sync")


@pytest.fixture(scope="module")
def confirmed(house, fed):
    """State and ASIN of every listing, once the DAG has run that starts when listings were updated."""
    ledger = create_engine(f"sqlite:///{house.home / 'ledger.db'}")
    ours = items.c.connector_key == "fed"
    with ledger.begin() as connection:
        # The minute after the acceptance has passed.
        looks = update(items).where(ours, items.c.look_at.is_not(None))
        connection.execute(looks.values(look_at=datetime(2026, 1, 1, tzinfo=UTC)))

    def decided():
        with ledger.begin() as connection:
            rows = connection.execute(select(items.c.state, items.c.asin, items.c.look_at).where(ours)).all()
        return rows if all(row.look_at is None for row in rows) else None

    return house.wait_until(decided, "the listings were not confirmed")


def test_what_was_accepted_is_confirmed(confirmed):
    assert {row.state for row in confirmed} == {"live"}
    assert all(row.asin for row in confirmed)


def test_the_report_of_the_run_says_so(fed, house, confirmed):
    _, run, _ = fed
    place = Path(run.result("report")["files"]["items.csv"].removeprefix("file://"))

    # A run that an update started, or the one of the quarter of an hour: whichever was first writes it.
    def told():
        with place.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return rows if all(row["outcome"] == "live" for row in rows) else None

    rows = house.wait_until(told, "the report does not say what was confirmed")
    assert len(rows) == len(confirmed)
    assert all(row["asin"] for row in rows)
