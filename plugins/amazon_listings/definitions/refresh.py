"""Bringing stored definitions up to date with Amazon."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from amazon_listings.definitions.store import DefinitionStore, age
from amazon_listings.definitions.stored import (
    DefinitionKey,
    DefinitionPair,
    StoredDefinition,
    checked,
)
from amazon_listings.errors import ActionRequiredError, AmazonListingsError, RetryableError
from amazon_listings.marketplaces import marketplace_with
from amazon_listings.messages import log_line, message
from amazon_listings.selling_partner import definitions
from amazon_listings.selling_partner.calls.downloads import with_new_link
from amazon_listings.selling_partner.faults.exceptions import RequestRefused, UnknownProductType
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.selling_partner.calls.client import SellingPartner

#: Versions that Amazon has of every product type.
VERSION_NAMES = ("LATEST", "RELEASE_CANDIDATE")
#: Amazon's `parentageLevel`, by the value that an item of a family has in its `parentage_level`.
PARENTAGE_LEVELS = {"parent": "PARENT", "child": "CHILD"}
#: The requirements that all fields of a product type belong to.
WHOLE = "LISTING"

log = logging.getLogger(__name__)


class NotAProductType(UnknownProductType):
    """A name that is not in Amazon's list of the marketplace's product types.

    Args:
        product_type: The name.
        place: What the marketplace is called.
        near: The names that are most like it, the nearest first.
    """

    def __init__(self, product_type: str, place: str, near: Sequence[str]) -> None:
        hint = message("did_you_mean", names=near) if near else None
        super().__init__(
            "definitions.unknown_product_type", hint=hint, product_type=product_type, place=place
        )
        self.near = tuple(near)


class UnknownVersion(ActionRequiredError):
    """Amazon has the product type, and not in the version that a connector is pinned to."""


class LocaleNotThere(ActionRequiredError):
    """Amazon has the product type, and not in the locale that a connector asks for."""


class DefinitionUnavailable(RetryableError):
    """Amazon gave no definition, and there is no stored copy to go on with."""


def refresh_definition(
    client: SellingPartner,
    store: DefinitionStore,
    key: DefinitionKey,
    *,
    since: datetime | None = None,
) -> StoredDefinition:
    """Return the definition of a key as it is at Amazon now; downloaded only if its checksum changed.

    Where Amazon does not answer, the stored copy is used, with a warning that says its age.

    Args:
        client: Whose account asks; its seller id counts if the key has one.
        store: Where definitions are kept.
        key: What to ask for.
        since: A copy that Amazon confirmed since this moment is used without asking; None: Amazon is asked.

    Raises:
        NotAProductType: Amazon has none of this name; the nearest names are in the hint.
        DefinitionUnavailable: Amazon does not answer, and there is no copy.
        ActionRequiredError: the account may not ask.
    """
    # Without a moment: the process that had the lock before may just have asked.
    since = since or datetime.now(UTC)
    with store.alone(key):
        stored = store.find(key)
        # A moment that is yet to come is of a clock that was wrong.
        if stored and since <= stored.checked_at <= datetime.now(UTC):
            return stored
        try:
            return with_new_link(lambda: _fetched(client, store, key, stored))
        except (UnknownProductType, RequestRefused) as error:
            raise _with_names(client, key, error) from None
        except RetryableError as error:
            if stored is None:
                raise DefinitionUnavailable(
                    "definitions.not_fetched",
                    hint=error,
                    retry_after=error.retry_after,
                    key=key,
                    reason=error,
                ) from error
            warning = log_line(
                "definition.not_refreshed",
                key=key,
                error=error,
                version=stored.version,
                age=age(stored.checked_at),
            )
            log.warning(warning)
            return stored.warned(warning)


def refresh_pair(
    client: SellingPartner,
    store: DefinitionStore,
    key: DefinitionKey,
    marketplace: Marketplace,
    *,
    since: datetime | None = None,
) -> DefinitionPair:
    """Both documents of a connector: to validate with, and for labels in the key's locale.

    What goes with the first is asked for whenever it was asked for, so that all are of one version.

    Args:
        client: Whose account asks.
        store: Where definitions are kept.
        key: What to ask for.
        marketplace: Where the items are sold.
        since: Copies that Amazon confirmed since this moment are used without asking; None: Amazon is asked.

    Raises the errors of `refresh_definition`.
    """
    own, labels = pair_keys(key, marketplace)
    validation = refresh_definition(client, store, own, since=since)
    since = validation.checked_at
    spoken = validation if labels == own else refresh_definition(client, store, labels, since=since)
    whole = None if labels.requirements == WHOLE else _refresh_whole(client, store, labels, since)
    return DefinitionPair(marketplace, validation, spoken, tuple(store.earlier(labels)), whole)


def _refresh_whole(
    client: SellingPartner, store: DefinitionStore, part: DefinitionKey, since: datetime
) -> StoredDefinition | None:
    """Return all of a product type of which a connector uses a part; None if it is not available.

    It is only used to say of a field that it is left out: the run does without it.
    """
    whole = replace(part, requirements=WHOLE)
    if store.was_refused(whole, since):
        return None
    try:
        return refresh_definition(client, store, whole, since=since)
    except ActionRequiredError:
        # Remembered, so that it is not asked for in each run.
        store.keep_refusal(whole)
    except AmazonListingsError as error:
        log.debug("%s: %r", whole, error)
    return None


def refresh_members(client: SellingPartner, store: DefinitionStore, judge: StoredDefinition) -> None:
    """Bring up to date what Amazon asks of the parents and of the children of families, as the whole was.

    Amazon resolves all conditions on the parentage in them, and asks of a child for its parent. A member is
    judged by the whole definition where Amazon gives none of its own.

    Args:
        client: Whose account asks.
        store: Where definitions are kept.
        judge: The whole definition, which judges what is in no family.
    """
    for level in PARENTAGE_LEVELS.values():
        member = replace(judge.key, parentage_level=level)
        try:
            refresh_definition(client, store, member, since=judge.checked_at)
        except (UnknownProductType, RequestRefused):
            # Remembered, so that it is not asked for in each run.
            store.keep_same(member, judge)
        except AmazonListingsError as error:
            # The whole definition judges it in this run; the next run asks again.
            log.debug("%s: %r", member, error)


def load_member(store: DefinitionStore, judge: StoredDefinition, level: str) -> dict[str, Any] | None:
    """Return the document that judges the members of families of a level; None if the whole one does.

    Args:
        store: Where definitions are kept.
        judge: The whole definition.
        level: A value of the attribute `parentage_level`.
    """
    if level not in PARENTAGE_LEVELS:
        return None
    found = store.find(replace(judge.key, parentage_level=PARENTAGE_LEVELS[level]))
    if found is None or found.version != judge.version or found.checksum == judge.checksum:
        return None
    return found.document


def load_pair(store: DefinitionStore, key: DefinitionKey, marketplace: Marketplace) -> DefinitionPair:
    """Both documents of a connector as they are stored, without asking Amazon.

    Raises:
        NoDefinition: one of them is not stored.
    """
    own, labels = pair_keys(key, marketplace)
    whole = store.find(replace(labels, requirements=WHOLE)) if labels.requirements != WHOLE else None
    earlier = tuple(store.earlier(labels))
    return DefinitionPair(marketplace, store.load(own), store.load(labels), earlier, whole)


def pair_keys(key: DefinitionKey, marketplace: Marketplace) -> tuple[DefinitionKey, DefinitionKey]:
    """Return the key of the document to validate with, and of the one for labels (the key's locale)."""
    known = {**vars(key), "marketplace_id": marketplace.id}
    return DefinitionKey(**{**known, "locale": marketplace.locale}), DefinitionKey(**known)


def _asked(client: SellingPartner, key: DefinitionKey) -> definitions.DefinitionAnswer:
    """Return what Amazon says of the product type that a key names."""
    return definitions.get(
        client,
        key.product_type,
        key.marketplace_id,
        requirements=key.requirements,
        requirements_enforced=key.requirements_enforced,
        locale=key.locale,
        version=key.version,
        parentage_level=key.parentage_level,
        for_seller=key.seller_id is not None,
    )


def _fetched(
    client: SellingPartner, store: DefinitionStore, key: DefinitionKey, stored: StoredDefinition | None
) -> StoredDefinition:
    answer = _asked(client, key)
    content = None
    if stored is None or stored.checksum != answer.schema.checksum:
        content = definitions.download(client, answer.schema)
        checked(content, f"What Amazon sent as {key}")
    about = {
        "checksum": answer.schema.checksum,
        "version": answer.version,
        "latest": answer.latest,
        "locale": answer.locale,
        "display_name": answer.display_name,
        "property_groups": answer.property_groups,
    }
    return store.keep(key, content, about)


def _with_names(
    client: SellingPartner, key: DefinitionKey, error: UnknownProductType | RequestRefused
) -> AmazonListingsError:
    """Return the error with the names most like the one asked for, if it is the name that is wrong.

    Amazon's model does not say how a wrong name is refused, so its list of names decides.
    """
    try:
        names = [found.name for found in definitions.search(client, [key.marketplace_id])]
    except AmazonListingsError:
        return error
    if key.product_type in names:
        return _of_version(client, key) or _of_locale(client, key) or error
    near = closest(key.product_type, names, most=5, alike=0.5)
    return NotAProductType(key.product_type, marketplace_with(key.marketplace_id).shop, near)


def _of_version(client: SellingPartner, key: DefinitionKey) -> UnknownVersion | None:
    """Return the error of a version that Amazon does not have; None if the version is not what is wrong."""
    if key.version in VERSION_NAMES:
        return None
    try:
        latest = _asked(client, replace(key, version="LATEST"))
    except AmazonListingsError:
        return None
    return UnknownVersion(
        "definitions.unknown_version",
        product_type=key.product_type,
        version=key.version,
        latest=latest.version,
    )


def _of_locale(client: SellingPartner, key: DefinitionKey) -> LocaleNotThere | None:
    """Return the error of a locale that Amazon does not have there; None if something else is wrong."""
    place = marketplace_with(key.marketplace_id)
    if key.locale in {"DEFAULT", place.locale}:
        return None
    try:
        _asked(client, replace(key, locale=place.locale))
    except AmazonListingsError:
        return None
    return LocaleNotThere(
        "definitions.locale_not_there",
        product_type=key.product_type,
        place=place.shop,
        locale=key.locale,
        own=place.locale,
    )
