"""The report of a run on the day that Amazon's PRODUCT changed from 2024-09 to 2025-09."""

from __future__ import annotations

from fields_documents import document

from amazon_listings.connectors import connector_from
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.report import write_report
from amazon_listings.watch.drift import Documents, drift
from support.ledgers import ledger_in
from support.run_records import extract_note
from support.stored_items import store_items

OLD, NEW = (f"PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.{year}-09" for year in (2024, 2025))
HERE = {"marketplace_id": "A1F83G8C2ARO7P"}
CONNECTOR = {
    "id": "gb_offers",
    "amazon": {"country": "GB", "product_type": "PRODUCT", "requirements": "LISTING_OFFER_ONLY"},
    "sales_layer": {"languages": ["en"]},
    "mapping": {
        "Offering Condition Type": "New",
        "GHS Statement": "{{ item.ghs }}",
        "Your Price": "{{ item.price }}",
        "lithium_battery.weight": {"value": "{{ item.battery_weight }}", "unit": "grams"},
    },
}


def test_the_page_says_what_changed_and_whom_it_concerns(tmp_path):
    price = [{"schedule": [{"value_with_tax": 9}]}]
    offered = {
        "condition_type": [HERE | {"value": "new_new"}],
        "merchant_suggested_asin": [HERE | {"value": "B0ABCDEFGH"}],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}],
        "purchasable_offer": [HERE | {"currency": "GBP", "audience": "ALL", "our_price": price}],
        "merchant_shipping_group": [HERE | {"value": "legacy-template-id"}],
    }
    weighed = {"lithium_battery": [HERE | {"weight": [{"value": 1, "unit": "gallons"}]}]}
    hazard = {"ghs": [HERE | {"statement": [{"value": "h225"}]}]}
    rows = [
        {"sku": "GOOD", "attributes": offered},
        {"sku": "GALLONS", "attributes": offered | weighed},
        {"sku": "GHS", "attributes": offered | hazard},
        {"sku": "ALWAYS WRONG", "attributes": {}},
    ]
    ledger = ledger_in(tmp_path)
    store_items(ledger, "gb_offers", rows)
    old, new = (Documents(document(name), document(name), name[-7:]) for name in (OLD, NEW))
    found = drift(old, new, [connector_from(CONNECTOR)], ledger)

    person = found.to_json()["person"]
    assert [line for line in person if "GHS Statement: no longer exists" in line]
    assert [line for line in person if "lithium_battery.weight: gone: Cubic Centimeters" in line]
    assert not [line for line in person if "Your Price" in line or "Offering Condition" in line]
    assert [line for line in found.to_json()["kept"] if "the label is now “Item Condition”" in line]
    failing = found.failing["gb_offers"]
    assert (failing.items, failing.failed_before, failing.failing_now) == (4, 1, 2)
    assert [sku for sku, _ in failing.skus] == ["GALLONS", "GHS"]

    folder = RunFolder.of(tmp_path, "gb_offers", "today")
    folder.note(extract_note())
    facts = dict.fromkeys(("title", "connector_id", "country", "product_type", "run_id", "reason"), "")
    facts |= {"definition_version": "2025-09", "definition_fetched_at": None, "language": "en_GB"}
    facts |= {"operation": "test", "warnings": [], "failure": None, "calls": {}, "changes": found.to_json()}
    write_report(folder, facts)
    page = (folder.root / "report" / "report.html").read_text(encoding="utf-8")
    assert "gb_offers: 2 of the 4 items of the last run would now fail" in page
    assert "version 2024-09, now 2025-09" in page
    for said in ("Fields removed: 1", "Options gone: 1", "Limits tightened: 2", "Fields added: 29"):
        assert said in page
    assert "the label is now “Item Condition”; the line keeps its meaning" in page
