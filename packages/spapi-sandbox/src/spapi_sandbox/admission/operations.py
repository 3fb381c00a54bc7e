"""The SP-API operations that the sandbox plays: paths, parameters, usage plans.

Source: Amazon's models definitionsProductTypes_2020-09-01, listingsItems_2021-08-01,
listingsRestrictions_2021-08-01, feeds_2021-06-30, sellers, notifications and application_2023-11-30
(parameters and default rate limits); the product type of restrictions: changelog of 2026-05-27.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: `locale` values of getDefinitionsProductType.
# fmt: off
LOCALES = (
    "DEFAULT", "ar", "ar_AE", "de", "de_DE", "en", "en_AE", "en_AU", "en_CA", "en_GB",
    "en_IN", "en_SG", "en_US", "es", "es_ES", "es_MX", "es_US", "fr", "fr_CA", "fr_FR",
    "it", "it_IT", "ja", "ja_JP", "nl", "nl_NL", "pl", "pl_PL", "pt", "pt_BR",
    "pt_PT", "sv", "sv_SE", "tr", "tr_TR", "zh", "zh_CN", "zh_TW",
)
# fmt: on
READ_DATA = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "procurement",
    "relationships",
    "productTypes",
)
CONDITIONS = (
    "new_new", "new_open_box", "new_oem", "refurbished_refurbished", "used_like_new", "used_very_good",
    "used_good", "used_acceptable", "collectible_like_new", "collectible_very_good", "collectible_good",
    "collectible_acceptable", "club_club",
)  # fmt: skip
FEED_STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")


class Parameter(NamedTuple):
    """One query parameter. `kind` is text, list, integer, boolean or time."""

    name: str
    kind: str = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    max_items: int | None = None
    maximum: int | None = None
    minimum: int = 1


class Operation(NamedTuple):
    """One operation with its default usage plan: requests a second, and burst.

    `scope` is that of the grantless token which the operation asks for; empty: a partner's token.
    """

    name: str
    method: str
    path: str
    rate: float
    burst: float
    parameters: tuple[Parameter, ...] = ()
    success: int = 200
    has_body: bool = False
    scope: str = ""


#: Scopes of grantless tokens.
NOTIFICATIONS = "sellingpartnerapi::notifications"
ROTATION = "sellingpartnerapi::client_credential:rotation"
SCOPES = (NOTIFICATIONS, ROTATION)

_ONE_MARKETPLACE = Parameter("marketplaceIds", "list", required=True, max_items=1)
_MARKETPLACES = Parameter("marketplaceIds", "list", required=True)
_ISSUE_LOCALE = Parameter("issueLocale")
_READ = Parameter("includedData", "list", allowed=READ_DATA)
_WRITE = (
    Parameter("includedData", "list", allowed=("identifiers", "issues")),
    Parameter("mode", allowed=("VALIDATION_PREVIEW",)),
    _ISSUE_LOCALE,
)
_TYPES = "/definitions/2020-09-01/productTypes"
_ITEMS = "/listings/2021-08-01/items/{sellerId}"
_FEEDS = "/feeds/2021-06-30"
_SUBSCRIPTIONS = "/notifications/v1/subscriptions"
_DESTINATIONS = "/notifications/v1/destinations"
_STATUS = ("BUYABLE", "DISCOVERABLE")

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            "searchDefinitionsProductTypes",
            "GET",
            _TYPES,
            5.0,
            10,
            (
                _MARKETPLACES,
                Parameter("keywords", "list"),
                Parameter("itemName"),
                Parameter("locale"),
                Parameter("searchLocale"),
            ),
        ),
        Operation(
            "getDefinitionsProductType",
            "GET",
            f"{_TYPES}/{{productType}}",
            5.0,
            10,
            (
                _ONE_MARKETPLACE,
                Parameter("sellerId"),
                Parameter("productTypeVersion"),
                Parameter("requirements", allowed=("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")),
                Parameter("requirementsEnforced", allowed=("ENFORCED", "NOT_ENFORCED")),
                Parameter("locale", allowed=LOCALES),
                Parameter("parentageLevel", allowed=("NONE", "CHILD", "PARENT")),
            ),
        ),
        Operation(
            "putListingsItem", "PUT", f"{_ITEMS}/{{sku}}", 5.0, 10, (_ONE_MARKETPLACE, *_WRITE), has_body=True
        ),
        Operation(
            "patchListingsItem", "PATCH", f"{_ITEMS}/{{sku}}", 5.0, 5, (_MARKETPLACES, *_WRITE), has_body=True
        ),
        Operation(
            "getListingsItem", "GET", f"{_ITEMS}/{{sku}}", 5.0, 10, (_MARKETPLACES, _ISSUE_LOCALE, _READ)
        ),
        Operation(
            "deleteListingsItem", "DELETE", f"{_ITEMS}/{{sku}}", 5.0, 5, (_ONE_MARKETPLACE, _ISSUE_LOCALE)
        ),
        Operation(
            "getListingsRestrictions",
            "GET",
            "/listings/2021-08-01/restrictions",
            5.0,
            10,
            (
                Parameter("asin", required=True),
                Parameter("sellerId", required=True),
                _MARKETPLACES,
                Parameter("conditionType", allowed=CONDITIONS),
                Parameter("reasonLocale"),
                Parameter("productType"),
            ),
        ),
        Operation(
            "searchListingsItems",
            "GET",
            _ITEMS,
            5.0,
            5,
            (
                _MARKETPLACES,
                _ISSUE_LOCALE,
                _READ,
                Parameter("identifiers", "list", max_items=20),
                Parameter(
                    "identifiersType",
                    allowed=("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC"),
                ),
                Parameter("variationParentSku"),
                Parameter("packageHierarchySku"),
                Parameter("createdAfter", "time"),
                Parameter("createdBefore", "time"),
                Parameter("lastUpdatedAfter", "time"),
                Parameter("lastUpdatedBefore", "time"),
                Parameter("withIssueSeverity", "list", allowed=("WARNING", "ERROR")),
                Parameter("withStatus", "list", allowed=_STATUS),
                Parameter("withoutStatus", "list", allowed=_STATUS),
                Parameter("sortBy", allowed=("sku", "createdDate", "lastUpdatedDate")),
                Parameter("sortOrder", allowed=("ASC", "DESC")),
                Parameter("pageSize", "integer", maximum=20),
                Parameter("pageToken"),
            ),
        ),
        Operation("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", 0.016, 15),
        Operation("getAccount", "GET", "/sellers/v1/account", 0.016, 15),
        Operation("createFeedDocument", "POST", f"{_FEEDS}/documents", 0.5, 15, success=201, has_body=True),
        Operation(
            "getFeedDocument",
            "GET",
            f"{_FEEDS}/documents/{{feedDocumentId}}",
            0.0222,
            10,
            (Parameter("enableContentEncodingUrlHeader", "boolean"),),
        ),
        Operation("createFeed", "POST", f"{_FEEDS}/feeds", 0.0083, 15, success=202, has_body=True),
        Operation(
            "getFeeds",
            "GET",
            f"{_FEEDS}/feeds",
            0.0222,
            10,
            (
                Parameter("feedTypes", "list", max_items=10),
                Parameter("marketplaceIds", "list", max_items=10),
                Parameter("pageSize", "integer", maximum=100),
                Parameter("processingStatuses", "list", allowed=FEED_STATUSES),
                Parameter("createdSince", "time"),
                Parameter("createdUntil", "time"),
                Parameter("nextToken"),
            ),
        ),
        Operation("getFeed", "GET", f"{_FEEDS}/feeds/{{feedId}}", 2.0, 15),
        Operation("cancelFeed", "DELETE", f"{_FEEDS}/feeds/{{feedId}}", 2.0, 15),
        Operation(
            "getSubscriptions",
            "GET",
            _SUBSCRIPTIONS,
            1.0,
            5,
            (
                Parameter("notificationTypes", "list", required=True, max_items=1),
                Parameter("payloadVersion"),
                Parameter("pageSize", "integer", minimum=30, maximum=100),
                Parameter("nextToken"),
            ),
        ),
        Operation(
            "sendTestNotification",
            "POST",
            f"{_SUBSCRIPTIONS}/{{notificationType}}/testNotification",
            1.0,
            5,
            has_body=True,
            scope=NOTIFICATIONS,
        ),
        Operation(
            "getSubscription",
            "GET",
            f"{_SUBSCRIPTIONS}/{{notificationType}}",
            1.0,
            5,
            (Parameter("payloadVersion"),),
        ),
        Operation(
            "createSubscription", "POST", f"{_SUBSCRIPTIONS}/{{notificationType}}", 1.0, 5, has_body=True
        ),
        Operation(
            "getSubscriptionById",
            "GET",
            f"{_SUBSCRIPTIONS}/{{notificationType}}/{{subscriptionId}}",
            1.0,
            5,
            scope=NOTIFICATIONS,
        ),
        Operation(
            "deleteSubscriptionById",
            "DELETE",
            f"{_SUBSCRIPTIONS}/{{notificationType}}/{{subscriptionId}}",
            1.0,
            5,
            scope=NOTIFICATIONS,
        ),
        Operation("getDestinations", "GET", _DESTINATIONS, 1.0, 5, scope=NOTIFICATIONS),
        Operation("createDestination", "POST", _DESTINATIONS, 1.0, 5, has_body=True, scope=NOTIFICATIONS),
        Operation("getDestination", "GET", f"{_DESTINATIONS}/{{destinationId}}", 1.0, 5, scope=NOTIFICATIONS),
        Operation(
            "deleteDestination", "DELETE", f"{_DESTINATIONS}/{{destinationId}}", 1.0, 5, scope=NOTIFICATIONS
        ),
        Operation(
            "rotateApplicationClientSecret",
            "POST",
            "/applications/2023-11-30/clientSecret",
            0.0167,
            1,
            success=204,
            scope=ROTATION,
        ),
    )
}

_PATTERNS = [
    (operation, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)))
    for operation in OPERATIONS.values()
]
_OTHERS = {
    "/auth/": "token",
    "/documents/": "documents",
    "/sales_layer/rest": "sales_layer_rest",
    "/sales_layer/connector": "sales_layer_connector",
    "/images/": "images",
}

#: Everything that can be called, as faults, counters and the log name it.
NAMES = (*OPERATIONS, *_OTHERS.values())


def operation_of(method: str, raw_path: str) -> str:
    """Return the name of what is called, for faults, counters and the log.

    That is an operation, `token`, `images` etc.
    """
    for operation, pattern in _PATTERNS:
        if operation.method == method and pattern.fullmatch(raw_path):
            return operation.name
    return next((name for prefix, name in _OTHERS.items() if raw_path.startswith(prefix)), "other")


def path_parameters(operation: Operation, raw_path: str) -> dict[str, str] | None:
    """Return the still percent-encoded values in the path; `None` if the path does not fit the operation."""
    pattern = next(pattern for entry, pattern in _PATTERNS if entry.name == operation.name)
    match = pattern.fullmatch(raw_path)
    return match.groupdict() if match else None
