"""Families by feeds: parents before their children."""

import json

from amazon_listings.runs.notes import LiveNote
from amazon_listings.runs.payload import payload_hash
from support.feed_runs import FRANCE, brand, feeds_made, lamp, wait_for_feeds
from support.run_records import note_of


def family(number):
    """A parent and its child."""
    sku = f"P-{number}"
    parent = lamp(sku) | {"role": "parent"}
    child = lamp(f"{sku}-C") | {"role": "child", "parent_sku": sku}
    for name in ("purchasable_offer", "fulfillment_availability", "externally_assigned_product_identifier"):
        del parent["attributes"][name]
    child["attributes"]["color"] = brand("Noir")
    here = {"marketplace_id": FRANCE}
    relation = {"child_relationship_type": "variation", **here}
    for row, level, more in ((parent, "parent", {}), (child, "child", {"parent_sku": sku})):
        row["attributes"] |= {
            "variation_theme": [{"name": "COLOR"}],
            "parentage_level": [{"value": level, **here}],
            "child_parent_sku_relationship": [relation | more],
        }
        row["hash"] = payload_hash(row["attributes"])
    return parent, child


def test_many_parents_go_by_a_feed_of_their_own_before_their_children(runs, sandbox, connector):
    runs.connector = connector(
        sync={"feed_from": 2}, variations={"theme": "COLOR", "parent_sku": "{{ product.parent }}"}
    )
    runs.begin([*family(1), lamp("A-1")], [*family(2)])
    sandbox.control("settings", feed_queue_delay=600)
    assert runs.send() == {"pending": 2}
    assert set(runs.rows) == {"P-1", "P-2"}
    assert runs.send() == {"pending": 2}, "a task that is repeated makes no second feed"
    sandbox.advance(700)
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 2, "pending": 3}
    sandbox.advance(700)
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 5}
    assert feeds_made(sandbox) == 2
    sent = [
        [
            message["sku"]
            for message in json.loads(sandbox.state.documents.find(one.document_id).content)["messages"]
        ]
        for one in reversed(sandbox.state.feeds.all())
    ]
    assert sent == [["P-1", "P-2"], ["P-1-C", "A-1", "P-2-C"]]


def test_children_of_a_parent_that_its_feed_refused_wait(runs, sandbox, connector):
    runs.connector = connector(
        sync={"feed_from": 2}, variations={"theme": "COLOR", "parent_sku": "{{ product.parent }}"}
    )
    parent, child = family(1)
    parent["attributes"]["lamp_type"] = [{"value": "sofa", "marketplace_id": FRANCE}]
    parent["hash"] = payload_hash(parent["attributes"])
    runs.begin([parent, child, *family(2)])
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 1, "rejected": 1, "failed": 1, "pending": 1}
    assert note_of(runs.rows["P-1-C"]) == "attend son produit parent P-1, qu'Amazon a refusé"
    assert runs.folder.noted(LiveNote).calls["feeds"] == 2
