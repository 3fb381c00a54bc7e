"""Trade numbers: GTIN-8, UPC-A (GTIN-12), EAN (GTIN-13) and GTIN-14.

Source: GS1 General Specifications, 7.9 ("Check digits").
"""

from __future__ import annotations

import re

#: What Amazon calls a trade number of each length (`externally_assigned_product_identifier.type`).
TYPES = {8: "ean", 12: "upc", 13: "ean", 14: "gtin"}
_SEPARATORS = re.compile(r"[\s-]")


def digits(text: str) -> str:
    """Return a trade number without the spaces and hyphens that people group it with."""
    return _SEPARATORS.sub("", text)


def is_gtin(text: str) -> bool:
    """Return whether a text without separators is a trade number with the right check digit."""
    if len(text) not in TYPES or not (text.isascii() and text.isdigit()):
        return False
    total = sum(map(int, text[::-2])) + 3 * sum(map(int, text[-2::-2]))
    return total % 10 == 0 and int(text) > 0
