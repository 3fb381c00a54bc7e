"""Taking runs back, against the sandbox: what Amazon held before is what it holds after."""

from __future__ import annotations

import getpass
import json
from copy import deepcopy

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.cli.rollback import lines_of
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import refresh_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.answers import answers_of, writes_to
from amazon_listings.ledger.items import ListingScope
from amazon_listings.ledger.known_items import accepted_contents, known_items
from amazon_listings.ledger.leases import ConnectorBusy, Lease
from amazon_listings.ledger.runs import find_run, recent_runs, start_run
from amazon_listings.marketplaces import marketplace
from amazon_listings.messages import catalogue
from amazon_listings.runs.definitions import definition_key
from amazon_listings.runs.payload import payload_hash
from amazon_listings.selling_partner import Quotas, SellingPartner
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.comparison import matches_put
from amazon_listings.selling_partner.tokens import Tokens
from amazon_listings.settings import settings
from amazon_listings.writes.protocol import WriteProtocol
from amazon_listings.writes.rollback.rollback import Restored, Rollback
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.airflow import amazon_connection
from support.ledger_rows import announce_submission, open_feed, record_accepted, record_submissions

FR = marketplace("FR")
HERE = {"marketplace_id": FR.id}
OFFER = {
    "merchant_suggested_asin": [{"value": "B07N4M94X4", **HERE}],
    "condition_type": [{"value": "new_new", **HERE}],
    "item_package_weight": [{"value": 1.5, "unit": "kilograms", **HERE}],
    "item_weight": [{"value": 1, "unit": "kilograms", **HERE}],
    "merchant_shipping_group": [{"value": "standard-template", **HERE}],
    "purchasable_offer": [
        {
            "currency": "EUR",
            "audience": "ALL",
            "our_price": [{"schedule": [{"value_with_tax": 15.0}]}],
            **HERE,
        }
    ],
    "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}],
    "max_order_quantity": [{"value": 5, **HERE}],
}
SELECTORS = {
    **dict.fromkeys(OFFER, ("marketplace_id",)),
    "purchasable_offer": ("marketplace_id", "currency", "audience"),
    "fulfillment_availability": ("fulfillment_channel_code",),
}


@pytest.fixture(scope="module")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


@pytest.fixture
def client(sandbox):
    account = account_at(sandbox)
    return SellingPartner(
        account,
        quotas=Quotas(sleep=sandbox.advance),
        tokens=Tokens(sleep=sandbox.advance),
        sleep=sandbox.advance,
    )


#: As much of a definition as a rollback reads.
DEFINITION = {
    "properties": {
        name: {
            "selectors": SELECTORS[name],
            "maxUniqueItems": 1,
            "items": {"properties": {key: {} for key in elements[0]}},
        }
        for name, elements in OFFER.items()
    }
}


