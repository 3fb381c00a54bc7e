"""What a connector is, once its document has been read and found right.

The defaults below are those of the JSON Schema, which is where people read them; a test holds
the two together.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from amazon_listings.marketplaces import Marketplace, marketplace
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from pathlib import Path

    from amazon_listings.connectors.problems import LocatedProblem
    from amazon_listings.sources.settings import SourceSettings

#: Keys that say when, how fast and to whom, not what a payload is or whether it is right.
_BESIDE_THE_PAYLOAD = frozenset(
    {"id", "was", "title", "owner", "tags", "enabled", "sync", "approval", "guards"}
)


@dataclass(frozen=True)
class Where:
    """Where a connector was declared.

    `lines` gives the line (from 1) of each JSON pointer of the document that a file holds; what a
    Variable added or replaced has no line. `files` names the file of those that are not in the
    connector's own: they come from a layer.
    """

    path: Path | None = None
    variable: str | None = None
    lines: dict[str, int] = field(default_factory=dict, repr=False, hash=False)
    files: dict[str, str] = field(default_factory=dict, repr=False, hash=False)

    def __str__(self) -> str:
        # Airflow takes no half characters, which stand for bytes of a file's name that are not UTF-8.
        path = str(self.path or "").encode("utf-8", "backslashreplace").decode()
        return " and ".join(
            part for part in (path, f"Variable {self.variable}" if self.variable else "") if part
        )

    def mapping_lines(self) -> dict[str, int]:
        """Return the line of each mapping key that the file holds."""
        prefix = "/mapping/"
        return {
            json_pointer.steps(pointer)[1]: line
            for pointer, line in self.lines.items()
            if pointer.startswith(prefix) and "/" not in pointer[len(prefix) :]
        }


@dataclass(frozen=True)
class MappingPart:
    """Mapping lines as one layer, document, override or Variable writes them.

    Attributes:
        lines: Value by label or path, in order; None takes a line away.
        file: Their file, if it is not the connector's own.
        variable: Whether they are a Variable's.
        numbers: The line of each key in the file.
        locale: The locale of the labels; None for the connector's own.
        optional: Whether a line is left out for a product type that lacks its field.
    """

    lines: dict[str, Any]
    file: str = ""
    variable: bool = False
    numbers: dict[str, int | None] = field(default_factory=dict)
    locale: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Amazon:
    """Where to sell and as what. `country` is ISO (GB, never UK), `locale` that of labels."""

    country: str
    product_type: str
    locale: str
    connection: str = "amazon_selling_partner"
    requirements: Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"] = "LISTING"
    requirements_enforced: Literal["ENFORCED", "NOT_ENFORCED"] = "ENFORCED"
    product_type_version: str = "LATEST"

    @property
    def issue_locale(self) -> str | None:
        """The locale in which Amazon words issues; None: its own choice for the marketplace."""
        return None if self.locale == "DEFAULT" else self.locale


@dataclass(frozen=True)
class Sync:
    """When, how and how carefully.

    `preview_sample` is the number of items previewed when `preview` is `sample`, else None;
    `preview_most` is how many are previewed at most when it is `needed`.
    `preview_rate` is per second, `feed_from` a number of items, `removed_share` from 0 to 1.
    """

    operation: Literal["test", "live"] = "test"
    schedule: str | None = None
    start_date: str | None = None
    timezone: str = "UTC"
    preview: Literal["needed", "changed", "all", "none", "sample"] = "needed"
    preview_sample: int | None = None
    preview_most: int = 1000
    preview_rate: float = 1
    full_replace: bool = False
    feed_from: int = 1500
    when_removed: Literal["keep", "zero_quantity", "delete"] = "keep"
    removed_share: float = 0.05
    partial: Literal["none", "offer"] = "none"
    when_vanished: Literal["report", "recreate"] = "report"


@dataclass(frozen=True)
class Approval:
    """Who allows what a live run sends; `approvers` are ids of Airflow users, none: everyone who may."""

    policy: Literal["first", "always", "never"] = "first"
    hours: float = 24
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guards:
    """Limits above which changes wait for an approval; None turns a guard off. Shares are from 0 to 1."""

    price_fall: float | None = 0.4
    price_rise: float | None = 0.7
    quantity_times: float | None = 100
    quantity_over: int = 1000
    unit_change: bool = True
    changed_share: float | None = 0.2
    changed_at_least: int = 50
    quantity_sum_fall: float | None = 0.5
    vanished_share: float | None = 0.05


@dataclass(frozen=True)
class Connector:
    """One marketplace and one product type, fed from one source; one DAG.

    `mapping` is as written and in its order. `tables` are the places of related tables by name.
    `language_tags` pairs each value language with its Amazon language tag. `document` is the whole
    document, Variable merged and defaults filled. `was` are the ids that it had before. `parts` are the
    mapping's lines as its layers, document and Variable write them; `mapping` merges them by their text.
    `rules_off` are the rules that are turned off, each with its reason. A connector that
    `contributes` never creates a listing, and never removes one.
    """

    id: str
    title: str
    owner: str
    tags: tuple[str, ...]
    enabled: bool
    amazon: Amazon
    source: SourceSettings
    sync: Sync
    mapping: dict[str, Any] = field(hash=False)
    quality: list[dict[str, Any]] = field(hash=False)
    variations: dict[str, Any] | None = field(hash=False)
    tables: dict[str, str] = field(hash=False)
    language_tags: tuple[tuple[str, str], ...]
    document: dict[str, Any] = field(repr=False, hash=False)
    where: Where = field(repr=False, compare=False)
    was: tuple[str, ...] = ()
    contributes: bool = False
    approval: Approval = Approval()
    guards: Guards = Guards()
    parts: tuple[MappingPart, ...] = field(default=(), repr=False, compare=False)
    rules_off: dict[str, str] = field(default_factory=dict, hash=False)
    resolved_key: str | None = field(default=None, repr=False, compare=False)
    report_language: str | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> str:
        """The connector's key in the ledger, which stays when its id changes.

        Known once `ledger.connectors.keys.keyed` has looked it up; everything in the ledger hangs on it.
        """
        if self.resolved_key is None:
            raise RuntimeError(f"The key of the connector {self.id!r} is read before it was looked up.")
        return self.resolved_key

    @property
    def marketplace(self) -> Marketplace:
        """The marketplace: its id, region, currency and languages."""
        return marketplace(self.amazon.country)

    @property
    def pim_languages(self) -> tuple[str, ...]:
        """The PIM's languages that are read: those of the values, then the fallback's."""
        fallback = self.source.fallback_language
        return tuple(dict.fromkeys([*dict(self.language_tags), *([fallback] if fallback else [])]))

    @property
    def facts(self) -> dict[str, str]:
        """What expressions read of `connector`; `language` is that of fields without language."""
        tag = self.language_tags[0][1] if self.language_tags else self.amazon.locale
        return {
            "id": self.id,
            "country": self.amazon.country,
            "product_type": self.amazon.product_type,
            "language": tag.partition("_")[0],
            "locale": tag,
            "requirements": self.amazon.requirements,
            "currency": self.marketplace.currency,
        }

    @property
    def dag_id(self) -> str:
        """Id of the connector's DAG."""
        return f"amazon_{self.id}"

    @property
    def is_merged(self) -> bool:
        """Whether its mapping lines have to be merged by the fields that they name."""
        return any(part.locale or part.optional for part in self.parts) or len(self.parts) > 1

    @property
    def mapping_locales(self) -> tuple[str, ...]:
        """The locales, beside its own, that the labels of its mapping are in."""
        named = dict.fromkeys(part.locale for part in self.parts if part.locale)
        return tuple(name for name in named if name != self.amazon.locale)

    @property
    def mapping_content(self) -> list[Any]:
        """The mapping as data that changes with whatever it means."""
        if not self.is_merged:
            return list(self.mapping.items())
        return [[part.locale, part.optional, list(part.lines.items())] for part in self.parts]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what changes payloads or their validity.

        The same for any order of keys, but for the mapping's, which is the order of application.
        Schedule, operation, title, owners, tags, links to the PIM and the SKU limit do not count.
        """
        document = {key: value for key, value in self.document.items() if key not in _BESIDE_THE_PAYLOAD}
        document["mapping"] = self.mapping_content
        document["language_tags"] = self.language_tags
        block = document.get(self.source.source, {})
        document[self.source.source] = {
            key: value for key, value in block.items() if key not in {"sku_limit", "owner", "item_url"}
        }
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class BrokenConnector:
    """A connector that cannot be used.

    Attributes:
        id: The connector's id, or the name of a file that belongs to none.
        where: Where it is declared.
        text: The message for people, no longer than a screen.
        problems: All that is wrong.
    """

    id: str
    where: Where
    text: str
    problems: tuple[LocatedProblem, ...] = field(default=(), hash=False)


@dataclass(frozen=True)
class Loaded:
    """What a folder and the Variables declare, each list sorted by id."""

    connectors: list[Connector]
    broken: list[BrokenConnector]
