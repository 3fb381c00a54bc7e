"""Waiting for feeds, against the sandbox: asks in a thread, keeps no secret, tells only that it is time."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.configured import connector_named
from amazon_listings.airflow_adapter.triggers import FeedsTrigger
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.ledger.connectors.stops import stop
from amazon_listings.runs.context import begin_run
from amazon_listings.selling_partner import feed_messages, feeds
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.settings import settings
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.airflow import amazon_connection, demo_connector
from support.ledgers import ledger_in

FRANCE = "A13V1IB3VIYZZH"


@pytest.fixture
def sandbox(connection, monkeypatch, tmp_path):
    ledger_in(tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    settings.cache_clear()
    with running_sandbox(quotas=False) as sandbox:
        connection("amazon_fr", amazon_connection(sandbox))
        yield sandbox
    settings.cache_clear()


def client_of(sandbox):
    account = account_at(sandbox)
    return SellingPartner(account, sleep=lambda _: None)


def started(sandbox):
    """A feed at Amazon."""
    client = client_of(sandbox)
    (document,) = feed_messages.documents(
        [feed_messages.encoded(feed_messages.delete("A1"))],
        feed_messages.header(sandbox.seller_id),
        refused=pytest.fail,
    )
    place = feeds.create_document(client)
    feeds.upload_document(client, place, document.content)
    return feeds.create(client, place.document_id, [FRANCE])


def trigger(*feed_ids, hours=1, **changes):
    until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    arguments = {"connection_id": "amazon_fr", "country": "FR", "interval": 0.01, "until": until}
    return FeedsTrigger(feed_ids=list(feed_ids), **(arguments | changes))


async def fired(waiting, *, meanwhile=None):
    """The event; `meanwhile` is called in the event loop as long as it is waited for."""
    running = asyncio.ensure_future(anext(waiting.run()))
    while not running.done():
        if meanwhile:
            meanwhile()
        await asyncio.sleep(0.01)
    return running.result().payload


def test_it_fires_when_all_feeds_are_through(sandbox):
    sandbox.control("settings", feed_queue_delay=600)
    slow = started(sandbox)
    sandbox.control("settings", feed_queue_delay=0)
    quick = started(sandbox)
    sandbox.state.feeds.wait()
    asked = []

    def asked_often():
        asked.append(None)
        if sandbox.counters()["operations"].get("getFeed", {}).get("requests", 0) > 5:
            sandbox.advance(700)
            sandbox.state.feeds.wait()

    event = asyncio.run(fired(trigger(slow, quick), meanwhile=asked_often))
    assert event == {"through": [slow, quick]}
    assert len(asked) > 1  # the loop was free for others


def test_a_feed_without_a_report_is_not_through(sandbox):
    sandbox.control("feeds", state="DONE", report=False)
    feed_id = started(sandbox)
    sandbox.state.feeds.wait()
    event = asyncio.run(fired(trigger(feed_id, hours=0.5 / 3600)))
    assert event == {"through": []}


@pytest.mark.parametrize("state", ["CANCELLED", "FATAL"])
def test_the_other_ends_are_ends(sandbox, state):
    sandbox.control("feeds", state=state, report=False)
    feed_id = started(sandbox)
    sandbox.state.feeds.wait()
    assert asyncio.run(fired(trigger(feed_id))) == {"through": [feed_id]}


def test_no_known_feed_means_one_interval(sandbox):
    assert asyncio.run(fired(trigger())) == {"through": []}


def test_a_feed_that_amazon_forgot_is_no_reason_to_wait(sandbox):
    assert asyncio.run(fired(trigger("123456789"))) == {"through": []}


def test_a_passing_fault_is_waited_out(sandbox, monkeypatch):
    feed_id = started(sandbox)
    sandbox.state.feeds.wait()
    waiting = trigger(feed_id)
    monkeypatch.setattr(waiting, "_client", lambda: client_of(sandbox))  # it does not sleep between tries
    sandbox.fault("getFeed", "status", status=503, times=4)
    assert asyncio.run(fired(waiting)) == {"through": [feed_id]}
    assert sandbox.counters()["operations"]["getFeed"]["requests"] == 5


def test_a_credential_that_is_refused_ends_the_wait(sandbox):
    feed_id = started(sandbox)
    sandbox.control("revoke")
    sandbox.control("tokens", forget=True)
    assert asyncio.run(fired(trigger(feed_id))) == {"through": []}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A live run of a connector that has begun; changes of the document on the disk."""
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path))
    settings.cache_clear()

    def declare(operation="live", **changes):
        document = demo_connector("de_backpacks", "packs", sync={"operation": operation}, **changes)
        (tmp_path / "packs.yaml").write_text(json.dumps(document), encoding="utf-8")

    declare()
    begin_run(keyed(connections.ledger(), connector_named("packs")), "manual__1", 0, connections.storage())
    return declare


@pytest.mark.parametrize("how", ["ledger", "variable", "test", "disabled"])
def test_a_stop_ends_the_wait(sandbox, run, monkeypatch, how):
    sandbox.control("settings", feed_queue_delay=3600)
    feed_id = started(sandbox)
    waiting = trigger(feed_id, connector_key="packs", run_id="manual__1", attempt=0)

    def stopped():
        if sandbox.counters()["operations"].get("getFeed", {}).get("requests", 0) < 2:
            return
        if how == "ledger":
            stop(connections.ledger(), "packs", by="anna")
        elif how == "variable":
            monkeypatch.setenv("AIRFLOW_VAR_AMAZON_LISTINGS_STOP", "others, packs")
        else:
            run("test" if how == "test" else "live", enabled=how != "disabled")

    assert asyncio.run(fired(waiting, meanwhile=stopped)) == {"through": []}


def test_what_was_stopped_already_is_waited_for(sandbox, run):
    sandbox.control("settings", feed_queue_delay=3600)
    feed_id = started(sandbox)
    stop(connections.ledger(), "packs", by="anna")
    assert asyncio.run(fired(trigger(feed_id, hours=1 / 3600))) == {"through": []}
    assert sandbox.counters()["operations"]["getFeed"]["requests"] > 2


def test_airflow_keeps_names_only(sandbox):
    path, kept = trigger("1", "2").serialize()
    assert path == "amazon_listings.airflow_adapter.triggers.FeedsTrigger"
    run = {"connector_key", "run_id", "attempt"}
    assert set(kept) == {"connection_id", "country", "feed_ids", "interval", "until"} | run
    assert sandbox.client_secret not in str(kept)
    again = FeedsTrigger(**kept)
    assert again.serialize() == (path, kept)
