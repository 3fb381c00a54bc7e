"""A page of items, and where the next one begins."""

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.web.items.items_page import Wanted, find


def test_pages_follow_each_other_until_no_item_is_left(filled, folder):
    known, wanted, shown = load_connectors(folder, {}).connectors, Wanted(), []
    for more in (True, True, False):
        page = find(filled, known, wanted, most=2)
        shown += [(one.connector, one.pim_id) for one in page.items]
        assert bool(page.next) is more
        wanted = Wanted(**page.next or {})
    assert len(shown) == len(set(shown)) == 6
