"""A thousand races between a run and the people who answer: nothing is sent that nobody allowed."""

import random

import pytest

from amazon_listings.approvals.answers import answer_items
from amazon_listings.ledger.approvals.progress import ApprovalFilter
from amazon_listings.ledger.approvals.questions import forget_approvals
from amazon_listings.selling_partner import listings as amazon
from support.sync_runs import lamp

ROUNDS, ITEMS = 25, 40
#: What happens to an item between the question and the sending; each is a race with the run.
KINDS = (
    "nothing",
    "approved",
    "approved_then_changed",
    "approved_then_refused",
    "refused_while_sending",
    "approved_for_another_change",
    "approved_late",
    "approved_twice",
    "cleared",
    "changed_by_hand",
    "joined_by_others",
)


def own(held):
    (offer,) = (one for one in held["purchasable_offer"] if one["audience"] == "ALL")
    return offer


def price(held):
    return own(held)["our_price"][0]["schedule"][0]["value_with_tax"]


def by_hand(shop, connector, sku, **changes):
    """Another tool changes the offer of a listing."""
    offer = own(shop.held(connector, sku)) | {"our_price": [{"schedule": [{"value_with_tax": 77}]}]} | changes
    patch = {"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer]}
    place = connector.marketplace.id
    assert amazon.patch(shop.client, sku, [place], product_type="LAMP", patches=[patch]).status == "ACCEPTED"


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_is_sent_that_nobody_allowed(shop, seed):
    chance = random.Random(seed)
    connector = shop.connector(guards={"price_fall": 0.4})
    skus = [f"L{number:02}" for number in range(ITEMS)]
    shop.run(connector, [lamp(sku, price=100) for sku in skus])
    kinds = {sku: chance.choice(KINDS) for sku in skus}
    first = {sku: lamp(sku, price=50) for sku in skus}

    def answer(kind, *, approved):
        chosen = tuple(sku for sku in skus if kinds[sku] == kind)
        if chosen:
            where = ApprovalFilter(connectors=(connector.key,), skus=chosen)
            answer_items(shop.ledger, where, approved=approved, by="anna")

    asked = shop.run(connector, list(first.values()), until="tested")
    asked.decide()
    asked.send()
    for kind in KINDS:
        if kind.startswith("approved") and kind not in {"approved_for_another_change", "approved_late"}:
            answer(kind, approved=True)
    answer("changed_by_hand", approved=True)
    answer("joined_by_others", approved=True)
    answer("refused_while_sending", approved=True)
    answer("approved_twice", approved=True)
    answer("approved_then_refused", approved=False)
    second = dict(first)
    for sku in skus:
        if kinds[sku] in {"approved_then_changed", "approved_for_another_change"}:
            second[sku] = lamp(sku, price=20)
    run = shop.run(connector, list(second.values()), until="tested")
    run.decide()
    answer("approved_for_another_change", approved=True)  # this run did not know of it
    answer("approved_late", approved=True)
    answer("refused_while_sending", approved=False)
    forget_approvals(
        shop.ledger, shop.listings(connector), 10**6, [sku for sku in skus if kinds[sku] == "cleared"]
    )
    for sku in skus:
        if kinds[sku] == "changed_by_hand":
            by_hand(shop, connector, sku)
        if kinds[sku] == "joined_by_others":
            by_hand(shop, connector, sku, audience="B2B")
    run.send()
    sent = dict.fromkeys(KINDS, 100) | dict.fromkeys(("approved", "approved_twice", "joined_by_others"), 50)
    sent |= {"changed_by_hand": 77}
    held = {sku: shop.held(connector, sku) for sku in skus}
    assert {sku: price(held[sku]) for sku in skus} == {sku: sent[kinds[sku]] for sku in skus}
    joined = [sku for sku in skus if kinds[sku] == "joined_by_others"]
    assert all(len(held[sku]["purchasable_offer"]) == 2 for sku in joined)
