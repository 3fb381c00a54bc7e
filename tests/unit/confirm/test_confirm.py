"""Confirm: what was accepted is read back, against the sandbox and over its clock."""

import copy
import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.confirm.checks import confirm
from amazon_listings.errors import RetryableError
from amazon_listings.ledger.items.issues import open_issues
from amazon_listings.ledger.items.known import known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import find_run, finish_run, last_run, start_run
from amazon_listings.ledger.runs.owed import owed_families
from amazon_listings.ledger.writes.confirmations import LADDER, due_looks, next_due
from amazon_listings.runs.definitions import load_definitions, refresh_definitions
from amazon_listings.runs.finish.issue_history import renew_resolved
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.records import EXTRACT, LIVE, MAPPED, PROBLEMS, TESTED
from amazon_listings.runs.report import write_report
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.ledger_rows import record_accepted, record_submissions
from support.run_records import extract_note, judged_item, mapped, scope_of, written

FRANCE, GERMANY = "A13V1IB3VIYZZH", "A1PA6795UKMFR9"
LAMP = json.loads(
    (PROJECT / "tests" / "data" / "lamp.json")
    .read_text()
    .replace("LANGUAGE", "fr_FR")
    .replace("MARKETPLACE", FRANCE)
    .replace("CURRENCY", "EUR")
)
#: What an extracted item has beside its identity and SKU.
ITEM = {
    "status": "visible",
    "modified": None,
    "variant": None,
    "product": {"id": "1", "ref": "1", "status": "visible", "modified": None}
    | {"fields": {}, "texts": {}, "images": {}},
}
RUN_ID = "manual__2026-11-23T12:00:00+00:00"
FACTS = {
    "title": "Lampes",
    "connector_id": "lamps",
    "country": "FR",
    "product_type": "LAMP",
    "operation": "live",
    "run_id": RUN_ID,
    "reason": "",
    "definition_version": "",
    "definition_fetched_at": "",
    "warnings": [],
    "failure": None,
    "calls": {},
    "language": "fr",
}


@pytest.fixture(scope="module")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    running.state.buckets.enabled = False
    return running


def brand(text):
    return [{"value": text, "language_tag": "fr_FR", "marketplace_id": FRANCE}]


class Shop:
    """A connector whose items were accepted; time passes when told to."""

    def __init__(self, sandbox, connector, definitions, ledger, root, *, vendor=False):
        self.sandbox, self.connector, self.definitions = sandbox, connector, definitions
        self.ledger, self.root = ledger, root
        seller = sandbox.vendor_code if vendor else sandbox.seller_id
        account = account_at(sandbox, seller_id=seller, vendor=vendor)
        waited = []
        self.client = SellingPartner(account, quotas=Quotas(sleep=waited.append), sleep=waited.append)
        self.listings = ListingScope("lamps", seller, FRANCE, "LAMP")
        self.folder = RunFolder.of(root, "lamps", RUN_ID)
        self.started = datetime.now(UTC)
        self.now = self.started
        self.run = start_run(
            ledger,
            connector_key="lamps",
            run_id=RUN_ID,
            operation="live",
            scope="changed",
            fingerprint="f",
            definition="d",
        )

    def submit(self, **items):
        """Submit attributes by SKU, as live sync does, and write the run's report."""
        rows = []
        for sku, attributes in items.items():
            answer = amazon.put(self.client, sku, FRANCE, product_type="LAMP", attributes=attributes)
            assert answer.status == "ACCEPTED", answer.issues
            rows.append(self.row(sku, attributes))
        self.remember(rows)

    @staticmethod
    def row(sku, attributes):
        return {
            "pim_id": f"products/{sku}",
            "sku": sku,
            "attributes": attributes,
            "hash": payload_hash(attributes),
        }

    def remember(self, rows, *, method="PUT", body=None, before=None):
        entries = [
            row
            | {"method": method, "status": "ACCEPTED", "submission_id": "s", "request_id": "r"}
            | {"body": body or row["attributes"], "before": before}
            for row in rows
        ]
        record_submissions(self.ledger, self.listings, self.run, entries)
        record_accepted(self.ledger, self.listings, rows, now=self.started)
        part = part_name(1)
        items = [
            {name: row[name] for name in ("pim_id", "sku")} | ITEM | {"group": row["pim_id"]} for row in rows
        ]
        self.folder.write(EXTRACT, part, items)
        self.folder.write(PROBLEMS, part, [])
        self.folder.write(MAPPED, part, [mapped(row["pim_id"], row["sku"]) for row in rows])
        self.folder.write(TESTED, part, [judged_item(row["pim_id"], "ready", row["sku"]) for row in rows])
        self.folder.write(LIVE, part, [written(row["pim_id"], "accepted", row["sku"]) for row in rows])
        self.folder.note(scope_of("live"))
        self.folder.note(extract_note(part, extracted=len(rows)))
        renew_resolved(Resolver(self.folder), self.folder)
        summary = write_report(self.folder, FACTS)
        finish_run(self.ledger, self.run, counts=summary["counts"], calls={}, cursor="yesterday", failure=())

    def look(self, minutes, *, beside=()):
        """Confirm so many minutes after the acceptance."""
        self.now = self.started + timedelta(minutes=minutes)
        return confirm(
            self.connector,
            self.definitions,
            client=self.client,
            ledger=self.ledger,
            storage=self.root,
            now=lambda: self.now,
            beside=lambda: beside,
        )

    def known(self, sku):
        return known_items(self.ledger, self.listings, [sku])[sku]

    def report(self):
        with (self.folder.root / "report" / "items.csv").open(encoding="utf-8-sig", newline="") as file:
            return {row["sku"]: row for row in csv.DictReader(file)}

    def issue(self, sku, action, *, names=("main_product_image_locator",), exemption="NOT_EXEMPT"):
        issue = {
            "code": "18027",
            "message": "Blocked.",
            "severity": "ERROR",
            "categories": ["INVALID_IMAGE"],
            "attributeNames": list(names),
            "enforcements": {"actions": [{"action": action}], "exemption": {"status": exemption}},
        }
        self.sandbox.control(
            "issues", seller_id=self.listings.seller_id, sku=sku, marketplace_id=FRANCE, issue=issue
        )


