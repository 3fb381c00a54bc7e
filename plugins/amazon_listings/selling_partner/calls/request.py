"""A call before it is sent: address, query, body, and what it is about."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import requests

from amazon_listings.selling_partner.calls.paths import fill
from amazon_listings.selling_partner.calls.redaction import redact
from amazon_listings.selling_partner.faults.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.calls.buckets import Bucket
    from amazon_listings.selling_partner.operations import Operation

#: What a parameter is called when an error says what it was about.
_NAMES = {"sku": "SKU", "productType": "product type", "feedId": "feed", "feedDocumentId": "document"}


class Call(NamedTuple):
    """What one call is, the same in every try."""

    request: requests.PreparedRequest
    operation: Operation
    buckets: list[Bucket]
    sku: str | None
    subject: str
    again: bool

    def refusal(self, status: int, code: str = "", text: str = "", request_id: str = "") -> Refusal:
        """Return what Amazon answered to this call."""
        return Refusal("api", self.operation.name, status, code, text, request_id, self.subject)


def prepare(
    base: str,
    operation: Operation,
    path: Mapping[str, str],
    query: Mapping[str, str | int | Collection[str] | None],
    body: object,
) -> requests.PreparedRequest:
    """Return the request of an operation, without token.

    Raises:
        UnsendableSku: the SKU can not be part of an address.
        ValueError: the body holds what JSON can not carry (NaN, infinity).
    """
    request = _without_body(operation.method, base).copy()
    if body is not None:
        request.headers["Content-Type"] = "application/json"
        data = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        request.prepare_body(data, None)
    pairs = [f"{name}={quote(_plain(value), safe=',')}" for name, value in query.items() if value is not None]
    # Set after preparing: requests would encode a second time what it takes for unencoded.
    request.url = f"{base}{fill(operation.path, path)}" + ("?" + "&".join(pairs) if pairs else "")
    return request


# To prepare a request costs as much as to read its answer.
@lru_cache(maxsize=64)
def _without_body(method: str, base: str) -> requests.PreparedRequest:
    # Without cookies, of which each copy would be a jar, and without credentials of requests' own.
    request = requests.PreparedRequest()
    request.prepare_method(method)
    request.prepare_url(base, None)
    request.prepare_headers({"Accept": "application/json"})
    request.prepare_body(None, None)
    return request


def subject_of(account: Account, path: Mapping[str, str], query: Mapping[str, object]) -> str:
    """Return what a call is about, for people."""
    parts = [f"{_NAMES[name]} {value!r}" for name, value in path.items() if name in _NAMES]
    parts.append(f"{'vendor code' if account.vendor else 'seller id'} {account.seller_id!r}")
    marketplaces = query.get("marketplaceIds")
    if isinstance(marketplaces, list | tuple | set):
        parts.append(f"marketplace {', '.join(marketplaces)}")
    return redact(", ".join(parts))


def _plain(value: str | int | Collection[str]) -> str:
    if isinstance(value, str | int):
        return str(value)
    return ",".join(value)
