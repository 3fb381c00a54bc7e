"""What a run would cost, asked of a ledger before it starts."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.payloads import ListingScope, record_listed
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.selling_partner.operations import limits
from amazon_listings.writes.foreseen import forecast_of_approval, forecast_of_changes, forecast_of_due
from support.airflow import demo_connector
from support.ledger_rows import record_accepted, record_tested
from support.ledgers import ledger_in

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "connectors"
    folder.mkdir()
    document = demo_connector("fr_lamps", "lamps", sync={"preview_rate": 1})
    (folder / "lamps.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return folder


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def ledger(url, tmp_path):
    engine = ledger_in(tmp_path)
    resolve_key(engine, "lamps")
    yield engine
    engine.dispose()


@pytest.fixture
def connector(folder):
    (found,) = load_connectors(folder, {}).connectors
    return replace(found, resolved_key="lamps")


def fill(ledger, number, size, outcome="ready", prefix="A"):
    """Enter items whose payloads have about so many bytes."""
    states = []
    for place in range(number):
        sku = f"{prefix}{place}"
        payload = {"item_name": [{"value": f"{place:06}" + "é" * ((size - 40) // 2)}]}
        row = {"sku": sku, "place": place}
        states.append(
            ItemState(
                pim_id=sku,
                sku=sku,
                family=sku,
                run=1,
                operation="test",
                outcome=outcome,
                read_at=NOW,
                row=row,
                attributes=payload,
                payload_hash=f"h{sku}",
            )
        )
    record_states(ledger, "lamps", states)
    return [
        {"sku": one.sku, "pim_id": one.sku, "hash": one.payload_hash, "attributes": one.attributes}
        for one in states
    ]


LISTINGS = ListingScope("lamps", "S", "A13V1IB3VIYZZH", "LAMP")


def test_many_new_items_go_by_feeds_whose_number_is_that_of_their_bytes(ledger, connector):
    fill(ledger, 8_000, 2_700)
    cost = forecast_of_due(connector, ledger)
    numbers = cost.as_json()
    assert (numbers["items"], numbers["creations"], numbers["way"]) == (8_000, 8_000, "feeds")
    assert numbers["bytes"] == pytest.approx(8_000 * 2_700, rel=0.05)
    # 21.6 MB, 10 MiB in each.
    assert numbers["calls"] == {"searchListingsItems": 800, "preview": 1_000, "createFeed": 3}
    # 400 searches twice at 5 a second, and 1,000 previews at one a second.
    assert numbers["minutes"] == pytest.approx((2 * 79 + 998) / 60, abs=0.2)


def test_what_amazon_accepted_is_not_due_and_what_it_passed_needs_no_preview(ledger, connector):
    rows = fill(ledger, 10, 300)
    record_accepted(ledger, LISTINGS, rows[:4])
    record_tested(ledger, LISTINGS, "checksum", [row | {"asin": None} for row in rows[4:7]])
    fill(ledger, 5, 300, outcome="blocked", prefix="B")
    due = forecast_of_due(connector, ledger).as_json()
    assert (due["items"], due["creations"], due["updates"]) == (6, 6, 0)
    assert due["calls"]["preview"] == 3
    changes = forecast_of_changes(connector, ledger).as_json()
    assert (changes["items"], changes["creations"], changes["updates"]) == (15, 11, 4)
    more = forecast_of_changes(connector, ledger, 3_000).as_json()
    assert (more["items"], more["updates"], more["way"]) == (3_000, 800, "feeds")


def test_what_waits_of_an_item_is_due(ledger, connector):
    fill(ledger, 3, 300, outcome="accepted_in_part")
    assert forecast_of_due(connector, ledger).items == 3


def test_the_connectors_previews_count(ledger, connector):
    fill(ledger, 30, 300)
    for preview, expected in (("none", 0), ("all", 30), ("changed", 30), ("needed", 20)):
        one = replace(connector, sync=replace(connector.sync, preview=preview, preview_most=20))
        assert forecast_of_due(one, ledger).previews.calls == expected


def test_an_approval_costs_what_it_sends(ledger, connector):
    cost = forecast_of_approval(connector, ledger, "lamps", {"create": 2, "change": 1, "remove": 3})
    assert cost.as_json()["calls"] == {"searchListingsItems": 1, "putListingsItem": 2, "patchListingsItem": 4}


def run(*arguments):
    return CliRunner().invoke(app, ["--language", "en", "forecast", *map(str, arguments)])


def test_the_command_says_both_before_a_run(folder, url, ledger):
    fill(ledger, 2, 300)
    done = run("lamps", "--folder", folder, "--ledger", url)
    assert done.exit_code == 0, done.output
    cost = (
        "1 search, less than a minute; up to 2 previews, less than a minute; then, if all pass, one by one, "
        "1 search, less than a minute; 2 submissions, less than a minute."
    )
    assert done.stdout.splitlines() == [
        f"2 items are due as far as the ledger knows: {cost}",
        f"If 2 items change: {cost}",
    ]
    numbers = json.loads(run("lamps", "--json", "--folder", folder, "--ledger", url).stdout)
    assert numbers["due"] == numbers["changed"]


def test_a_connector_that_never_ran_is_asked_how_many(folder, url):
    done = run("lamps", "--folder", folder, "--ledger", url)
    assert done.exit_code == 1
    assert "--items" in done.stderr
    many = run("lamps", "--items", 100_000, "--json", "--folder", folder, "--ledger", url)
    numbers = json.loads(many.stdout)
    assert numbers["due"] is None
    assert numbers["changed"]["calls"]["createFeed"] == pytest.approx(27, abs=3)


def test_connectors_may_have_no_ledger_yet_but_no_foreign_one(folder, tmp_path):
    none = run(
        "lamps", "--items", 9, "--json", "--folder", folder, "--ledger", f"sqlite:///{tmp_path}/none.db"
    )
    assert json.loads(none.stdout)["due"] is None
    (tmp_path / "foreign.db").write_text("no database at all")
    foreign = run("lamps", "--items", 9, "--folder", folder, "--ledger", f"sqlite:///{tmp_path}/foreign.db")
    assert foreign.exit_code == 1
    assert foreign.stdout == ""


def test_what_connectors_of_the_account_used_up_of_the_quota_of_feeds_counts(ledger, connector):
    rows = fill(ledger, 2_500, 40_000)
    record_accepted(ledger, LISTINGS, rows[:1])
    fresh = forecast_of_due(connector, ledger)
    assert fresh.as_json()["calls"]["createFeed"] == 10
    store = SharedBuckets(ledger)
    for limit in limits("createFeed"):
        if limit.scope == "account":
            store.lease(f"app|S|EU|{limit.name}", rate=limit.rate, burst=limit.burst, tokens=int(limit.burst))
            store.lease(f"app|T|EU|{limit.name}", rate=limit.rate, burst=limit.burst, tokens=50)
    used = forecast_of_due(connector, ledger)
    # Five more than five, one a minute; ten more than none, one in two minutes.
    assert fresh.sending.seconds == pytest.approx(fresh_seconds(fresh) + 5 * 60, abs=2)
    assert used.sending.seconds == pytest.approx(10 / 0.0083, rel=0.02), "searched meanwhile"


def fresh_seconds(cost):
    """The seconds of the readings before the feeds."""
    return (cost.sending.calls["searchListingsItems"] - 5) / 5


def test_a_listing_that_amazon_is_known_not_to_have_is_searched_for_once(ledger, connector):
    rows = fill(ledger, 40, 300)
    assert forecast_of_due(connector, ledger).as_json()["calls"]["searchListingsItems"] == 4
    record_listed(ledger, LISTINGS, {row["sku"]: False for row in rows})
    assert forecast_of_due(connector, ledger).as_json()["calls"]["searchListingsItems"] == 2