@pytest.fixture
def shop(sandbox, connector, definitions, ledger, tmp_path):
    return Shop(sandbox, connector(), definitions, ledger, tmp_path / "storage")


def readings(sandbox):
    """Listings that were asked for; a refused token is asked for again."""
    statuses = sandbox.counters()["operations"].get("getListingsItem", {}).get("statuses", {})
    return statuses.get("200", 0) + statuses.get("404", 0)


def test_what_is_as_it_was_sent_is_live(shop):
    shop.submit(A1=LAMP, A2=copy.deepcopy(LAMP))
    assert shop.report()["A1"]["outcome"] == "accepted"
    assert shop.look(1) == {"live": 2}
    known = shop.known("A1")
    assert known.state == "live"
    assert known.asin
    row = shop.report()["A1"]
    assert (row["outcome"], row["asin"]) == ("live", known.asin)
    assert find_run(shop.ledger, RUN_ID).counts["live"] == 2
    assert last_run(shop.ledger, "lamps", "live").cursor == "yesterday"
    assert next_due(shop.ledger, "lamps") is None


def test_nothing_is_read_before_its_time_nor_once_it_is_decided(shop, sandbox):
    shop.submit(A1=LAMP)
    assert shop.look(0.5) == {}
    assert readings(sandbox) == 0
    shop.look(1)
    assert shop.look(5) == shop.look(6 * 60) == {}
    assert readings(sandbox) == 1


def test_the_ladder_of_a_listing_that_never_shows(shop, sandbox):
    shop.remember([shop.row("A1", LAMP)])
    looks = [minutes * 60 for minutes in range(1, 25 * 60) if shop.look(minutes)]
    assert looks == list(LADDER)
    assert shop.known("A1").state == "not_applied"
    # What was not applied is not known as sent: the next run sends it again, and asks before.
    assert shop.known("A1").accepted_hash is None
    assert shop.known("A1").listed is None
    assert owed_families(shop.ledger, "lamps", "live")
    assert shop.report()["A1"]["outcome"] == "not_applied"
    assert readings(sandbox) == len(LADDER)


def test_without_an_asin_it_is_not_live_yet(shop, sandbox):
    sandbox.control("settings", asin_delay=1800)
    shop.submit(A1=LAMP)
    assert shop.look(1) == {"accepted": 1}
    assert "pas encore d'ASIN" in shop.report()["A1"]["note"]
    sandbox.advance(3600)
    assert shop.look(5) == {"live": 1}
    sandbox.control("settings", asin_delay=0)


