"""A stored definition, what identifies it, and the pair that a connector works with."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.messages import Message, message
from amazon_listings.selling_partner.definitions import checksum
from amazon_product_types.definition import Definition
from amazon_product_types.document import DefinitionError, parse_definition
from amazon_product_types.fields import fields, relabelled
from amazon_product_types.labels import FieldIndex
from amazon_product_types.matching import closest
from amazon_product_types.validation import compile_definition

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from amazon_listings.marketplaces import Marketplace
    from amazon_product_types.fields import Field
    from amazon_product_types.validation.validator import Validator

#: `locale` of getDefinitionsProductType (Product Type Definitions API 2020-09-01).
LOCALES = (
    "DEFAULT", "ar", "ar_AE", "de", "de_DE", "en", "en_AE", "en_AU", "en_CA", "en_GB", "en_IN", "en_SG",
    "en_US", "es", "es_ES", "es_MX", "es_US", "fr", "fr_CA", "fr_FR", "it", "it_IT", "ja", "ja_JP", "nl",
    "nl_NL", "pl", "pl_PL", "pt", "pt_BR", "pt_PT", "sv", "sv_SE", "tr", "tr_TR", "zh", "zh_CN", "zh_TW",
)  # fmt: skip


class UnsupportedLocale(ActionRequiredError):
    """A locale that Amazon has no definitions in."""


class NoDefinition(ActionRequiredError):
    """There is no stored copy of a definition; nothing can be checked without one."""


class DefinitionDamaged(RetryableError):
    """A stored or downloaded definition is not what its checksum says, or not a definition."""


class WrongLocale(ActionRequiredError):
    """A definition in another language than the marketplace's would judge values.

    Amazon refuses option codes taken from it (issue 90244).
    """


@dataclass(frozen=True)
class DefinitionKey:
    """Everything that Amazon's answer depends on.

    Raises:
        UnsupportedLocale: Amazon has no definitions in this locale.
    """

    product_type: str
    marketplace_id: str
    requirements: str = "LISTING"
    requirements_enforced: str = "ENFORCED"
    locale: str = "DEFAULT"
    parentage_level: str | None = None
    seller_id: str | None = None
    version: str = "LATEST"

    def __post_init__(self) -> None:
        known_locale(self.locale)

    @property
    def digest(self) -> str:
        """A name for the key that fits in a file name."""
        text = json.dumps([str(part) for part in vars(self).values()])
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def __str__(self) -> str:
        parts = [self.product_type, self.marketplace_id, self.locale, self.requirements]
        parts += [part for part in (self.parentage_level,) if part]
        parts += [self.version] if self.version != "LATEST" else []
        return " ".join(parts)


def known_locale(locale: str) -> None:
    """Make sure that Amazon has definitions in this locale.

    Raises:
        UnsupportedLocale: it has none; the hint says which come close.
    """
    if locale not in LOCALES:
        near = closest(locale, LOCALES, most=3, alike=0.4)
        raise UnsupportedLocale(
            "definitions.unknown_locale",
            hint=message("did_you_mean", names=near) if near else None,
            locale=locale,
            allowed=LOCALES,
        )


@dataclass(frozen=True)
class StoredDefinition:
    """A definition that is kept here; `document` is read and verified when first asked for.

    `fetched_at` is when this document came from Amazon, `checked_at` when Amazon last said that
    it is still the one. `latest` is False where a pinned version is no longer Amazon's latest.
    `warnings` are for the run's report.
    """

    key: DefinitionKey
    checksum: str
    version: str
    latest: bool
    locale: str
    display_name: str
    fetched_at: datetime
    checked_at: datetime
    property_groups: dict[str, Any] = field(repr=False)
    file: Path = field(repr=False)
    warnings: tuple[Message, ...] = ()

    @cached_property
    def document(self) -> dict[str, Any]:
        """The JSON Schema.

        Raises:
            DefinitionDamaged: the stored file is not the one that was stored.
        """
        content = self.file.read_bytes()
        if checksum(content) != self.checksum:
            raise DefinitionDamaged(
                "definitions.damaged",
                key=self.key,
                file=self.file.name,
            )
        with _LOCK:
            known = _DOCUMENTS.get(self.checksum)
            if known is None:
                known = _DOCUMENTS[self.checksum] = parsed(content, str(self.key))
            _limit(_DOCUMENTS, self.checksum, _DOCUMENTS_KEPT)
        return known

    def warned(self, *sentences: Message) -> StoredDefinition:
        """Return the same with more warnings."""
        return replace(self, warnings=(*self.warnings, *sentences))


def parsed(content: bytes, what: str) -> dict[str, Any]:
    """Return the definition in `content`.

    Raises:
        DefinitionDamaged: it is not JSON, or not a definition; `what` names it.
    """
    try:
        return parse_definition(content)
    except DefinitionError as error:
        raise DefinitionDamaged("definitions.not_a_definition", what=what, reason=error) from error


def checked(content: bytes, what: str) -> None:
    """Make sure that values can be judged by the definition in `content`, before it replaces another.

    Raises:
        DefinitionDamaged: it is no definition, or one that refers to what is not there; `what` names it.
    """
    try:
        compile_definition(parsed(content, what))
    except DefinitionError as error:
        raise DefinitionDamaged("definitions.not_a_definition", what=what, reason=error) from error


@dataclass(frozen=True)
class DefinitionPair:
    """The two documents of a connector: one to judge values by, one to read labels from.

    Args:
        marketplace: Where the items are sold.
        validation: The definition in the marketplace's own locale: codes, limits, rules.
        labels: The same in the locale people chose: titles, help, names of options.
        earlier: The versions of `labels` before this one, the newest first: what labels meant.
        whole: All of the product type in the locale of `labels`, if the requirements are a part.

    Raises:
        WrongLocale: `validation` is not in the marketplace's own locale, or the two are not of
            the same product type, marketplace and requirements.
    """

    marketplace: Marketplace
    validation: StoredDefinition
    labels: StoredDefinition
    earlier: tuple[StoredDefinition, ...] = ()
    whole: StoredDefinition | None = None

    def __post_init__(self) -> None:
        own, spoken = self.validation.key, self.labels.key
        if own.marketplace_id != self.marketplace.id or own.locale != self.marketplace.locale:
            raise WrongLocale(
                "definitions.wrong_locale",
                marketplace=self.marketplace.shop,
                locale=self.marketplace.locale,
                own=own,
            )
        if replace(own, locale=spoken.locale) != spoken:
            raise WrongLocale("definitions.other_labels", spoken=spoken, own=own)

    @property
    def warnings(self) -> tuple[Message, ...]:
        """The warnings of both, each once."""
        found = list(self.validation.warnings)
        found += [one for one in self.labels.warnings if one not in found]
        rules, labels = self.validation.version, self.labels.version
        if rules != labels:
            found.append(message("definition.other_version", labels=labels, rules=rules))
        return tuple(found)

    @property
    def compiled(self) -> Validator:
        """The rules of the one with the labels of the other; made once per process for the same documents.

        Raises:
            DefinitionError: the document breaks the rules of JSON Schema.
        """
        judging, spoken = self.validation.document, self.labels.document
        key = (self.validation.checksum, self.labels.checksum)
        with _LOCK:
            known = _COMPILED.get(key)
            if known is None:
                known = _COMPILED[key] = compile_definition(judging, locale_document=spoken)
            _limit(_COMPILED, key)
        return known

    @cached_property
    def definition(self) -> Definition:
        """The definition as a tree: codes and rules of one document, labels of the other."""
        same = self.validation.checksum == self.labels.checksum
        return Definition(
            self.validation.document,
            labels=None if same else self.labels.document,
            property_groups=self.labels.property_groups,
        )

    def fields(self, relevant: Iterable[str] = (), *, language: str = "en") -> list[Field]:
        """Return the fields; see `fields.fields`."""
        return fields(self.definition, relevant=relevant, language=language)

    @cached_property
    def index(self) -> FieldIndex:
        """The fields by label and path; made once per process for the same documents."""
        parts = (self.validation, self.labels, self.whole, *self.earlier)
        key = tuple((part.checksum, repr(part.property_groups)) if part else ("", "") for part in parts)
        with _LOCK:
            index = _INDEXES.get(key) or self._indexed()
            _INDEXES[key] = index
            _limit(_INDEXES, key)
        return index

    def _indexed(self) -> FieldIndex:
        whole, known = self.whole, self.fields()
        return FieldIndex(
            known,
            earlier=self._before(known),
            requirements=self.validation.key.requirements,
            whole=(lambda: FieldIndex(fields(Definition(whole.document)))) if whole else None,
        )

    def _before(self, known: list[Field]) -> FieldIndex | None:
        """Return what the fields were called, each version with the one before it."""
        index = None
        for version in reversed(self.earlier):
            # History helps old labels; without it they are unknown, which a person is told.
            with contextlib.suppress(OSError, DefinitionDamaged):
                index = FieldIndex(relabelled(known, Definition(version.document)), earlier=index)
        return index


#: Documents, indexes and compiled definitions of this process by their checksums, the last used at the end.
_DOCUMENTS: OrderedDict[str, dict[str, Any]] = OrderedDict()
_INDEXES: OrderedDict[tuple[tuple[str, str], ...], FieldIndex] = OrderedDict()
_COMPILED: OrderedDict[tuple[str, str], Validator] = OrderedDict()
_KEPT = 16
#: A compiled definition has its documents; these are for what looks at one document alone.
_DOCUMENTS_KEPT = 4
_LOCK = threading.RLock()


def _limit(kept: OrderedDict[Any, Any], used: object, most: int = _KEPT) -> None:
    """Forget what was not used for longest, beyond what is kept."""
    kept.move_to_end(used)
    while len(kept) > most:
        kept.popitem(last=False)
