"""Vendors: their code, their cost price with every update, and no offers."""

import json

import pytest

from amazon_listings.checks.local import VendorOffer, refuse_offers_of_vendors
from amazon_listings.errors import ActionRequiredError
from amazon_listings.runs.map_fields import compiled
from amazon_listings.selling_partner import listings as amazon
from support.sync_runs import OFFER, lamp

COST = {"cost_price.value": "{{ item.cost }}"}
MAPPING = dict.fromkeys(OFFER) | COST


def test_a_vendor_is_named_by_its_code_and_every_update_repeats_the_cost_price(vendor):
    connector = vendor.connector(mapping=MAPPING)
    vendor.sandbox.control("recording", on=True)
    assert vendor.run(connector, [lamp("A", cost=5)]).outcomes() == {"A": "accepted"}
    run = vendor.run(connector, [lamp("A", cost=5, name="Neuve")])
    assert run.outcomes() == {"A": "accepted"}
    assert [issue.code for issue in run.items()["A"].issues] == ["vendor_cost_price_repeated"]
    assert run.items()["A"].issues[0].severity == "INFO"
    sent = [one for one in vendor.sandbox.requests() if one["operation"] == "patchListingsItem"]
    assert all("/items/SANDV/A" in one["path"] for one in sent)
    for one in sent:
        paths = [patch["path"] for patch in json.loads(one["request"])["patches"]]
        assert paths == ["/attributes/item_name", "/attributes/cost_price"]


def test_an_update_without_cost_price_is_blocked_though_the_preview_is_green(vendor):
    connector = vendor.connector(mapping=MAPPING | {"cost_price.value": None})
    place = {
        "country": "FR",
        "locale": "fr_FR",
        "product_type": "LAMP",
        "requirements_enforced": "NOT_ENFORCED",
    }
    connector = vendor.connector(mapping=MAPPING | {"cost_price.value": None}, amazon=place)
    name = {
        "item_name": [{"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": connector.marketplace.id}]
    }
    patches = [{"op": "replace", "path": "/attributes/item_name", "value": name["item_name"]}]
    cost = [{"value": 5, "currency": "EUR", "marketplace_id": connector.marketplace.id}]
    patches.append({"op": "replace", "path": "/attributes/cost_price", "value": cost})
    amazon.patch(vendor.client, "A", [connector.marketplace.id], product_type="LAMP", patches=patches)
    for name in ("Lampe", "Autre"):
        known_to_amazon = vendor.run(connector, [lamp("A", name=name, price=11)])
        assert known_to_amazon.outcomes() == {"A": "accepted"}  # what Amazon holds is repeated
    removed = {"op": "delete", "path": "/attributes/cost_price", "value": cost}
    amazon.patch(vendor.client, "A", [connector.marketplace.id], product_type="LAMP", patches=[removed])
    blocked = vendor.run(connector, [lamp("A", name="Neuve")])
    assert blocked.outcomes() == {"A": "blocked"}
    (issue,) = [one for one in blocked.items()["A"].issues if one.severity == "ERROR"]
    assert issue.attribute == "cost_price"
    assert "L'aperçu ne le remarque pas" in issue.message
    assert blocked.calls() == {"searches": 1}


def test_mapping_offers_is_an_error_that_says_so(vendor):
    connector = vendor.connector(mapping=COST)
    vendor.sandbox.control("recording", on=True)
    with pytest.raises(ActionRequiredError, match="purchasable_offer"):  # Amazon's own definition has none
        vendor.run(connector, [lamp("A", cost=5)])
    assert not [one for one in vendor.sandbox.requests() if one["operation"] == "putListingsItem"]


def test_so_it_is_where_a_definition_has_offers_for_vendors(shop):
    connector = shop.connector()
    mapping = compiled(connector, shop.definitions(connector))
    with pytest.raises(VendorOffer) as refused:
        refuse_offers_of_vendors(connector, mapping)
    assert "sells as a vendor" in refused.value.message
    assert "`purchasable_offer` (line " in refused.value.message
    assert "`fulfillment_availability` (line " in refused.value.message
    assert "cost_price" in refused.value.hint
