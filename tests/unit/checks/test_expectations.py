"""SKUs that can be sent."""

import re

import pytest

from amazon_listings.checks.expectations import SKU_PATTERN


@pytest.mark.parametrize(
    ("sku", "code"),
    [
        ("x" * 40, None),
        ("x" * 41, "sku_too_long"),
        ("é" * 40, None),
        ("A B/C+D%2F", None),
        (" A", "sku_unsendable"),
        ("A\n", "sku_unsendable"),
        ("A\tB", "sku_unsendable"),
        ("A\u00a0", "sku_unsendable"),
        ("A\ud83d", "sku_unsendable"),
        ("0123", None),
        ("=1+1", None),
    ],
)
def test_which_skus_can_be_sent(sku, code):
    found = "sku_too_long" if len(sku) > 40 else None if re.search(SKU_PATTERN, sku) else "sku_unsendable"
    assert found == code