class Seller:
    """Writes as a live sync does: reads what is held, writes, and enters both in the ledger."""

    def __init__(self, client, ledger):
        self.client = client
        self.ledger = ledger
        self.listings = ListingScope("fr_lamps", client.account.seller_id, FR.id, "PRODUCT")

    def run(self):
        return start_run(
            self.ledger,
            connector_key="fr_lamps",
            run_id=f"run-{len(recent_runs(self.ledger, 'fr_lamps', 1000))}",
            operation="live",
            scope="changed",
            fingerprint="f",
            definition="d",
        )

    def held(self, sku):
        found = amazon.get(self.client, sku, [FR.id], included=("attributes",))
        return None if found is None else found.attributes

    def put(self, run, sku, attributes):
        before = self.held(sku)
        answer = amazon.put(
            self.client,
            sku,
            FR.id,
            product_type="PRODUCT",
            requirements="LISTING_OFFER_ONLY",
            attributes=attributes,
        )
        self._remember(run, sku, "PUT", attributes, attributes, before, answer)

    def patch(self, run, sku, patches, wanted):
        before = self.held(sku)
        answer = amazon.patch(self.client, sku, [FR.id], product_type="PRODUCT", patches=patches)
        self._remember(run, sku, "PATCH", patches, wanted, before, answer)

    def delete(self, run, sku):
        before = self.held(sku)
        self._remember(run, sku, "DELETE", None, {}, before, amazon.delete(self.client, sku, FR.id))

    def _remember(self, run, sku, method, body, wanted, before, answer):
        assert answer.status == "ACCEPTED", answer.issues
        row = {
            "sku": sku,
            "pim_id": f"p/{sku}",
            "method": method,
            "status": answer.status,
            "submission_id": answer.submission_id,
            "request_id": answer.request_id,
            "hash": payload_hash(wanted),
            "body": body,
            "attributes": wanted,
            "before": before,
            "existed": before is not None,
        }
        record_submissions(self.ledger, self.listings, run, [row])
        record_accepted(self.ledger, self.listings, [row])

    def unanswered(self, run, sku, method, body, wanted, *, carried_out):
        """A write whose task was killed before Amazon's answer was in the ledger."""
        before = self.held(sku)
        row = {"sku": sku, "method": method, "hash": payload_hash(wanted), "body": body}
        announce_submission(
            self.ledger, self.listings, run, row | {"before": before, "existed": before is not None}
        )
        if carried_out and method == "PUT":
            amazon.put(
                self.client,
                sku,
                FR.id,
                product_type="PRODUCT",
                requirements="LISTING_OFFER_ONLY",
                attributes=body,
            )
        elif carried_out:
            amazon.patch(self.client, sku, [FR.id], product_type="PRODUCT", patches=body)

    def rollback(self, run, **more):
        return Rollback(
            find_run(self.ledger, str(run)),
            ledger=self.ledger,
            client=self.client,
            definition=DEFINITION,
            requirements="LISTING_OFFER_ONLY",
            **more,
        )

    def planned(self, run, **more):
        return {one.write.sku: one for some in self.rollback(run, **more).plan() for one in some}

    def carry_out(self, run, **more):
        steps = [one for some in self.rollback(run, **more).carry_out() for one in some]
        return {one.restoration.write.sku: one.status for one in steps if isinstance(one, Restored)}


@pytest.fixture
def seller(client, ledger):
    return Seller(client, ledger)