@pytest.mark.parametrize("action", ["LISTING_SUPPRESSED", "SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"])
def test_enforcement_suppresses(shop, action):
    shop.submit(A1=LAMP)
    shop.issue("A1", action)
    assert shop.look(1) == {"suppressed": 1}
    row = shop.report()["A1"]
    assert row["outcome"] == "suppressed"
    assert action in row["note"]
    (known,) = (one for one in open_issues(shop.ledger, "lamps", "A1") if one.issue.severity == "ERROR")
    assert known.issue.source == "listing"
    assert known.issue.enforcements == (action,)
    assert known.opened_run == shop.run


def test_an_exemption_is_no_enforcement(shop):
    shop.submit(A1=LAMP)
    shop.issue("A1", "ATTRIBUTE_SUPPRESSED", exemption="EXEMPT_UNTIL_EXPIRY_DATE")
    assert shop.look(1) == {"live": 1}


def test_a_difference_is_believed_after_an_hour(shop):
    shop.submit(A1=LAMP)
    amazon.patch(
        shop.client,
        "A1",
        [FRANCE],
        product_type="LAMP",
        patches=[{"op": "replace", "path": "/attributes/brand", "value": brand("Other")}],
    )
    for minutes in (1, 5, 15):
        assert shop.look(minutes) == {"accepted": 1}
    assert shop.look(60) == {"live_with_differences": 1}
    assert shop.report()["A1"]["note"] == "chez Amazon, pas comme envoyé : brand"


def test_a_suppressed_attribute_is_a_difference(shop):
    shop.submit(A1=LAMP)
    shop.issue("A1", "ATTRIBUTE_SUPPRESSED", names=["bullet_point"])
    assert shop.look(60) == {"live_with_differences": 1}
    assert "n'affiche pas : bullet_point" in shop.report()["A1"]["note"]


def test_what_others_wrote_is_no_difference(shop):
    shop.submit(A1=LAMP)
    extra = {"op": "replace", "path": "/attributes/generic_keyword", "value": brand("lamp")}
    amazon.patch(shop.client, "A1", [FRANCE], product_type="LAMP", patches=[extra])
    assert shop.look(1) == {"live": 1}


def test_an_element_that_was_deleted_and_is_still_there_is_a_difference(shop):
    amazon.put(shop.client, "A1", FRANCE, product_type="LAMP", attributes=LAMP)
    less = {name: value for name, value in LAMP.items() if name != "bullet_point"}
    gone = {"op": "delete", "path": "/attributes/bullet_point", "value": [{"marketplace_id": FRANCE}]}
    new = {"op": "replace", "path": "/attributes/brand", "value": LAMP["brand"]}
    shop.remember([shop.row("A1", less)], method="PATCH", body=[gone, new], before=LAMP)
    assert shop.look(60) == {"live_with_differences": 1}
    assert "bullet_point" in shop.report()["A1"]["note"]


def test_a_patch_of_which_nothing_arrived_is_not_applied_in_the_end(shop):
    amazon.put(shop.client, "A1", FRANCE, product_type="LAMP", attributes=LAMP)
    change = {"op": "replace", "path": "/attributes/brand", "value": brand("New")}
    shop.remember([shop.row("A1", LAMP | {"brand": brand("New")})], method="PATCH", body=[change])
    assert shop.look(60) == {"accepted": 1}
    assert shop.look(24 * 60) == {"not_applied": 1}


def test_a_listing_that_cannot_be_bought_is_not_simply_live(shop):
    offer = copy.deepcopy(LAMP)
    offer["fulfillment_availability"] = [{"fulfillment_channel_code": "DEFAULT", "quantity": 0}]
    shop.submit(A1=offer)
    assert shop.look(1) == {"live": 1}  # nothing to sell, and nothing is wrong with that


def test_a_write_meanwhile_is_left_to_its_own_looks(shop):
    """The listing is written to again between the reading and its entry."""
    shop.submit(A1=LAMP)
    (look,) = due_looks(shop.ledger, "lamps", now=shop.started + timedelta(minutes=1))
    newer = shop.row("A1", LAMP | {"brand": brand("New")})
    record_accepted(shop.ledger, shop.listings, [newer], now=shop.started + timedelta(minutes=30))
    assert look.accepted_hash != shop.known("A1").accepted_hash
    assert shop.look(1) == {}
    assert shop.look(31) == {"accepted": 1}


def test_one_silent_listing_does_not_stop_the_others_nor_is_it_judged(shop, sandbox):
    shop.submit(**{f"A{number}": LAMP for number in range(5)})
    sandbox.fault("getListingsItem", "status", status=500, times=4 * 5)
    counts = Counter(shop.look(24 * 60))
    assert counts["live"] < 5
    assert not counts["not_applied"]
    assert counts + Counter(shop.look(24 * 60)) == {"live": 5}


