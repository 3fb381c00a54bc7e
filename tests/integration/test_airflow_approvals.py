"""Races between a run and the people around it, each kind once in a running Airflow: nothing unallowed goes.

What is asked is answered in Airflow's Required Actions; runs and tasks are cleared by its REST API.
"""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from amazon_listings.approvals.answers import answer_items
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.ledger.tables import approvals
from amazon_listings.selling_partner import listings
from amazon_listings.selling_partner.calls.client import SellingPartner
from spapi_sandbox.catalogue.catalogue import load
from support.accounts import account_at
from support.airflow import NO_GUARDS, demo_connector, sent, without_confirmation

pytestmark = [pytest.mark.airflow, pytest.mark.soak, pytest.mark.timeout(1800)]

#: Seconds that a person needs to read a question: more than Airflow takes to see that its task is parked.
READING = 20.0
GERMANY = "A1PA6795UKMFR9"
DAG = "amazon_raced"
#: What happens to an item between the question and the sending.
KINDS = ("nothing", "payload", "listing", "foreign", "time", "second", "refusal", "cleared")
#: Kinds of which the change may go all the same.
ALLOWED = {"nothing", "foreign"}


class Shop:
    """The connector `raced` in the running Airflow, and what Amazon has of its items."""

    def __init__(self, house):
        self.house = house
        self.ledger = open_ledger(f"sqlite:///{house.home / 'ledger.db'}")
        self.client = SellingPartner(account_at(house.sandbox))
        variants = (one for product in load().entries("products") for one in load().variants_of(product.id))
        self._variants = {one.ref: one.id for one in variants}

    def declare(self, **changes):
        """Declare the connector by an Airflow Variable."""
        families = ["LUM-B110", "LUM-B111", "LUM-B106"]
        chosen = {"filter": f"{{{{ item.reference[:8] in {families} }}}}"}
        sync = {"schedule": None, "operation": "live"}
        document = demo_connector("de_backpacks", "raced", sales_layer=chosen, sync=sync, **changes)
        document.pop("title")
        body = {"key": "amazon_connector_raced", "value": json.dumps(document)}
        call, known = self.house.airflow.call, "amazon_connector_raced"
        listed = call("GET", "/variables", params={"limit": 100})["variables"]
        if known in {one["key"] for one in listed}:
            call("PATCH", f"/variables/{known}", json=body)
        else:
            call("POST", "/variables", json=body)

    def offers(self, sku):
        version = self.house.sandbox.state.listings.submitted(self.house.sandbox.seller_id, sku, GERMANY)
        return version.attributes["purchasable_offer"] if version else []

    def price(self, sku):
        (own,) = (one for one in self.offers(sku) if one.get("audience", "ALL") == "ALL")
        return own["our_price"][0]["schedule"][0]["value_with_tax"]

    def reprice(self, sku, factor, price):
        self.house.edit("variants", self._variants[sku], values={"price": f"{price * factor:.2f}"})

    def by_hand(self, sku, op, **changes):
        """Another tool changes the offer of a listing."""
        (own,) = (one for one in self.offers(sku) if one.get("audience", "ALL") == "ALL")
        patch = {"op": op, "path": "/attributes/purchasable_offer", "value": [{**own, **changes}]}
        done = listings.patch(self.client, sku, [GERMANY], product_type="BACKPACK", patches=[patch])
        assert done.status == "ACCEPTED", done

    def answer(self, sku, *, approved, by):
        where = ApprovalFilter(connectors=("raced",), skus=(sku,))
        return answer_items(self.ledger, where, approved=approved, by=by)

    def clear(self, run, task=None, *, downstream=True):
        """Clear a whole run, or a task, with those that follow it or without; wait for its end."""
        call = self.house.airflow.call
        if task is None:
            call("POST", f"{run.path}/clear", json={"dry_run": False, "only_failed": False})
        else:
            body = {"dag_run_id": run.run_id, "task_ids": [task], "include_downstream": downstream}
            body |= {"dry_run": False, "only_failed": False}
            call("POST", f"/dags/{DAG}/clearTaskInstances", json=body)
        for cached in ("tasks", "xcoms"):
            run.__dict__.pop(cached, None)
        self.house.wait_until(
            lambda: call("GET", run.path)["state"] in {"queued", "running"}, "it was not cleared"
        )
        return self.house.finish(run)

    def approve_in_airflow(self, *, without):
        """Answer the connector's question in Required Actions, as its page does."""
        call = self.house.airflow.call
        self.house.unpause("approvals")

        def asked():
            details = call("GET", "/dags/~/dagRuns/~/hitlDetails", params={"limit": 100})["hitl_details"]
            parked = [one for one in details if not one.get("response_received")]
            return next((one for one in parked if "raced" in json.dumps(one)), None)

        self.house.trigger("approvals")
        task = self.house.wait_until(asked, "nothing was asked")["task_instance"]
        place = f"/dags/amazon_approvals/dagRuns/{task['dag_run_id']}/taskInstances/ask/{task['map_index']}"
        # No person answers at once: in its first seconds the scheduler takes the answered task for one that
        # was lost, and asks again.
        time.sleep(READING)
        answer = {"chosen_options": ["Approve"], "params_input": {"skus_to_leave_out": " ".join(without)}}
        call("PATCH", f"{place}/hitlDetails", json=answer)

        def entered():
            found = find_approvals(self.ledger, ApprovalFilter(connectors=("raced",)))
            return any(one.state == "approved" for one in found)

        self.house.wait_until(entered, "the answer was not entered")


