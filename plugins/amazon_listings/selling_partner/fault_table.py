"""Amazon's faults as data: what was answered → what to do, what it means, who acts.

The first row that fits an answer decides. The client retries by this table, exceptions take
their sentences from it, and docs/selling_partner.md shows it.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

from .exceptions import (
    AccessDenied,
    CredentialsRejected,
    GrantRevoked,
    ListingRefused,
    NotFound,
    RequestRefused,
    SecretExpired,
    SellingPartnerError,
    Throttled,
    Unavailable,
    UnknownProductType,
    WrongAccount,
    WrongMarketplace,
)


class Action(Enum):
    """What the client does about an answer."""

    RETRY = "retry"
    WAIT = "wait"
    REFRESH = "new token, then fail"
    FAIL = "fail"
    PERSON = "person"


Side = Literal["token", "api"]


class Fault(NamedTuple):
    """One row.

    `status` of 0 means no answer or an unreadable one; None fits every status. `code` and `text`
    are regular expressions searched for in Amazon's code and in its message with details;
    `operation` in the operation's name; None fits everything.
    """

    side: Side
    status: tuple[int, ...] | None
    code: str | None
    text: str | None
    action: Action
    error: type[SellingPartnerError]
    meaning: str
    who: str
    operation: str | None = None


_MANAGER = "Whoever manages the Amazon developer application"
_ADMIN = "Whoever manages the seller or vendor account"
ENGINEER = "The data engineer"
_NOBODY = "Nobody; it passes. If it lasts, see Amazon's status page"
_PIM = "Whoever keeps the product data"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "token", None, "^invalid_client$", None, Action.PERSON, CredentialsRejected,
        "Login with Amazon does not accept the client id with this client secret: one is mistyped, or the"
        " secret was rotated or is past its 180 days.",
        f"{_MANAGER} must enter the current client id and secret in the connection",
    ),
    Fault(
        "token", None, "^unauthorized_client$", None, Action.PERSON, CredentialsRejected,
        "The refresh token was issued to another application than this client id.",
        f"{_MANAGER} must enter client id, secret and refresh token of one application in the connection",
    ),
    Fault(
        "token", None, "^(invalid_grant|access_denied)$", None, Action.PERSON, GrantRevoked,
        "The grant (refresh token) is mistyped, expired or was revoked in Seller or Vendor Central.",
        f"{_ADMIN} must authorise the application again and enter the new refresh token in the connection",
    ),
    Fault(
        "token", (429, 500, 502, 503, 504), None, None, Action.RETRY, Unavailable,
        "Login with Amazon is busy or has a fault.", _NOBODY,
    ),
    Fault(
        "token", None, "^(server_error|temporarily_unavailable)$", None, Action.RETRY, Unavailable,
        "Login with Amazon is busy or has a fault.", _NOBODY,
    ),
    Fault(
        "token", (0,), None, None, Action.RETRY, Unavailable,
        "Login with Amazon gives no readable answer.",
        "Nobody, if it passes; if it lasts, the data engineer must open the network to the token address",
    ),
    Fault(
        "token", None, None, None, Action.PERSON, RequestRefused,
        "Login with Amazon refuses the request for a token.",
        f"{ENGINEER} must check the connection's token address and credentials",
    ),
    Fault(
        "api", (401, 403), None, "secret .*expired", Action.PERSON, SecretExpired,
        "The client secret is past its 180 days.",
        f"{_MANAGER} must rotate the client secret and enter the new one in the connection",
    ),
    Fault(
        "api", (400, 403), None, "not valid for region|marketplaces? .*not valid", Action.PERSON,
        WrongMarketplace,
        "The marketplace does not belong to the region of this connection.",
        f"{ENGINEER} must use a connection of the marketplace's region, or correct the connector's country",
    ),
    Fault(
        "api", (401, 403), None, "token .*(revoked|malformed|invalid|expired)", Action.REFRESH, AccessDenied,
        "Amazon refuses even a fresh access token.",
        f"{_MANAGER} must check that the grant belongs to the connection's region and is not revoked",
    ),
    Fault(
        "api", (401, 403), None, None, Action.REFRESH, AccessDenied,
        "Amazon denies access: the application lacks the role (Product Listing), the grant is of another"
        " region, or the account is deactivated.",
        f"{_MANAGER} must check roles and grant; after adding a role the account must be authorised again",
    ),
    Fault(
        "api", (429,), None, None, Action.WAIT, Throttled,
        "The quota is used up.", "Nobody; the bucket is lowered and the request waits",
    ),
    Fault(
        "api", (500, 502, 503, 504), None, None, Action.RETRY, Unavailable,
        "Amazon has a fault.", _NOBODY,
    ),
    Fault(
        "api", (0,), None, None, Action.RETRY, Unavailable,
        "Amazon gives no readable answer.",
        "Nobody, if it passes; if it lasts, the data engineer must open the network to the endpoint",
    ),
    Fault(
        "api", (400,), None, "sellerId.*marketplaceId|accountId", Action.PERSON, WrongAccount,
        "The merchant token or vendor code does not exist in this marketplace: it is mistyped, or the account"
        " does not sell there.",
        f"{_ADMIN} must check the seller id (vendors: the vendor code) in the connection and the connector's"
        " country",
    ),
    Fault(
        "api", (400,), None, "[Pp]roduct ?[Tt]ype", Action.PERSON, UnknownProductType,
        "Amazon has no such product type for this account in this marketplace.",
        f"{ENGINEER} must correct product_type in the connector",
        "getDefinitionsProductType",
    ),
    Fault(
        "api", (404,), None, None, Action.PERSON, UnknownProductType,
        "Amazon has no such product type for this account in this marketplace.",
        f"{ENGINEER} must correct product_type in the connector",
        "getDefinitionsProductType",
    ),
    Fault(
        "api", (404,), None, None, Action.FAIL, NotFound,
        "Amazon does not know it.", "Nobody: a new item is unknown until it was accepted",
    ),
    Fault(
        "api", (413,), None, None, Action.FAIL, ListingRefused,
        "The request is larger than Amazon takes.", f"{_PIM} must shorten the item's texts",
    ),
    Fault(
        "api", (415,), None, None, Action.PERSON, RequestRefused,
        "Amazon does not take this content type.",
        f"{ENGINEER} must check what stands between here and Amazon: a proxy changes the request",
    ),
    Fault(
        "api", (400,), None, None, Action.FAIL, ListingRefused,
        "Amazon finds the request wrong.", f"{_PIM} or the data engineer, by Amazon's text",
    ),
    Fault(
        "api", None, None, None, Action.PERSON, RequestRefused,
        "Amazon's answer is not one that its model names.",
        f"{ENGINEER} must check endpoint and proxy",
    ),
)  # fmt: skip
