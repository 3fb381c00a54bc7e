"""Listings Items API 2021-08-01: put, patch, get, delete, search; and the restrictions of ASINs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add
from spapi_sandbox.listings import patches, submissions
from spapi_sandbox.listings.item_view import item
from spapi_sandbox.listings.search import search

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def create_router(state: SandboxState) -> APIRouter:
    """Return the operations of both APIs."""
    router = APIRouter()
    handlers = {
        "putListingsItem": _put,
        "patchListingsItem": _patch,
        "getListingsItem": _get,
        "deleteListingsItem": _delete,
        "searchListingsItems": search,
        "getListingsRestrictions": _restrictions,
    }
    add(router, state, {name: functools.partial(handler, state) for name, handler in handlers.items()})
    return router


def language_of(call: Call) -> str:
    """Return the language of issues: `issueLocale`, else the first marketplace's own."""
    locale = call.query.get("issueLocale") or call.marketplaces()[0].languages[0]
    return str(locale)[:2]


def _target(call: Call) -> submissions.Target:
    account = call.account()
    return submissions.Target(account, call.path["sku"], call.marketplaces(account), language_of(call))


def _put(state: SandboxState, call: Call) -> dict[str, Any]:
    target, preview = _target(call), _preview(call)
    with state.listings.lock:
        answer = submissions.put(state, target, call.body, preview=preview)
    return _shown(call, target, answer, call.body["attributes"])


def _patch(state: SandboxState, call: Call) -> dict[str, Any]:
    target, preview = _target(call), _preview(call)
    with state.listings.lock:
        current = state.listings.submitted(target.account.id, target.sku, target.marketplaces[0].id)
        answer = submissions.patch(state, target, call.body, preview=preview)
    after = current.attributes if current else {}
    for entry in call.body["patches"]:
        after[patches.attribute_of(entry)] = entry["value"]
    return _shown(call, target, answer, after)


def _restrictions(state: SandboxState, call: Call) -> dict[str, Any]:
    """Answer with the restrictions that the control endpoint has put on an ASIN."""
    account = call.granted(call.query["sellerId"])
    found = [
        {
            "marketplaceId": place.id,
            "conditionType": call.query.get("conditionType", "new_new"),
            "reasons": state.restrictions[call.query["asin"]],
        }
        for place in call.marketplaces(account)
        if call.query["asin"] in state.restrictions
    ]
    return {"restrictions": found}


def _preview(call: Call) -> bool:
    preview = call.query.get("mode") == "VALIDATION_PREVIEW"
    if "identifiers" in call.query.get("includedData", []) and not preview:
        raise Refusal(400, "'identifiers' can only be requested when 'mode' is VALIDATION_PREVIEW.")
    return preview


def _shown(
    call: Call, target: submissions.Target, answer: dict[str, Any], attributes: dict[str, Any]
) -> dict[str, Any]:
    included = call.query.get("includedData", ["issues"])
    if "identifiers" in included:
        matched = submissions.identifiers(target, attributes) if answer["status"] == "VALID" else []
        answer["identifiers"] = matched
    if "issues" not in included:
        del answer["issues"]
    return answer


def _get(state: SandboxState, call: Call) -> dict[str, Any]:
    target = _target(call)
    rows = [
        found
        for marketplace in target.marketplaces
        if (found := state.listings.readable(target.account.id, target.sku, marketplace.id))
    ]
    if not rows:
        places = ", ".join(marketplace.id for marketplace in target.marketplaces)
        raise Refusal(404, f"SKU '{target.sku}' not found in marketplace {places}")
    return item(state, rows, call.query.get("includedData", ["summaries"]), target.language)


def _delete(state: SandboxState, call: Call) -> dict[str, Any]:
    return submissions.delete(state, _target(call))
