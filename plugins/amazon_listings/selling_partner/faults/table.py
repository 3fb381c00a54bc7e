"""Amazon's faults as data: what was answered → what to do, what it means, who acts.

The first row that fits an answer decides. The client retries by this table, exceptions take
their sentences from it, and docs/selling_partner.md shows it.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

from amazon_listings.selling_partner.faults.exceptions import (
    AccessDenied,
    CredentialsRejected,
    GatewayRefused,
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
    `operation` in the operation's name; None fits everything. `message` is the code of what it means and of
    who acts.
    """

    side: Side
    status: tuple[int, ...] | None
    code: str | None
    text: str | None
    action: Action
    error: type[SellingPartnerError]
    message: str
    operation: str | None = None


#: The code of a refusal that is not Amazon's JSON: a gateway, a proxy or a firewall on the way wrote it.
NOT_AMAZON = "NotAmazonsAnswer"
#: The code of a refusal whose JSON broke off on the way.
BROKEN_OFF = "AnswerBrokeOff"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "token", None, "^invalid_client$", None, Action.PERSON, CredentialsRejected,
        "amazon.token_credentials_rejected",
    ),
    Fault(
        "token", None, "^unauthorized_client$", None, Action.PERSON, CredentialsRejected,
        "amazon.token_credentials_rejected_2",
    ),
    Fault(
        "token", None, "^(invalid_grant|access_denied)$", None, Action.PERSON, GrantRevoked,
        "amazon.token_grant_revoked",
    ),
    Fault(
        "token", (429, 500, 502, 503, 504), None, None, Action.RETRY, Unavailable,
        "amazon.token_unavailable",
    ),
    Fault(
        "token", None, "^(server_error|temporarily_unavailable)$", None, Action.RETRY, Unavailable,
        "amazon.token_unavailable",
    ),
    Fault(
        "token", (0,), None, None, Action.RETRY, Unavailable,
        "amazon.token_no_readable_answer",
    ),
    Fault(
        "token", None, f"^{BROKEN_OFF}$", None, Action.RETRY, Unavailable,
        "amazon.token_no_readable_answer",
    ),
    Fault(
        "token", None, f"^{NOT_AMAZON}$", None, Action.PERSON, GatewayRefused,
        "amazon.gateway_refused",
    ),
    Fault(
        "token", None, None, None, Action.PERSON, RequestRefused,
        "amazon.token_request_refused",
    ),
    Fault(
        "api", None, f"^{BROKEN_OFF}$", None, Action.RETRY, Unavailable,
        "amazon.no_readable_answer",
    ),
    Fault(
        "api", (400, 401, 403, 404, 405, 406, 407, 411, 413, 414, 415, 431, 451), f"^{NOT_AMAZON}$", None,
        Action.PERSON, GatewayRefused,
        "amazon.gateway_refused",
    ),
    Fault(
        "api", (401, 403), None, "secret .*expired", Action.PERSON, SecretExpired,
        "amazon.secret_expired",
    ),
    Fault(
        "api", (400, 403), None, "not valid for region|marketplaces? .*not valid", Action.PERSON,
        WrongMarketplace,
        "amazon.wrong_marketplace",
    ),
    Fault(
        "api", (401, 403), None, "token .*(revoked|malformed|invalid|expired)", Action.REFRESH, AccessDenied,
        "amazon.fresh_token_refused",
    ),
    Fault(
        "api", (401, 403), None, None, Action.REFRESH, AccessDenied,
        "amazon.access_denied",
    ),
    Fault(
        "api", (429,), None, None, Action.WAIT, Throttled,
        "amazon.throttled",
    ),
    Fault(
        "api", (408, 425, 500, 502, 503, 504), None, None, Action.RETRY, Unavailable,
        "amazon.unavailable",
    ),
    Fault(
        "api", (0,), None, None, Action.RETRY, Unavailable,
        "amazon.no_readable_answer",
    ),
    Fault(
        "api", (400,), None, "sellerId.*marketplaceId|accountId", Action.PERSON, WrongAccount,
        "amazon.wrong_account",
    ),
    Fault(
        "api", (400,), None, None, Action.PERSON, WrongAccount,
        "amazon.feed_refused",
        "createFeed",
    ),
    Fault(
        "api", (400,), None, "[Pp]roduct ?[Tt]ype", Action.PERSON, UnknownProductType,
        "amazon.unknown_product_type",
        "getDefinitionsProductType",
    ),
    Fault(
        "api", (404,), None, None, Action.PERSON, UnknownProductType,
        "amazon.unknown_product_type",
        "getDefinitionsProductType",
    ),
    Fault(
        "api", (404,), None, None, Action.FAIL, NotFound,
        "amazon.not_found",
    ),
    Fault(
        "api", (413,), None, None, Action.FAIL, ListingRefused,
        "amazon.listing_too_large",
    ),
    Fault(
        "api", (415,), None, None, Action.PERSON, RequestRefused,
        "amazon.content_type_refused",
    ),
    Fault(
        "api", (400,), None, None, Action.FAIL, ListingRefused,
        "amazon.listing_refused",
    ),
    Fault(
        "api", None, None, None, Action.PERSON, RequestRefused,
        "amazon.unnamed_answer",
    ),
)  # fmt: skip
