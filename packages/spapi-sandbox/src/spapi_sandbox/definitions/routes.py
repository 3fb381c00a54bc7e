"""Product Type Definitions API 2020-09-01."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add
from spapi_sandbox.definitions import product_type_files
from spapi_sandbox.definitions.library import Key, checksum
from spapi_sandbox.definitions.meta_schema import META_SCHEMA_CONTENT
from spapi_sandbox.feeds.documents import Document

if TYPE_CHECKING:
    from spapi_sandbox.marketplaces import Marketplace
    from spapi_sandbox.state import SandboxState

_JSON = "application/json"


def create_router(state: SandboxState) -> APIRouter:
    """Return the two operations of the API."""
    router = APIRouter()
    add(
        router,
        state,
        {
            "searchDefinitionsProductTypes": functools.partial(_search, state),
            "getDefinitionsProductType": functools.partial(_get, state),
        },
    )
    return router


def _search(state: SandboxState, call: Call) -> dict[str, Any]:
    if "keywords" in call.query and "itemName" in call.query:
        raise Refusal(400, "'keywords' and 'itemName' cannot be used together.", code="BAD_REQUEST")
    marketplace = call.marketplaces()[0]
    shown = _language(call.query.get("locale"), marketplace)
    spoken = _language(call.query.get("searchLocale"), marketplace)
    wanted = [word.lower() for word in call.query.get("keywords", [])]
    title = call.query.get("itemName", "").lower()
    display = {name: label for name, label, _ in state.library.product_types(marketplace, shown)}
    found = []
    for name, _, words in state.library.product_types(marketplace, spoken):
        by_word = not wanted or any(word in candidate for word in wanted for candidate in words)
        by_title = not title or any(word in title for word in words)
        if by_word and by_title:
            ids = [entry.id for entry in call.marketplaces()]
            found.append({"name": name, "displayName": display[name], "marketplaceIds": ids})
    return {"productTypes": found, "productTypeVersion": state.library.version()}


def _get(state: SandboxState, call: Call) -> dict[str, Any]:
    marketplace = call.marketplaces()[0]
    query = call.query
    product_type = call.path["productType"]
    variant = product_type_files.Variant(
        marketplace=marketplace,
        language=_language(query.get("locale"), marketplace),
        requirements=query.get("requirements", "LISTING"),
        enforced=query.get("requirementsEnforced", "ENFORCED") == "ENFORCED",
        parentage=query.get("parentageLevel"),
        partner=_partner(call),
    )
    definition = state.library.find(Key(product_type, variant, query.get("productTypeVersion", "LATEST")))
    if definition is None:
        raise Refusal(
            400,
            "Invalid input",
            code="BAD_REQUEST",
            details=f"No definition of product type '{product_type}' in marketplace '{marketplace.id}'.",
        )
    asked = query.get("locale", "DEFAULT")
    default = marketplace.languages[0]
    locale = default if asked == "DEFAULT" and default[:2] == definition.locale[:2] else definition.locale
    return {
        "metaSchema": _link(state, call, META_SCHEMA_CONTENT),
        "schema": _link(state, call, definition.content),
        "requirements": variant.requirements,
        "requirementsEnforced": "ENFORCED" if variant.enforced else "NOT_ENFORCED",
        "propertyGroups": definition.property_groups,
        "locale": asked if asked[:2] == locale[:2] else locale,
        "marketplaceIds": [marketplace.id],
        "productType": product_type,
        "displayName": definition.display_name,
        "productTypeVersion": {
            "version": definition.version,
            "latest": definition.latest,
            "releaseCandidate": False,
        },
    }


def _partner(call: Call) -> str:
    seller_id = call.query.get("sellerId")
    if seller_id is None:
        return "seller"
    account = call.granted(seller_id)
    call.marketplaces(account)
    return account.partner


def _language(locale: str | None, marketplace: Marketplace) -> str:
    if locale in {None, "DEFAULT"}:
        return marketplace.languages[0][:2]
    return str(locale)[:2]


def _link(state: SandboxState, call: Call, content: bytes) -> dict[str, Any]:
    name = hashlib.sha256(content).hexdigest()[:32]
    if state.documents.find(name) is None:
        state.documents.store(name, Document(content, _JSON), lasting=False)
    resource = state.documents.link(call.base, name, state.schema_link_seconds)
    return {"link": {"resource": resource, "verb": "GET"}, "checksum": checksum(content)}
