"""What the report of a feed shows as live needs no further reading; everything else is read."""

from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.confirm.checks import confirm
from amazon_listings.ledger.items.issues import open_issues
from amazon_listings.ledger.items.known import known_items
from support.feed_runs import FRANCE, lamp, wait_for_feeds

#: What a search or a reading would be.
READINGS = ("getListingsItem", "searchListingsItems")


@pytest.fixture
def confirmed(runs, sandbox, ledger):
    """Confirm a minute after the feeds were settled; the listings by state, and the calls."""

    def look():
        before = calls(sandbox)
        counts = confirm(
            runs.connector,
            runs.definitions,
            client=runs.client,
            ledger=ledger,
            storage=runs.root,
            now=lambda: datetime.now(UTC) + timedelta(minutes=1, seconds=1),
        )
        return counts, calls(sandbox) - before

    return look


def calls(sandbox):
    operations = sandbox.counters()["operations"]
    return sum(sum(operations.get(name, {}).get("statuses", {}).values()) for name in READINGS)


def sent(runs, sandbox, *skus):
    runs.begin([lamp(sku) for sku in skus])
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": len(skus)}


def test_a_listing_that_the_report_shows_live_is_not_read(runs, sandbox, ledger, listings, confirmed):
    sent(runs, sandbox, "A-1", "A-2")
    assert confirmed() == ({"live": 2}, 0)
    known = known_items(ledger, listings, ["A-1"])["A-1"]
    assert (known.state, bool(known.asin)) == ("live", True)


def test_a_report_without_items_is_confirmed_by_readings(runs, sandbox, confirmed):
    sandbox.control("feeds", items=False)
    sent(runs, sandbox, "A-1", "A-2")
    assert confirmed() == ({"live": 2}, 2)


def test_a_listing_that_the_report_does_not_show_live_is_read(runs, sandbox, ledger, confirmed):
    """No ASIN yet when processing ended; a minute later there is one."""
    sandbox.control("settings", asin_delay=30)
    sent(runs, sandbox, "A-1")
    sandbox.control("settings", asin_delay=0)
    sandbox.advance(60)
    assert confirmed() == ({"live": 1}, 1)


def test_an_issue_of_the_report_is_known_and_read_again(runs, sandbox, ledger, confirmed):
    sent(runs, sandbox, "A-1")
    issue = {
        "code": "18027",
        "message": "Blocked.",
        "severity": "ERROR",
        "categories": ["INVALID_IMAGE"],
        "attributeNames": ["main_product_image_locator"],
        "enforcements": {"actions": [{"action": "SEARCH_SUPPRESSED"}], "exemption": {"status": "NOT_EXEMPT"}},
    }
    sandbox.control("issues", seller_id=sandbox.seller_id, sku="A-1", marketplace_id=FRANCE, issue=issue)
    runs.begin(
        [lamp("A-1", item_name=[{"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": FRANCE}])]
    )
    runs.send()
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 1}
    assert confirmed() == ({"suppressed": 1}, 1)
    assert any(one.issue.code == "18027" for one in open_issues(ledger, "lamps", "A-1"))
