from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.errors import ItemError
from amazon_listings.selling_partner import listings
from amazon_listings.selling_partner.calls.paths import UnsendableSku

_SKU = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda sku: sku not in {".", ".."}
)
_NASTY = st.text("/%+ ?#&=;:@.\\\"'<>|~äß€漢\x00\n", min_size=1, max_size=12).filter(
    lambda sku: sku not in {".", ".."}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_SKU | _NASTY)
def test_every_sku_arrives_as_it_was(amazon, client, sku):
    amazon.asked.clear()
    listings.put(client, sku, "A13V1IB3VIYZZH", product_type="HOME", attributes={"a": []})
    target = amazon.calls[-1].path
    path, _, query = target.partition("?")
    segments = path.split("/")
    assert segments[:5] == ["", "listings", "2021-08-01", "items", "A1SELLER"]
    assert len(segments) == 6
    assert unquote(segments[5]) == sku
    assert "+" not in segments[5]
    assert query == "marketplaceIds=A13V1IB3VIYZZH&includedData=issues"


@pytest.mark.parametrize("sku", ["", ".", "..", "\ud800"])
def test_what_no_address_can_carry_is_the_items_own_error(amazon, client, sku):
    with pytest.raises(UnsendableSku) as caught:
        listings.get(client, sku, ["A13V1IB3VIYZZH"])
    assert isinstance(caught.value, ItemError)
    assert caught.value.sku == sku
    assert not amazon.asked