def priced(price, **more):
    attributes = deepcopy(OFFER) | more
    attributes["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] = price
    return attributes


QUANTITY = {"op": "replace", "path": "/attributes/fulfillment_availability"}


def test_a_put_over_a_listing_is_taken_back_by_a_patch(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    before = seller.held("S1")
    changed = priced(99.0, item_weight=[{"value": 7, "unit": "kilograms", **HERE}])
    del changed["max_order_quantity"]
    seller.put(second, "S1", changed)
    plan = seller.planned(second)["S1"]
    assert plan.method == "PATCH"
    paths = {patch["path"].removeprefix("/attributes/") for patch in plan.body}
    assert paths == {"purchasable_offer", "item_weight", "max_order_quantity"}
    assert seller.held("S1") != before, "planning sends nothing"
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert seller.held("S1") == before


def test_only_what_the_run_wrote_is_restored(seller, ledger):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", OFFER)
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    seller.patch(second, "S1", [QUANTITY | {"value": value}], OFFER | {"fulfillment_availability": value})
    foreign = [{"value": 8, "unit": "kilograms", **HERE}]
    amazon.patch(
        seller.client,
        "S1",
        [FR.id],
        product_type="PRODUCT",
        patches=[{"op": "replace", "path": "/attributes/item_weight", "value": foreign}],
    )
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert matches_put(seller.held("S1"), OFFER | {"item_weight": foreign})
    (rollback, *_) = recent_runs(ledger, "fr_lamps")
    assert (rollback.operation, rollback.state, rollback.counts) == ("rollback", "settled", {"accepted": 1})
    last = list(writes_to(ledger, "S1"))[-1]
    assert (last.run, last.undoes, last.method, last.can_be_undone) == (
        rollback.number,
        second,
        "PATCH",
        True,
    )


def test_what_was_new_is_deleted_and_what_was_deleted_is_put_back(seller, ledger):
    first, second = seller.run(), seller.run()
    seller.put(first, "old", OFFER)
    before = seller.held("old")
    seller.put(second, "new", OFFER)
    seller.delete(second, "old")
    assert {sku: one.method for sku, one in seller.planned(second).items()} == {"new": "DELETE", "old": "PUT"}
    assert seller.carry_out(second) == {"new": "ACCEPTED", "old": "ACCEPTED"}
    assert seller.held("new") is None
    assert seller.held("old") == before
    known = known_items(ledger, seller.listings, ["new", "old"])
    assert (known["new"].listed, known["old"].listed) == (False, True)
    # Of what is put back it is not known who made what: nothing of it is taken away later.
    assert accepted_contents(ledger, seller.listings, ["old"]) == {}


def test_a_rollback_can_be_taken_back(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0))
    seller.carry_out(second)
    assert seller.planned(second)["S1"].remark.code == "rollback.remark.taken_back"
    undo = recent_runs(seller.ledger, "fr_lamps")[0].number
    assert seller.carry_out(undo) == {"S1": "ACCEPTED"}
    price = seller.held("S1")["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]
    assert price == 20.0
    assert seller.planned(second)["S1"].method == "PATCH"


def test_runs_are_taken_back_in_their_order(seller):
    first, second, third = seller.run(), seller.run(), seller.run()
    for run, price in ((first, 1.0), (second, 2.0), (third, 3.0)):
        seller.put(run, "S1", priced(price))
    assert f"run {third} wrote to it since" in catalogue("en").value(seller.planned(second)["S1"].remark)
    assert seller.carry_out(second) == {"S1": "KEPT"}
    seller.carry_out(third)
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert seller.carry_out(first) == {"S1": "ACCEPTED"}
    assert seller.held("S1") is None


@pytest.mark.parametrize("carried_out", [True, False])
def test_an_update_without_an_answer_is_taken_back_if_it_happened(seller, carried_out):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", OFFER)
    before = seller.held("S1")
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    patches = [QUANTITY | {"value": value}]
    seller.unanswered(second, "S1", "PATCH", patches, OFFER, carried_out=carried_out)
    plan = seller.planned(second)["S1"]
    if carried_out:
        assert (plan.method, plan.remark.code) == ("PATCH", "rollback.remark.unanswered_held")
    else:
        assert (plan.method, plan.remark.code) == ("NOTHING", "rollback.remark.unanswered_not_held")
    assert seller.carry_out(second) == {"S1": "ACCEPTED" if carried_out else "KEPT"}
    assert seller.held("S1") == before


def test_a_creation_without_an_answer_is_deleted_if_it_is_ours(seller):
    run = seller.run()
    seller.unanswered(run, "ours", "PUT", OFFER, OFFER, carried_out=True)
    seller.unanswered(run, "never", "PUT", OFFER, OFFER, carried_out=False)
    seller.unanswered(run, "theirs", "PUT", {"item_weight": OFFER["item_weight"]}, {}, carried_out=False)
    seller.put(seller.run(), "theirs", priced(20.0, item_weight=[{"value": 3, "unit": "kilograms", **HERE}]))
    with seller.ledger.begin() as connection:
        connection.exec_driver_sql("DELETE FROM submissions WHERE sku = 'theirs' AND status = 'ACCEPTED'")
    methods = {sku: one.method for sku, one in seller.planned(run).items()}
    assert methods == {"ours": "DELETE", "never": "NOTHING", "theirs": "NOTHING"}
    seller.carry_out(run)
    assert seller.held("ours") is None
    assert seller.held("theirs") is not None


def test_of_a_write_without_an_answer_only_what_is_there_is_taken_back(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", OFFER)
    weight = {"op": "replace", "path": "/attributes/item_weight"}
    patches = [
        QUANTITY | {"value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]},
        weight | {"value": [{"value": 4, "unit": "kilograms", **HERE}]},
    ]
    seller.unanswered(second, "S1", "PATCH", patches, OFFER, carried_out=True)
    others = [{"value": 8, "unit": "kilograms", **HERE}]
    amazon.patch(seller.client, "S1", [FR.id], product_type="PRODUCT", patches=[weight | {"value": others}])
    seller.carry_out(second)
    assert matches_put(seller.held("S1"), OFFER | {"item_weight": others})


def test_what_others_changed_after_the_run_is_shown(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0, item_weight=[{"value": 3, "unit": "kilograms", **HERE}]))
    assert seller.planned(second)["S1"].changed == ()
    amazon.patch(
        seller.client,
        "S1",
        [FR.id],
        product_type="PRODUCT",
        patches=[{"op": "replace", "path": "/attributes/item_weight", "value": OFFER["item_package_weight"]}],
    )
    plan = seller.planned(second)["S1"]
    assert {change.leaf.attribute for change in plan.changed} == {"item_weight"}
    assert "item_weight" not in {change.leaf.attribute for change in plan.plan.changes}
    shown = list(lines_of(plan, catalogue("en")))
    assert [line for line in shown if "(not what the run wrote)" in line and "item_weight" in line]
    seller.carry_out(second)
    assert matches_put(seller.held("S1"), priced(15.0) | {"item_weight": OFFER["item_package_weight"]}), (
        "what others changed stays"
    )


def test_a_created_listing_to_which_others_added_is_not_deleted(seller):
    run = seller.run()
    seller.put(run, "S1", OFFER)
    added = [{"value": "Lampe", "language_tag": "fr_FR", **HERE}]
    patch = {"op": "replace", "path": "/attributes/item_name", "value": added}
    amazon.patch(seller.client, "S1", [FR.id], product_type="PRODUCT", patches=[patch])
    plan = seller.planned(run)["S1"]
    assert plan.method == "NOTHING"
    assert [change.leaf.attribute for change in plan.changed] == ["item_name"]
    assert seller.carry_out(run) == {"S1": "KEPT"}
    assert seller.held("S1") is not None


def test_a_listing_that_others_deleted_is_not_made_again(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0))
    amazon.delete(seller.client, "S1", FR.id)
    plan = seller.planned(second)["S1"]
    assert (plan.method, plan.remark.code) == ("NOTHING", "rollback.remark.listing_gone")


def test_a_rollback_that_gets_no_answer_is_in_the_ledger_and_can_be_repeated(seller, sandbox):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0))
    sandbox.fault("patchListingsItem", "reset", times=20)
    assert seller.carry_out(second) == {"S1": "FAILED"}
    undo = recent_runs(seller.ledger, "fr_lamps")[0].number
    assert answers_of(seller.ledger, undo) == {"UNANSWERED": 1}
    sandbox.state.traffic.forget_faults()
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert matches_put(seller.held("S1"), priced(15.0))


