"""Which token buckets a request draws from, and the refusal when one is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spapi_sandbox.admission.quotas import APPLICATION_WIDE, Limit
from spapi_sandbox.admission.refusals import Refusal

if TYPE_CHECKING:
    from fastapi import Request

    from spapi_sandbox.account.tokens import Bearer
    from spapi_sandbox.admission.operations import Operation
    from spapi_sandbox.state import SandboxState

#: Feeds of one type: five in five minutes (changelog of 2025-05-06).
_FEEDS_OF_A_TYPE = (5 / 300, 5.0)
_PRODUCT_DATA = {"item_name", "brand", "bullet_point", "product_description", "merchant_shipping_group"}
_RELATIONSHIPS = {"child_parent_sku_relationship", "package_contains_sku"}


def throttle(
    state: SandboxState, operation: Operation, request: Request, bearer: Bearer, body: object
) -> float:
    """Draws from every bucket the request falls under; returns the rate that the answer tells."""
    whose = request.path_params.get("sellerId", "").partition("/")[0] or bearer.grant
    rate, burst = state.buckets.limit(operation.name, operation.rate, operation.burst)
    limits = [Limit(f"{operation.name} {whose}", rate, burst)]
    for kind in _kinds(operation, request, body):
        scope, wide = APPLICATION_WIDE[kind]
        limits.append(Limit(kind, *state.buckets.limit(kind, wide, wide), scope=scope))
    if operation.name == "createFeed" and isinstance(body, dict):
        feed_type = f"createFeed {body.get('feedType')}"
        limits.append(Limit(f"{feed_type} {whose}", *state.buckets.limit(feed_type, *_FEEDS_OF_A_TYPE)))
    empty = state.buckets.take(limits)
    if empty is None:
        return rate
    if empty.scope:
        message = (
            f"You exceeded your quota for the requested resource: greater than what is allowed {empty.scope}."
        )
        raise Refusal(429, message)
    raise Refusal(429)


def _kinds(operation: Operation, request: Request, body: object) -> list[str]:
    kinds = [operation.name] if operation.name in APPLICATION_WIDE else []
    if request.query_params.get("mode") == "VALIDATION_PREVIEW":
        kinds.append("preview")
    touched = _touched(body)
    if touched & _RELATIONSHIPS and f"{operation.name} relationships" in APPLICATION_WIDE:
        kinds.append(f"{operation.name} relationships")
    if touched & _PRODUCT_DATA and f"{operation.name} product data" in APPLICATION_WIDE:
        kinds.append(f"{operation.name} product data")
    return kinds


def _touched(body: object) -> set[str]:
    if not isinstance(body, dict):
        return set()
    attributes, patches = body.get("attributes"), body.get("patches")
    names = set(attributes) if isinstance(attributes, dict) else set()
    for patch in patches if isinstance(patches, list) else []:
        if isinstance(patch, dict) and isinstance(patch.get("path"), str):
            names.add(patch["path"].removeprefix("/attributes/"))
    return names
