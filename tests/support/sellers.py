"""A seller whose runs write to listings of the sandbox, to be taken back."""

from __future__ import annotations

from copy import deepcopy

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import find_run, recent_runs, start_run
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.payload import payload_hash
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.writes.rollback.rollback import Restored, Rollback
from support.ledger_rows import announce_submission, record_accepted, record_submissions

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
QUANTITY = {"op": "replace", "path": "/attributes/fulfillment_availability"}

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


def priced(price, **more):
    """Return an offer at a price, with other attributes."""
    attributes = deepcopy(OFFER) | more
    attributes["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] = price
    return attributes


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
