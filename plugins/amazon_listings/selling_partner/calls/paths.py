"""Paths of operations: every parameter percent-encoded, once.

Source: "URL encoding" in the SP-API documentation: path parameters are UTF-8, percent-encoded;
a space is `%20` (a plus sign would stay a plus sign), a slash `%2F`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from amazon_listings.errors import ItemError

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnsendableSku(ItemError):
    """No path can carry this SKU, so neither it nor its listing can be addressed."""


def encode_segment(value: str) -> str:
    """Return one path segment, percent-encoded.

    Raises:
        ValueError: empty, `.` or `..` (every server and proxy takes these as directories), or
            not encodable as UTF-8.
    """
    if value in {"", ".", ".."}:
        raise ValueError(f"{value!r} can not be part of an address")
    return quote(value, safe="", errors="strict")


def fill(template: str, parameters: Mapping[str, str]) -> str:
    """Return the path of an operation.

    Args:
        template: A path such as `/listings/2021-08-01/items/{sellerId}/{sku}`.
        parameters: Its parameters, unencoded.

    Raises:
        UnsendableSku: the parameter `sku` can not be sent.
        ValueError: another parameter can not be sent.
    """
    path = template
    for name, value in parameters.items():
        try:
            encoded = encode_segment(value)
        except ValueError as error:
            if name != "sku":
                raise
            raise UnsendableSku(
                "amazon.sku_unsendable",
                sku=value,
                value=value,
            ) from error
        path = path.replace("{" + name + "}", encoded)
    return path
