"""What a run was said to cost before it started, and how many calls it made then, as Amazon counts them."""

import functools
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.approvals.answers import answer_items
from amazon_listings.confirm.checks import confirm
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.approvals.progress import ApprovalFilter
from amazon_listings.local_run import Decision, run_connector
from amazon_listings.writes.foreseen import forecast_of_approval, forecast_of_changes
from spapi_sandbox.server import running_sandbox
from support.whole_runs import PARAMS, Home, product

ITEMS, CHANGED = 300, 3


def gtin(number):
    digits = f"{400_000_000_000 + number:012d}"
    total = sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits))
    return f"{digits}{-total % 10}"


@pytest.fixture
def sandbox():
    with running_sandbox(quotas=False) as running:
        yield running


def home_of(sandbox, root, items):
    return Home(sandbox, root, [product(number, ean=gtin(number)) for number in range(items)])


def counted(home, carry_out):
    """Carry something out, and return the requests by operation that Amazon has counted meanwhile."""

    def requests():
        operations = home.sandbox.counters()["operations"]
        return {name: one["requests"] for name, one in operations.items()}

    before = requests()
    carry_out()
    return {name: now - before.get(name, 0) for name, now in requests().items() if now - before.get(name, 0)}


def about(forecast):
    """What may come of so many calls: a fifth more or less, or one."""
    return range(int(min(forecast * 0.8, forecast - 1)), int(max(forecast * 1.2, forecast + 1)) + 1)


def test_runs_make_the_calls_that_were_forecast(sandbox, tmp_path):
    home = home_of(sandbox, tmp_path, ITEMS)
    connector = home.connector(sync={"feed_from": 100}, approval={"policy": "never"})
    run = functools.partial(home.run, connector)

    foreseen = forecast_of_changes(connector, home.ledger, ITEMS).as_json()["calls"]
    first = counted(home, run)
    assert first["searchListingsItems"] in about(foreseen["searchListingsItems"])
    assert first["createFeed"] in about(foreseen["createFeed"])
    assert 0 < first["putListingsItem"] <= foreseen["preview"], "all of them are previews"
    assert "getListingsItem" not in first

    for row in home.rows[:CHANGED]:
        row["name"] = "Lampe de bureau"
    foreseen = forecast_of_changes(connector, home.ledger, CHANGED).as_json()["calls"]
    second = counted(home, run)
    written = foreseen["patchListingsItem"]
    assert second["patchListingsItem"] in range(written, written + foreseen["preview"] + 1)
    assert second["searchListingsItems"] in about(foreseen["searchListingsItems"])
    assert not {"getListingsItem", "createFeed"} & second.keys()

    for row in home.rows:
        row["price"] = "10.50"
    foreseen = forecast_of_changes(connector, home.ledger, ITEMS).as_json()["calls"]
    prices = counted(home, run)
    assert prices["createFeed"] in about(foreseen["createFeed"])
    assert prices.get("patchListingsItem", 0) <= 1, "one preview of a price is enough"
    assert prices["searchListingsItems"] in about(foreseen["searchListingsItems"])
    assert "getListingsItem" not in prices

    unchanged = counted(home, run)
    assert not {name for name in unchanged if "Listings" in name or "Feed" in name}


@pytest.mark.parametrize("feed_from", [1000, 20])
def test_what_was_approved_is_sent_by_the_calls_that_its_question_named(sandbox, tmp_path, feed_from):
    home = home_of(sandbox, tmp_path, 60)
    connector = home.connector(sync={"feed_from": feed_from}, approval={"policy": "always"})
    home.write()

    def run(selection):
        params = PARAMS | {"selection": selection}
        run_connector(
            connector,
            home,
            params,
            decide=lambda *_: Decision.SEND_APPROVED,
            poll=lambda _: sandbox.advance(60),
        )

    run("changed")
    (question,) = open_questions(home.ledger)
    foreseen = forecast_of_approval(connector, home.ledger, connector.key, question.counts).as_json()["calls"]
    answer_items(home.ledger, ApprovalFilter(), approved=True, by="anna")
    calls = counted(home, lambda: run("approved"))
    assert foreseen.keys() == {"searchListingsItems", "createFeed" if feed_from == 20 else "putListingsItem"}
    assert {name: calls[name] for name in foreseen} == foreseen
    # What was judged by its shape is not previewed now, though its SKU is known by name.
    assert calls.get("putListingsItem", 0) == foreseen.get("putListingsItem", 0)


def test_confirmation_reads_twenty_listings_at_once(sandbox, tmp_path):
    home = home_of(sandbox, tmp_path, 60)
    connector = home.connector(sync={"feed_from": 100}, approval={"policy": "never"})
    home.run(connector)
    definitions = home.shop.definitions(connector)
    later = datetime.now(UTC) + timedelta(hours=2)

    def check():
        states = confirm(
            connector,
            definitions,
            client=home.shop.client,
            ledger=home.ledger,
            storage=home.storage,
            now=lambda: later,
        )
        assert sum(states.values()) == len(home.rows)

    calls = counted(home, check)
    reads = calls.get("getListingsItem", 0) + calls.get("searchListingsItems", 0)
    assert 0 < reads <= 0.06 * len(home.rows)
