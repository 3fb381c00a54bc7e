"""Notifications API v1: destinations by the application, subscriptions by the selling partner."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add
from spapi_sandbox.notifications.store import Resource, Subscription

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState

#: Type -> the versions of its payload. Source: "Notification Type Values".
TYPES = {
    "FEED_PROCESSING_FINISHED": ("2020-09-04",),
    "LISTINGS_ITEM_ISSUES_CHANGE": ("2023-12-13",),
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": ("1.0",),
    "LISTINGS_ITEM_STATUS_CHANGE": ("1.0",),
    "PRODUCT_TYPE_DEFINITIONS_CHANGE": ("1.0",),
}
_ARN = re.compile(r"arn:aws:sqs:\S+:\S+:\S+")
_LONGEST_NAME = 256
_LONGEST_ARN = 1000


def create_router(state: SandboxState) -> APIRouter:
    """Return the operations of the API."""
    router = APIRouter()
    handlers = {
        "getSubscriptions": _subscriptions,
        "sendTestNotification": _test,
        "getSubscription": _subscription_of,
        "createSubscription": _subscribe,
        "getSubscriptionById": _subscription,
        "deleteSubscriptionById": _unsubscribe,
        "getDestinations": _destinations,
        "createDestination": _create_destination,
        "getDestination": _destination,
        "deleteDestination": _delete_destination,
    }
    add(router, state, {name: functools.partial(handler, state) for name, handler in handlers.items()})
    return router


def _kind(call: Call) -> str:
    return _type(call.path["notificationType"])


def _type(kind: str) -> str:
    if kind not in TYPES:
        raise Refusal(400, f"Invalid notificationType '{kind}' provided.")
    return kind


def _subscribe(state: SandboxState, call: Call) -> dict[str, Any]:
    kind, body, store = _kind(call), call.body, state.notifications
    version, place = body.get("payloadVersion"), body.get("destinationId")
    if version not in TYPES[kind]:
        raise Refusal(400, f"Invalid payloadVersion for notificationType '{kind}' provided.")
    if not store.has_destination(place):
        raise Refusal(400, "Invalid destinationId provided.")
    directive = body.get("processingDirective")
    if directive is not None and not _is_directive(directive):
        raise Refusal(400, "Invalid processingDirective provided.")
    if store.of(call.bearer.grant, kind) is not None:
        raise Refusal(409, "A subscription of this notificationType exists already.", code="Conflict")
    made = Subscription(store.identifier(), kind, call.bearer.grant, version, place, directive)
    store.subscriptions[made.id] = made
    return {"payload": _shown(made)}


def _is_directive(directive: Any) -> bool:
    """Return whether a directive is one of these types: their events have no filter but an expression."""
    expression = directive.get("filterExpression", "") if isinstance(directive, dict) else None
    return isinstance(expression, str) and directive.keys() <= {"filterExpression"}


def _subscriptions(state: SandboxState, call: Call) -> dict[str, Any]:
    """Return the subscriptions of the partner to one type: none, or one, so that a further page never is."""
    if "nextToken" in call.query:
        raise Refusal(400, "Invalid nextToken provided.")
    found = state.notifications.of(call.bearer.grant, _type(call.query["notificationTypes"][0]))
    if found is None or call.query.get("payloadVersion", found.payload_version) != found.payload_version:
        return {"payload": {"subscriptions": []}}
    return {"payload": {"subscriptions": [_shown(found)]}}


def _test(state: SandboxState, call: Call) -> dict[str, Any]:
    """Take the order of a test notification; none is sent, for there is no queue."""
    kind, asked = _kind(call), call.body.get("testNotification")
    if not state.notifications.has_destination(call.body.get("destinationId")):
        raise Refusal(400, "Invalid destinationId provided.")
    if not isinstance(asked, dict) or asked.get("payloadVersion") not in TYPES[kind]:
        raise Refusal(400, f"Invalid payloadVersion for notificationType '{kind}' provided.")
    if not isinstance(asked.get("testScenario"), str) or not asked["testScenario"]:
        raise Refusal(400, "Invalid testScenario provided.")
    return {}


def _subscription_of(state: SandboxState, call: Call) -> dict[str, Any]:
    found = state.notifications.of(call.bearer.grant, _kind(call))
    if found is None or call.query.get("payloadVersion", found.payload_version) != found.payload_version:
        raise Refusal(404)
    return {"payload": _shown(found)}


def _by_id(state: SandboxState, call: Call) -> Subscription:
    found = state.notifications.subscriptions.get(call.path["subscriptionId"])
    if found is None or found.kind != _kind(call):
        raise Refusal(404)
    return found


def _subscription(state: SandboxState, call: Call) -> dict[str, Any]:
    return {"payload": _shown(_by_id(state, call))}


def _unsubscribe(state: SandboxState, call: Call) -> dict[str, Any]:
    del state.notifications.subscriptions[_by_id(state, call).id]
    return {}


def _shown(made: Subscription) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "subscriptionId": made.id,
        "payloadVersion": made.payload_version,
        "destinationId": made.destination_id,
    }
    return shown if made.directive is None else {**shown, "processingDirective": made.directive}


def _destinations(state: SandboxState, _: Call) -> dict[str, Any]:
    return {"payload": [_place(state, identifier) for identifier in state.notifications.destinations]}


def _create_destination(state: SandboxState, call: Call) -> dict[str, Any]:
    name, asked = call.body.get("name"), call.body.get("resourceSpecification")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise Refusal(400, "Invalid name provided.")
    identifier = state.notifications.identifier()
    state.notifications.destinations[identifier] = (name, _resource(asked, identifier))
    return {"payload": _place(state, identifier)}


def _resource(asked: object, identifier: str) -> Resource:
    """Return the resource of a specification: one queue, or one event source, which gets a name."""
    invalid = Refusal(400, "Invalid resourceSpecification provided.")
    if not isinstance(asked, dict) or len(asked) != 1:
        raise invalid
    queue, bridge = asked.get("sqs"), asked.get("eventBridge")
    if isinstance(queue, dict):
        arn = queue.get("arn")
        if not isinstance(arn, str) or len(arn) > _LONGEST_ARN or not _ARN.match(arn):
            raise invalid
        return {"sqs": {"arn": arn}}
    fields = ("region", "accountId")
    if not isinstance(bridge, dict) or not all(isinstance(bridge.get(name), str) for name in fields):
        raise invalid
    name = f"aws.partner/sellingpartnerapi.amazon.com/{bridge['accountId'][:100]}/{identifier}"
    return {"eventBridge": {"name": name, "region": bridge["region"], "accountId": bridge["accountId"]}}


def _known(state: SandboxState, call: Call) -> str:
    identifier = call.path["destinationId"]
    if identifier not in state.notifications.destinations:
        raise Refusal(404)
    return identifier


def _destination(state: SandboxState, call: Call) -> dict[str, Any]:
    return {"payload": _place(state, _known(state, call))}


def _delete_destination(state: SandboxState, call: Call) -> dict[str, Any]:
    identifier = _known(state, call)
    if any(one.destination_id == identifier for one in state.notifications.subscriptions.values()):
        raise Refusal(409, "The destination has subscriptions.", code="Conflict")
    del state.notifications.destinations[identifier]
    return {}


def _place(state: SandboxState, identifier: str) -> dict[str, Any]:
    name, resource = state.notifications.destinations[identifier]
    return {"name": name, "destinationId": identifier, "resource": resource}