def test_amazon_down_ends_the_task_and_keeps_what_is_due(shop, sandbox):
    shop.submit(**{f"A{number}": LAMP for number in range(20)})
    sandbox.fault("getListingsItem", "status", status=500, times=10_000)
    with pytest.raises(RetryableError):
        shop.look(1)
    sandbox.reset()


def test_many_are_searched_and_only_what_is_not_live_is_read_alone(shop, sandbox):
    shop.submit(**{f"A{number:02}": LAMP for number in range(45)})
    amazon.patch(
        shop.client,
        "A07",
        [FRANCE],
        product_type="LAMP",
        patches=[{"op": "replace", "path": "/attributes/brand", "value": brand("Other")}],
    )
    assert shop.look(24 * 60) == {"live": 44, "live_with_differences": 1}
    assert readings(sandbox) == 1
    assert sandbox.counters()["operations"]["searchListingsItems"]["statuses"] == {"200": 3}


def test_a_search_that_fails_leaves_all_to_single_readings(shop, sandbox):
    shop.submit(**{f"A{number:02}": LAMP for number in range(25)})
    sandbox.fault("searchListingsItems", "status", status=500, times=10_000)
    assert shop.look(1) == {"live": 25}
    assert readings(sandbox) == 25


def test_another_accounts_listings_are_not_read(shop, sandbox):
    other = ListingScope("lamps", "A1SOMEBODYELSE", FRANCE, "LAMP")
    record_accepted(shop.ledger, other, [shop.row("A1", LAMP)], now=shop.started)
    assert shop.look(1) == {}
    assert readings(sandbox) == 0
    assert next_due(shop.ledger, "lamps") == shop.started + timedelta(minutes=5)


def test_a_run_folder_that_is_gone_does_not_matter(shop):
    shop.submit(A1=LAMP)
    shop.folder.clear_all()
    assert shop.look(1) == {"live": 1}
    assert shop.known("A1").state == "live"


class TestSeveralMarketplaces:
    """One reading serves the connectors of an account in several marketplaces."""

    @pytest.fixture
    def german(self, shop, connector, tmp_path):
        """The connector in Germany, with its definitions and what it sent of A1 and A2."""
        folder = tmp_path / "german"
        made = connector(amazon={"country": "DE", "locale": "de_DE"}, mapping={"brand": "{{ item.brand }}"})
        made = replace(made, resolved_key="lampen")
        note = refresh_definitions(made, shop.client, folder)
        texts = json.dumps(LAMP).replace(FRANCE, GERMANY).replace("fr_FR", "de_DE")
        attributes = json.loads(texts)
        for sku in ("A1", "A2"):
            answer = amazon.put(shop.client, sku, GERMANY, product_type="LAMP", attributes=attributes)
            assert answer.status == "ACCEPTED", answer.issues
        listings = ListingScope("lampen", shop.listings.seller_id, GERMANY, "LAMP")
        rows = [shop.row(sku, attributes) for sku in ("A1", "A2")]
        record_accepted(shop.ledger, listings, rows, now=shop.started)
        return made, load_definitions(note, folder), listings

    @pytest.mark.parametrize("many", [False, True])
    def test_what_is_live_in_both_costs_one_reading(self, shop, german, sandbox, many):
        made, definitions, listings = german
        further = {f"B{number}": copy.deepcopy(LAMP) for number in range(30 if many else 0)}
        shop.submit(A1=LAMP, A2=copy.deepcopy(LAMP), **further)
        before = readings(sandbox)
        assert shop.look(1, beside=[(made, definitions)]) == {"live": 2 + len(further)}
        assert readings(sandbox) - before == (0 if many else 2)
        known = known_items(shop.ledger, listings, ["A1", "A2"])
        assert [one.state for one in known.values()] == ["live", "live"]
        assert due_looks(shop.ledger, "lampen", now=shop.now) == []

    def test_what_is_gone_there_is_left_to_a_reading_of_its_own(self, shop, german, sandbox):
        made, definitions, listings = german
        shop.submit(A1=LAMP, A2=copy.deepcopy(LAMP))
        amazon.delete(shop.client, "A1", GERMANY)
        amazon.delete(shop.client, "A2", FRANCE)
        assert shop.look(1, beside=[(made, definitions)]) == {"live": 1, "accepted": 1}
        known = known_items(shop.ledger, listings, ["A1", "A2"])
        assert (known["A1"].state, known["A2"].state) == ("accepted", "live")
        assert [one.sku for one in due_looks(shop.ledger, "lampen", now=shop.now)] == ["A1"]
