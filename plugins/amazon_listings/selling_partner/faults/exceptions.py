"""What can go wrong at Amazon, named; each says by its base what happens next."""

from __future__ import annotations

from amazon_listings.errors import ActionRequiredError, AmazonListingsError, ItemError, RetryableError


class SellingPartnerError(AmazonListingsError):
    """What Amazon said, for the record and for Amazon's support.

    Attributes:
        operation: Amazon's operation name, or `token`.
        status: HTTP status, 0 if there was no answer.
        amazon_code: Amazon's error code, may be empty.
        request_id: `x-amzn-RequestId`, may be empty.
    """

    operation: str = ""
    status: int = 0
    amazon_code: str = ""
    request_id: str = ""


class CredentialsRejected(SellingPartnerError, ActionRequiredError):
    """Login with Amazon does not know the client id and secret."""


class SecretExpired(SellingPartnerError, ActionRequiredError):
    """The client secret is older than 180 days."""


class GrantRevoked(SellingPartnerError, ActionRequiredError):
    """The refresh token is not or no longer valid."""


class AccessDenied(SellingPartnerError, ActionRequiredError):
    """Amazon does not let this application do this for this account."""


class GatewayRefused(SellingPartnerError, ActionRequiredError):
    """What refused the request is not Amazon: a gateway, a proxy or a firewall on the way to it."""


class WrongAccount(SellingPartnerError, ActionRequiredError):
    """Seller id or vendor code, and marketplace, do not belong together."""


class WrongMarketplace(SellingPartnerError, ActionRequiredError):
    """The marketplace is of another region, or the account does not sell there."""


class UnknownProductType(SellingPartnerError, ActionRequiredError):
    """Amazon has no such product type for this account in this marketplace."""


class RequestRefused(SellingPartnerError, ActionRequiredError):
    """Amazon refuses a request that concerns no single item."""


class ListingRefused(SellingPartnerError, ItemError):
    """Amazon refuses the request of one item."""


class NotFound(SellingPartnerError, ItemError):
    """Amazon does not know what was asked for; `sku` holds its name."""


class Unavailable(SellingPartnerError, RetryableError):
    """No answer, or 5xx, also after several tries."""


class Throttled(SellingPartnerError, RetryableError):
    """429 for longer than a task should wait."""


class MalformedAnswer(SellingPartnerError, RetryableError):
    """A success that can not be read: cut off, not JSON, or not of the shape in Amazon's model."""


class OutcomeUnknown(SellingPartnerError, RetryableError):
    """A write was sent and no readable answer came: it may or may not have been carried out."""


class AnswerUnclear(OutcomeUnknown):
    """A write was answered, but the answer does not say what became of it; it is not to be sent again."""


class LinkUnsafe(SellingPartnerError, ActionRequiredError):
    """An answer names a link that leads where none of Amazon's does."""


class PreviewIgnored(SellingPartnerError, ActionRequiredError):
    """An endpoint accepted what it should only have validated (Amazon's static sandbox does)."""


class DocumentDamaged(SellingPartnerError, RetryableError):
    """A downloaded document is not the one that was announced: cut off, or another checksum."""


class LinkExpired(SellingPartnerError, RetryableError):
    """A pre-signed link is no longer valid; a new one must be asked for."""