def test_a_rollback_that_breaks_off_says_what_it_restored(seller, ledger, monkeypatch):
    first, second = seller.run(), seller.run()
    for sku in ("S1", "S2", "S3"):
        seller.put(first, sku, priced(15.0))
        seller.put(second, sku, priced(20.0))
    remember, answered = WriteProtocol.remember, []

    def dying(protocol, answers):
        if len(answered) == 2:
            raise KeyboardInterrupt
        answered.append(answers)
        remember(protocol, answers)

    monkeypatch.setattr(WriteProtocol, "remember", dying)
    with pytest.raises(KeyboardInterrupt):
        seller.carry_out(second)
    (undo, *_) = recent_runs(ledger, "fr_lamps")
    assert (undo.state, undo.counts) == ("failed", {"accepted": 2, "failed": 1})
    monkeypatch.setattr(WriteProtocol, "remember", remember)
    assert set(seller.carry_out(second).values()) == {"KEPT"}, "Amazon had carried all of them out"
    assert all(matches_put(seller.held(sku), priced(15.0)) for sku in ("S1", "S2", "S3"))


def test_only_named_skus_and_items_with_nothing_to_do(seller):
    run = seller.run()
    seller.put(run, "a", OFFER)
    seller.put(run, "b", OFFER)
    assert set(seller.planned(run, skus=["a", "x"])) == {"a"}
    amazon.delete(seller.client, "b", FR.id)
    assert seller.carry_out(run) == {"a": "ACCEPTED", "b": "KEPT"}


