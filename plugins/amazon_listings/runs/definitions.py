"""The definitions a run works with: refreshed once at its start, then loaded by every task."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from amazon_listings.definitions.refresh import (
    PARENTAGE_LEVELS,
    load_member,
    load_pair,
    refresh_members,
    refresh_pair,
)
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey, DefinitionPair
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.marketplaces import marketplace
from amazon_listings.remarks import remarks_of
from amazon_listings.runs.notes import DefinitionsNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.storage import storage_explained
from amazon_listings.selling_partner.content.leaves import Layout
from amazon_listings.selling_partner.faults.exceptions import WrongAccount
from amazon_listings.selling_partner.sellers import check_participation
from amazon_product_types.rules import RuleCheck
from amazon_product_types.validation import DefinitionError, amazon_issues, compile_definition
from amazon_product_types.validation.payload import is_sendable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_product_types.fields import Field
    from amazon_product_types.labels import FieldIndex
    from amazon_product_types.validation.issue import Issue, Source
    from amazon_product_types.validation.validator import Validator


#: How long documents that Amazon confirmed are used without asking.
MAX_AGE = timedelta(days=1)
#: Outcomes of items of which Amazon refused something that our own checks had let pass.
_REFUSED = (Outcome.REJECTED, Outcome.ACCEPTED_IN_PART)


def definition_key(connector: Connector, seller_id: str) -> DefinitionKey:
    """Return what a connector asks Amazon for: its labels' locale, its requirements, its account's values."""
    return DefinitionKey(
        product_type=connector.amazon.product_type,
        marketplace_id=connector.marketplace.id,
        requirements=connector.amazon.requirements,
        requirements_enforced=connector.amazon.requirements_enforced,
        locale=connector.amazon.locale,
        seller_id=seller_id,
        version=connector.amazon.product_type_version,
    )


def refresh_definitions(
    connector: Connector, client: SellingPartner, storage: Path, *, since: datetime | None = None
) -> DefinitionsNote:
    """Bring the connector's two documents up to date, and return what later tasks load them by.

    Args:
        connector: The connector.
        client: Whose account asks.
        storage: Where definitions are kept.
        since: Documents that Amazon confirmed since this moment are used without asking; None: Amazon is
            asked.

    Raises:
        ActionRequiredError: Amazon has no such product type, or refuses the account.
        RetryableError: Amazon does not answer, and no copy is stored.
        StorageFull, StorageRefused, StorageUnavailable: they cannot be kept.
    """
    key = definition_key(connector, client.account.seller_id)
    folder = storage / "definitions"
    store = DefinitionStore(folder)
    with storage_explained("keep_definition", folder):
        pair = _refreshed(client, store, key, connector.marketplace, since)
        if connector.variations is not None:
            refresh_members(client, store, pair.validation)
        since = pair.validation.checked_at
        others = [
            _refreshed(client, store, replace(key, locale=locale), connector.marketplace, since)
            for locale in connector.mapping_locales
        ]
        return definitions_note(connector, key, store, [pair, *others])


def confirmed_since(ledger: Engine, connector_key: str, *, run: int, selection: str) -> datetime | None:
    """Return since when Amazon must have confirmed a connector's documents, so that a run may use them.

    Args:
        ledger: Knows the runs before.
        connector_key: The connector that runs.
        run: The number of the run, which does not count.
        selection: What was asked for.

    Returns:
        None if Amazon is to be asked: by a run over everything, by the first, and by one after a run that
        did not come to its end, perhaps because of the account, which is told at the run's beginning.
    """
    before = [one for one in recent_runs(ledger, connector_key) if one.number != run]
    if selection == "everything" or not before or before[0].state != "settled":
        return None
    moments = [datetime.now(UTC) - MAX_AGE]
    # What Amazon refused had passed the documents of that run: they may be of yesterday.
    moments += [
        one.ended_at
        for one in before
        if one.ended_at is not None and any(one.counts.get(outcome) for outcome in _REFUSED)
    ]
    return max(moments)


def definitions_note(
    connector: Connector, key: DefinitionKey, store: DefinitionStore, pairs: Sequence[DefinitionPair]
) -> DefinitionsNote:
    """Return the note by which a run loads its documents, whatever is fetched since.

    Args:
        connector: The connector.
        key: What it asks Amazon for.
        store: Where its documents are.
        pairs: Its documents: those of its own locale first, then those of other locales of its labels.
    """
    pair = pairs[0]
    found = [one for other in pairs for one in (other.validation, other.labels, other.whole)]
    if connector.variations is not None:
        levels = PARENTAGE_LEVELS.values()
        found += [store.find(replace(pair.validation.key, parentage_level=level)) for level in levels]
    judge = pair.validation
    return DefinitionsNote(
        key=key,
        country=connector.marketplace.country,
        checksum=judge.checksum,
        labels_checksum=pair.labels.checksum,
        version=judge.version,
        fetched_at=judge.fetched_at.isoformat(timespec="seconds"),
        warnings=remarks_of(pair.warnings),
        # The first pair counts, if Amazon had another version when the next one was asked for.
        pins={store.name_of(one.key): one.checksum for one in reversed(found) if one is not None},
    )


def _refreshed(
    client: SellingPartner,
    store: DefinitionStore,
    key: DefinitionKey,
    country: Marketplace,
    since: datetime | None,
) -> DefinitionPair:
    """Return the two documents; a refused account is told where it does sell, if that is the trouble."""
    try:
        return refresh_pair(client, store, key, country, since=since)
    except WrongAccount:
        if not client.account.vendor:
            with suppress(RetryableError):
                check_participation(client, country)
        raise


def load_definitions(note: DefinitionsNote, storage: Path) -> Definitions:
    """Return the documents that `refresh_definitions` brought up to date, whatever came since.

    Raises:
        NoDefinition: they are gone from the storage.
        StorageRefused, StorageUnavailable: they cannot be read.
    """
    return stored_definitions(note.key, marketplace(note.country), storage, note.pins)


def stored_definitions(
    key: DefinitionKey, country: Marketplace, storage: Path, pins: Mapping[str, str] = MappingProxyType({})
) -> Definitions:
    """Return the documents that are stored under a key.

    Args:
        key: The key.
        country: The marketplace.
        storage: Where definitions are kept.
        pins: Checksums of versions that are wanted instead of the last, by the name of their key.

    Raises:
        NoDefinition: they are gone from the storage.
        StorageRefused, StorageUnavailable: they cannot be read.
    """
    folder = storage / "definitions"
    store = DefinitionStore(folder, pins)
    with storage_explained("read_definition", folder):
        pair = load_pair(store, key, country)

    def of_member(level: str) -> dict[str, Any] | None:
        with storage_explained("read_definition", folder):
            return load_member(store, pair.validation, level)

    def index_in(locale: str) -> FieldIndex:
        with storage_explained("read_definition", folder):
            return load_pair(store, replace(key, locale=locale), country).index

    return Definitions(pair, index_in, of_member)


def parentage_level(attributes: Mapping[str, Any]) -> str | None:
    """Return whether a payload is of a parent or a child; None if it is of neither."""
    elements = attributes.get("parentage_level")
    first = elements[0] if isinstance(elements, list) and elements else None
    level = first.get("value") if isinstance(first, dict) else None
    return level if level in PARENTAGE_LEVELS else None


def _is_of_the_rest(issue: Issue) -> bool:
    """Return whether an issue is about an attribute of which an item has nothing."""
    return issue.code in {"missing_attribute", "missing_one_of"} and issue.path == issue.attribute


class Definitions:
    """The pair of a run, compiled when first used: judges payloads, and names what is wrong.

    Parents and children of families are judged by what Amazon asks of them, where that is stored.
    """

    def __init__(
        self,
        pair: DefinitionPair,
        index_in: Callable[[str], FieldIndex] | None = None,
        of_member: Callable[[str], dict[str, Any] | None] = lambda _level: None,
    ) -> None:
        self._pair = pair
        self._index_in = index_in
        self._of_member = of_member
        self._members: dict[str, Validator] = {}
        self.checksum = pair.validation.checksum
        self.labels_checksum = pair.labels.checksum
        self.locale = pair.labels.locale
        self.fetched_at = pair.validation.fetched_at
        self.language = self.locale[:2]
        try:
            self._compiled = pair.compiled
        except DefinitionError as error:
            raise ActionRequiredError(
                "runs.definition_unusable",
                validation_key=pair.validation.key,
                reason=error,
            ) from error

    @property
    def index(self) -> FieldIndex:
        """The fields by label and path."""
        return self._pair.index

    def index_in(self, locale: str) -> FieldIndex:
        """Return the fields by their labels in a locale that the connector's mapping uses."""
        known = self._pair.labels.key.locale
        return self.index if locale == known or self._index_in is None else self._index_in(locale)

    def fields(self, language: str) -> list[Field]:
        """Return the fields, their conditions worded in a language."""
        return self._pair.fields(language=language)

    @property
    def themes(self) -> frozenset[str]:
        """The themes by which Amazon lets families of the product type vary."""
        found = (one for one in self.index.fields if one.path == "variation_theme.name")
        return frozenset(
            str(option.value) for one in found for option in one.options if not option.deprecated
        )

    @property
    def document(self) -> dict[str, Any]:
        """The document that judges: the one in the marketplace's own locale."""
        return self._pair.validation.document

    @cached_property
    def labels(self) -> dict[str, str]:
        """The label of each attribute in the connector's locale."""
        return {
            name: str(attribute.get("title", name))
            for name, attribute in self._pair.labels.document["properties"].items()
        }

    @cached_property
    def _every_label(self) -> dict[str, str]:
        """The label of each attribute and of each place in one that a person fills, by dotted path."""
        return {field.path: field.label for field in self.index.fields} | self.labels

    @cached_property
    def layout(self) -> Layout:
        """How payloads are divided into leaves."""
        return Layout.of(self.document)

    def issues(self, attributes: Mapping[str, Any]) -> list[Issue]:
        """Return every issue of a payload by the definition."""
        return self._judge(attributes).issues(attributes, language=self.language)

    def part_issues(self, attributes: Mapping[str, Any]) -> list[Issue]:
        """Return the issues of a part of a listing, the rest of which is another's, and there already."""
        return [issue for issue in self.issues(attributes) if not _is_of_the_rest(issue)]

    def is_valid(self, attributes: Mapping[str, Any]) -> bool:
        """Return whether a payload keeps every rule of the definition."""
        return self._judge(attributes).is_valid(attributes) and is_sendable(attributes)

    def is_valid_part(self, attributes: Mapping[str, Any]) -> bool:
        """Return whether a part of a listing is valid: what it lacks is another's, and there already."""
        return self.is_valid(attributes) or all(
            issue.severity != "ERROR" for issue in self.part_issues(attributes)
        )

    def stays_valid(self, attributes: Mapping[str, Any], changed: AbstractSet[str]) -> bool:
        """Return whether a payload that kept every rule before some attributes changed still does.

        Args:
            attributes: The payload, with the changed attributes.
            changed: Their names; those that went are among them.
        """
        if "parentage_level" in changed:
            return self.is_valid(attributes)
        part = {name: attributes[name] for name in changed if name in attributes}
        return self._judge(attributes).stays_valid(attributes, changed) and is_sendable(part)

    def _judge(self, attributes: Mapping[str, Any]) -> Validator:
        """Return the definition that a payload is judged by."""
        level = parentage_level(attributes)
        if level is None:
            return self._compiled
        if level not in self._members:
            self._members[level] = self._compiled
            document = self._of_member(level)
            if document is not None:
                with suppress(DefinitionError):
                    self._members[level] = compile_definition(
                        document, locale_document=self._pair.labels.document
                    )
        return self._members[level]

    def rules(self, without: AbstractSet[str]) -> RuleCheck:
        """Return the rules beyond the definition, but for those turned off by name."""
        return RuleCheck(self.document, self._compiled.label, without=without)

    def fixed_values(self, attributes: Mapping[str, Any]) -> list[Issue]:
        """Warnings about values that cannot be changed on a listing that exists."""
        return [
            issue
            for issue in self._judge(attributes).issues(attributes, language=self.language, update=True)
            if issue.keyword == "editable"
        ]

    def amazon_issues(self, issues: list[dict[str, Any]], source: Source) -> list[Issue]:
        """Amazon's own issues, in the same form."""
        return amazon_issues(issues, source=source, language=self.language, labels=self._every_label)
