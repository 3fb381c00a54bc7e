"""Ask whether Amazon lets the account sell a product of its catalogue, before an offer on it is made first.

Amazon takes an offer on a product that the account may not sell, and no shopper sees it. So Amazon is asked
first, of items that are an offer alone and that Amazon does not have, as often as a run may ask for previews.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import ActionRequiredError, ItemError, RetryableError
from amazon_listings.runs.plan import Method
from amazon_listings.selling_partner.restrictions import ASIN_NOT_FOUND, Restriction, restrictions
from amazon_product_types.messages.facts import Quoted
from amazon_product_types.messages.printable import one_line
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.planning.wanted import PlannedWrite
    from amazon_listings.selling_partner.calls.client import SellingPartner

log = logging.getLogger(__name__)

SUGGESTED, CONDITION = "merchant_suggested_asin", "condition_type"
_OFFER_ONLY = "LISTING_OFFER_ONLY"


@dataclass
class Restrictions:
    """Asks for the restrictions of products; `calls` counts.

    Args:
        connector: The connector that runs.
        client: The account's client.
        messages: The sentences, in the language of the report.
        most: How often it may ask.
    """

    connector: Connector
    client: SellingPartner
    messages: Catalogue
    most: int
    calls: int = 0
    _found: dict[tuple[str, str], list[Restriction]] = field(default_factory=dict)
    _refused: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issues(
        self, write: PlannedWrite, attributes: Mapping[str, Any], asin: str | None = None
    ) -> list[Issue]:
        """Return an error for each reason why the offer that a plan would make may not be sold.

        Args:
            write: The plan.
            attributes: The payload.
            asin: The product, where Amazon has said which; else the one that the payload suggests.
        """
        offers = self.connector.amazon.requirements == _OFFER_ONLY and not self.client.account.vendor
        if not offers or write.method != Method.PUT or write.existed:
            return []
        asin = asin or _first(attributes, SUGGESTED)
        if not asin:
            return []
        with self._lock:  # one after the other: Amazon takes few a second, and items share products
            return [self._issue(asin, one) for one in self._of(asin, _first(attributes, CONDITION))]

    def _of(self, asin: str, condition: str) -> list[Restriction]:
        key = (asin, condition)
        if key in self._found or self._refused or self.calls >= self.most:
            return self._found.get(key, [])
        self.calls += 1
        amazon, marketplace = self.connector.amazon, self.connector.marketplace
        try:
            found = restrictions(
                self.client,
                asin,
                marketplace.id,
                condition=condition,
                product_type=amazon.product_type,
                locale=amazon.locale,
            )
        except (ActionRequiredError, RetryableError, ItemError) as error:
            # The preview and the submission are the ones that count; this only says earlier what they would.
            log.warning("%s", error)
            self._refused = self._refused or isinstance(error, ActionRequiredError)
            found = []
        self._found[key] = found
        return found

    def _issue(self, asin: str, one: Restriction) -> Issue:
        code = "asin_needs_approval" if one.link else "asin_not_allowed"
        if one.code == ASIN_NOT_FOUND:
            code = "asin_not_found"
        reason = Quoted(one_line(one.message or one.code))
        facts = {"asin": asin, "country": self.connector.marketplace.shop, "reason": reason, "link": one.link}
        return Issue(
            code=code,
            severity="ERROR",
            source="preview",
            attribute=SUGGESTED,
            path=SUGGESTED,
            found=asin,
            **self.messages.issue_texts(code, **facts),
        )


def _first(attributes: Mapping[str, Any], name: str) -> str:
    """Return the value of an attribute's first element; empty if there is none."""
    elements = attributes.get(name)
    first = elements[0] if isinstance(elements, list) and elements else None
    value = first.get("value") if isinstance(first, dict) else None
    return value if isinstance(value, str) else ""
