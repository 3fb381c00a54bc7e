"""Splitting listings of Amazon's own definitions into leaves, and joining them, loses nothing."""

from fields_documents import REAL_NAMES, document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.selling_partner.content.leaves import join, split
from support.listing_values import in_no_order, listings, shuffled


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.randoms())
def test_joining_the_leaves_makes_the_listing_again(data, random):
    attributes, layout = data.draw(listings([document(name) for name in REAL_NAMES]))
    found = split(attributes, layout)
    assert in_no_order(join(found)) == in_no_order(attributes)
    assert split(shuffled(attributes, lambda _: random.random()), layout) == found
