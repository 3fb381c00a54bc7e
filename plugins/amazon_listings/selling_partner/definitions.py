"""Product Type Definitions API 2020-09-01: search, get, and the documents they link to."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.faults.exceptions import DocumentDamaged
from amazon_listings.selling_partner.faults.refusals import RETRY_LATER

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.selling_partner.calls.client import SellingPartner

#: Largest document that is read; the largest real ones are below 2 MB.
LARGEST = 64 * 1024 * 1024


class ProductType(NamedTuple):
    """A product type found: Amazon's name, its name for people, its marketplaces."""

    name: str
    display_name: str
    marketplace_ids: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A document to download: a pre-signed address (a key: not in `repr`) and its checksum.

    The checksum is the Base64 of the document's MD5 (Amazon's model).
    """

    url: str = field(repr=False)
    checksum: str


@dataclass(frozen=True)
class DefinitionAnswer:
    """Amazon's answer about a product type: what it is, and where its documents are."""

    product_type: str
    display_name: str
    version: str
    latest: bool
    locale: str
    marketplace_ids: tuple[str, ...]
    requirements: str
    requirements_enforced: str
    property_groups: dict[str, dict[str, Any]]
    schema: Link
    meta_schema: Link | None
    request_id: str


def search(
    client: SellingPartner,
    marketplace_ids: Collection[str],
    *,
    keywords: Collection[str] | None = None,
    item_name: str | None = None,
    locale: str | None = None,
    search_locale: str | None = None,
) -> list[ProductType]:
    """Product types by keywords, or recommended for a title; all of them with neither."""
    name = "searchDefinitionsProductTypes"
    answer = client.call(
        name,
        query={
            "marketplaceIds": marketplace_ids,
            "keywords": keywords or None,
            "itemName": item_name,
            "locale": locale,
            "searchLocale": search_locale,
        },
    )
    shape = Shape(answer, name)
    if "productTypes" not in answer.body:
        shape.bad("amazon.bad.missing", key="productTypes")
    return [
        ProductType(
            shape.text("name", entry),
            shape.optional_text("displayName", entry) or shape.text("name", entry),
            tuple(shape.texts("marketplaceIds", entry)),
        )
        for entry in shape.objects("productTypes")
    ]


def get(
    client: SellingPartner,
    product_type: str,
    marketplace_id: str,
    *,
    requirements: str = "LISTING",
    requirements_enforced: str = "ENFORCED",
    locale: str = "DEFAULT",
    version: str = "LATEST",
    parentage_level: str | None = None,
    for_seller: bool = True,
) -> DefinitionAnswer:
    """Return what Amazon says of a product type in a marketplace.

    Args:
        client: Whose values; see `for_seller`.
        product_type: Amazon's name, such as `LUGGAGE`.
        marketplace_id: One marketplace.
        requirements: `LISTING`, `LISTING_PRODUCT_ONLY` or `LISTING_OFFER_ONLY`.
        requirements_enforced: `ENFORCED` or `NOT_ENFORCED`.
        locale: Language of titles, help and of some enum values.
        version: `LATEST`, `RELEASE_CANDIDATE` or a version of Amazon's.
        parentage_level: `NONE`, `CHILD` or `PARENT`: a smaller definition.
        for_seller: Ask with the account's seller id, for its own brands and shipping templates.

    Raises:
        UnknownProductType: Amazon has none of this name here.
        MalformedAnswer: the answer is not as Amazon's model says.
    """
    name = "getDefinitionsProductType"
    answer = client.call(
        name,
        path={"productType": product_type},
        query={
            "marketplaceIds": [marketplace_id],
            "sellerId": client.account.seller_id if for_seller else None,
            "productTypeVersion": version,
            "requirements": requirements,
            "requirementsEnforced": requirements_enforced,
            "locale": locale,
            "parentageLevel": parentage_level,
        },
    )
    shape = Shape(answer, name)
    numbered = shape.object("productTypeVersion")
    groups = shape.object("propertyGroups")
    return DefinitionAnswer(
        product_type=shape.text("productType"),
        display_name=shape.text("displayName"),
        version=shape.text("version", numbered),
        latest=numbered.get("latest") is True,
        locale=shape.text("locale"),
        marketplace_ids=tuple(shape.texts("marketplaceIds")),
        requirements=shape.text("requirements"),
        requirements_enforced=shape.text("requirementsEnforced"),
        property_groups={key: shape.object(key, groups) for key in groups},
        schema=_link(shape, "schema"),
        meta_schema=_link(shape, "metaSchema") if answer.body.get("metaSchema") is not None else None,
        request_id=answer.request_id,
    )


def download(client: SellingPartner, link: Link) -> bytes:
    """Return the document behind a link, with the checksum that was announced.

    Raises:
        LinkExpired: ask for the definition again; see `downloads.with_new_link`.
        DocumentDamaged: it arrived with another checksum, also when loaded again.
        Unavailable: no answer.
    """
    from amazon_listings.selling_partner.calls import downloads  # noqa: PLC0415 - to read what is stored takes no HTTP

    content = b""
    for _ in range(2):
        content = downloads.download(client, link.url, most=LARGEST)
        if checksum(content) == link.checksum:
            return content
    raise DocumentDamaged(
        "amazon.document_checksum",
        hostname=urlsplit(link.url).hostname,
        checksum=checksum(content),
        announced=link.checksum,
        retry_after=RETRY_LATER,
    )


def checksum(content: bytes) -> str:
    """Amazon's checksum of a document: Base64 of its MD5."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _link(shape: Shape, key: str) -> Link:
    holder = shape.object(key)
    url = shape.text("resource", shape.object("link", holder))
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        shape.bad("amazon.bad.not_address", key=key)
    return Link(url, shape.text("checksum", holder))