def test_what_was_held_before_must_be_known(seller, ledger):
    run = seller.run()
    row = {
        "method": "PUT",
        "status": "ACCEPTED",
        "submission_id": "",
        "request_id": "",
        "hash": "h",
        "body": {},
    }
    record_submissions(ledger, seller.listings, run, [row | {"sku": "a"}])
    open_feed(ledger, seller.listings, run, "doc", [row | {"sku": "b", "pim_id": "b", "before": {}}])
    remarks = {sku: one.remark.code for sku, one in seller.planned(run).items()}
    assert remarks == {
        "a": "rollback.remark.before_unknown",
        "b": "rollback.remark.in_feed",
    }


def test_another_account_is_refused(seller, ledger):
    run = seller.run()
    other = ListingScope("fr_lamps", "A2OTHER", FR.id, "PRODUCT")
    row = {
        "sku": "a",
        "method": "PUT",
        "status": "ACCEPTED",
        "submission_id": "",
        "request_id": "",
        "hash": "h",
    }
    record_submissions(ledger, other, run, [row | {"body": {}, "existed": False}])
    with pytest.raises(RunAbortedError, match="A2OTHER"):
        seller.carry_out(run)
    assert "A2OTHER" in recent_runs(ledger, "fr_lamps")[0].failure


def test_no_run_of_the_connector_sends_while_listings_are_restored(seller, ledger):
    run = seller.run()
    seller.put(run, "a", OFFER)
    steps = seller.rollback(run).carry_out()
    next(steps)
    other = Lease(ledger, "fr_lamps", owner="x", patience=0)
    with pytest.raises(ConnectorBusy, match="rollback__"), other.sending():
        pass
    steps.close()
    assert recent_runs(ledger, "fr_lamps")[0].failure == "The rollback was stopped."
    with other.sending():
        assert answers_of(ledger, recent_runs(ledger, "fr_lamps")[0].number) == {}


@pytest.mark.airflow
def test_the_command_shows_and_then_sends(seller, sandbox, ledger, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DEMO_AMAZON", json.dumps(amazon_connection(sandbox)))
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", str(ledger.url))
    settings.cache_clear()
    (connector,) = load_connectors(PROJECT / "include" / "connectors", {}, only="fr_lamps").connectors
    key = definition_key(connector, seller.client.account.seller_id)
    refresh_pair(seller.client, DefinitionStore(tmp_path / "storage" / "definitions"), key, FR)
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    before = seller.held("S1")
    seller.put(second, "S1", priced(99.0))
    try:
        shown = CliRunner().invoke(app, ["rollback", "--run", str(second)])
        assert shown.exit_code == 0, shown.output
        assert "1 reading, less than a minute; 1 update, less than a minute at most." in shown.stdout
        assert "PATCH S1" in shown.stdout
        assert "our_price: 15" in shown.stdout
        assert "1 to restore" in shown.stdout
        assert "Nothing was sent" in shown.stdout
        assert seller.held("S1") != before
        sent = CliRunner().invoke(app, ["rollback", "--run", str(second), "--sku", "S1", "--yes"])
        assert sent.exit_code == 0, sent.output
        assert "ACCEPTED S1" in sent.stdout
        assert "fr_lamps sends the same again" in sent.stdout
        assert seller.held("S1") == before
        assert recent_runs(ledger, "fr_lamps")[0].asked_by == getpass.getuser()
        again = CliRunner().invoke(app, ["rollback", "--run", str(second), "--yes"])
        assert again.exit_code == 1
        assert "took it back already" in again.stdout
        assert "sends the same again" not in again.stdout
    finally:
        settings.cache_clear()
