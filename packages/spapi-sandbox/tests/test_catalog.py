import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_sandbox.listings import catalog


@given(st.sampled_from([7, 11, 12, 13]), st.data())
def test_exactly_one_digit_checks(length, data):
    head = data.draw(st.text("0123456789", min_size=length, max_size=length))
    assert sum(catalog.has_check_digit(head + str(digit)) for digit in range(10)) == 1


@pytest.mark.parametrize("gtin", ["4006381333931", "96385074", "036000291452", "14006381333938"])
def test_known_numbers(gtin):
    assert catalog.has_check_digit(gtin)


@pytest.mark.parametrize("gtin", ["", "400638133393", "٤٠٠٦٣٨١٣٣٣٩٣١", "4006381333930", "40063813339a1"])
def test_what_is_no_number(gtin):
    assert not catalog.has_check_digit(gtin)


def test_one_number_is_one_asin_whoever_asks():
    def asin(sku, value):
        identity = {"externally_assigned_product_identifier": [{"type": "ean", "value": value}]}
        return catalog.asin_of("A1", sku, identity)

    assert asin("S1", "036000291452") == asin("S2", "0036000291452")
    assert asin("S1", "036000291452") != asin("S1", "4006381333931")
    assert len(asin("S1", "4006381333931")) == 10
    assert asin("S1", "4006381333930") is None