@pytest.fixture(scope="module")
def shop(house):
    shop = Shop(house)
    shop.declare()
    house.unpause("raced")
    yield shop
    shop.ledger.dispose()


@pytest.fixture(scope="module")
def first(shop, house):
    """A run that sends everything, and what its report said."""
    run = house.run("raced", operation="live")
    assert run.state == "success"
    return run, run.result("report")


def counts_of(run):
    return without_confirmation(run.result("report")["counts"])


def test_a_cleared_extract_keeps_what_the_attempt_sent(shop, first):
    run, report = first
    shop.clear(run, "extract_products")
    assert run.state == "success"
    assert counts_of(run) == without_confirmation(report["counts"])
    assert [one.attempt for one in recent_runs(shop.ledger, "raced")] == [0]


@pytest.mark.parametrize(("task", "downstream"), [("check_quality", True), ("report", False)])
def test_a_task_that_is_cleared_goes_on_with_what_the_attempt_sent(shop, house, first, task, downstream):
    run, report = first
    calls = house.calls()
    shop.clear(run, task, downstream=downstream)
    assert run.state == "success"
    assert counts_of(run) == without_confirmation(report["counts"])
    assert [one.attempt for one in recent_runs(shop.ledger, "raced")] == [0]
    for write in ("putListingsItem", "patchListingsItem", "createFeed"):
        assert house.calls().get(write, 0) == calls.get(write, 0), "nothing is sent again"


def test_the_first_task_cleared_alone_begins_no_attempt(shop, first):
    run, _ = first
    report = run.result("report")
    shop.clear(run, "refresh_definition", downstream=False)
    assert run.state == "success"
    assert run.result("report") == report
    (attempt,) = recent_runs(shop.ledger, "raced")
    assert (attempt.attempt, attempt.state) == (0, "settled")


def test_nothing_is_sent_that_nobody_allowed(shop, house, first):
    skus = sorted(sku for sku in shop._variants if shop.offers(sku) and sku[:8] in {"LUM-B110", "LUM-B111"})
    items = dict(zip(KINDS, skus, strict=False))
    assert len(items) == len(KINDS), skus
    before = {kind: shop.price(sku) for kind, sku in items.items()}
    shop.declare(approval={"policy": "always"}, guards=NO_GUARDS | {"price_fall": 0.4})
    for kind, sku in items.items():
        shop.reprice(sku, 0.5, before[kind])
    run = house.run("raced", operation="live")
    assert run.state == "success"
    assert run.result("report")["counts"]["waiting"] == len(KINDS)

    assert shop.answer(items["second"], approved=False, by="bob")
    late = approvals.c.sku == items["time"]
    with shop.ledger.begin() as connection:
        past = datetime.now(UTC) - timedelta(minutes=1)
        connection.execute(update(approvals).where(late).values(lapses_at=past))
    shop.approve_in_airflow(without=[])
    states = {
        one.sku: one.state for one in find_approvals(shop.ledger, ApprovalFilter(connectors=("raced",)))
    }
    assert {kind: states[sku] for kind, sku in items.items()} == dict.fromkeys(KINDS, "approved") | {
        "second": "refused",
        "time": "asked",
    }
    assert shop.answer(items["refusal"], approved=False, by="bob")
    shop.reprice(items["payload"], 0.25, before["payload"])
    shop.reprice(items["cleared"], 0.25, before["cleared"])
    by_hand = [{"schedule": [{"value_with_tax": 7.77}]}]
    shop.by_hand(items["listing"], "replace", our_price=by_hand)
    shop.by_hand(items["foreign"], "merge", audience="B2B", our_price=by_hand)

    shop.clear(run)
    assert run.state == "success"
    wanted = {kind: before[kind] * (0.5 if kind in ALLOWED else 1) for kind in KINDS} | {"listing": 7.77}
    found = {kind: shop.price(sku) for kind, sku in items.items()}
    assert found == pytest.approx(wanted, abs=0.011)
    assert {one.get("audience", "ALL") for one in shop.offers(items["foreign"])} == {"ALL", "B2B"}
    assert sent(run.result("report")["counts"]) == len(ALLOWED)
    attempts = [one for one in recent_runs(shop.ledger, "raced") if one.run_id == run.run_id]
    assert [one.attempt for one in attempts] == [1, 0]
    assert attempts[1].counts["waiting"] == len(KINDS), "the first attempt is as it was"


def test_a_stop_reaches_a_run_that_waits_for_a_feed_without_a_worker(house):
    """The feed is cancelled, and its items wait; by the sandbox's clock Amazon would never have begun it."""
    call = house.airflow.call
    chosen = {"filter": "{{ item.reference.startswith('LUM-B105') }}"}
    sync = {"schedule": None, "feed_from": 1, "operation": "live"}
    document = demo_connector("de_backpacks", "halted", sales_layer=chosen, sync=sync)
    document.pop("title")
    call("POST", "/variables", json={"key": "amazon_connector_halted", "value": json.dumps(document)})
    house.sandbox.control("settings", feed_queue_delay=3_600)
    house.unpause("halted")
    run = house.trigger("halted", operation="live")

    def parked():
        return call("GET", f"{run.path}/taskInstances/live_sync")["state"] == "deferred"

    house.wait_until(parked, "live_sync did not leave its worker")
    call("POST", "/variables", json={"key": "amazon_listings_stop", "value": "halted"})
    house.finish(run)
    call("DELETE", "/variables/amazon_listings_stop")
    house.sandbox.control("settings", feed_queue_delay=0)
    assert run.state == "success"
    counts = {name for name, number in run.result("report")["counts"].items() if number}
    assert counts - {"out_of_scope"} == {"waiting"}, run.result("report")


def test_a_run_that_is_cleared_after_the_catalogue_grew_sends_the_new_items_too(shop, house):
    """The second attempt has more parts than the first, so tasks of it that the first did not have."""
    shop.declare()
    products = {one.ref: one.id for one in load().entries("products")}
    hidden = ("LUM-B110", "LUM-B111")
    for reference in hidden:
        house.edit("products", products[reference], status="I")
    run = house.run("raced", operation="live", selection="everything")
    report, parts = run.result("report"), len(_parts(run))
    for reference in hidden:
        house.edit("products", products[reference], status="V")
    sku = next(one for one in shop._variants if one.startswith("LUM-B106") and shop.offers(one))
    shop.reprice(sku, 1.01, shop.price(sku))
    calls = house.calls()
    shop.clear(run)
    assert run.state == "success"
    assert len(_parts(run)) > parts, "Airflow expanded the task again"
    assert run.result("report")["extracted"] > report["extracted"]
    latest, earlier = recent_runs(shop.ledger, "raced", limit=2)
    assert (latest.attempt, latest.state, earlier.attempt, earlier.state) == (1, "settled", 0, "settled")
    assert sent(earlier.counts) == sent(report["counts"]), "the first attempt's row is as it was"
    assert house.calls()["patchListingsItem"] > calls.get("patchListingsItem", 0)


def test_a_run_of_what_is_affected_that_is_cleared_takes_what_is_affected_then(shop, house):
    shop.declare(mapping={"max_order_quantity": 9})
    run = house.run("raced", operation="live", selection="affected")
    assert run.state == "success", run.states
    report = run.result("report")
    assert sent(report["counts"]), report["counts"]
    shop.clear(run)
    assert run.state == "success"
    assert run.result("report")["extracted"] == 0, "nothing is affected any more"
    shop.declare(mapping={"max_order_quantity": 8})
    shop.clear(run)
    assert run.state == "success"
    assert counts_of(run) == without_confirmation(report["counts"])
    attempts = {one.attempt: one for one in recent_runs(shop.ledger, "raced", limit=3)}
    went = sent(report["counts"])
    assert [sent(attempts[number].counts) for number in (0, 1, 2)] == [went, 0, went]


def _parts(run):
    """The tasks that mapped parts."""
    return [one for one in run.tasks if one["task_id"] == "map_fields" and one["map_index"] >= 0]
