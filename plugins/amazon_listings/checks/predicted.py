"""What the next run would say of items whose rows are as they were read last, Amazon's preview apart.

Mapping, definition, rules, ownership and the family of an item are judged as a run judges them. Of the
quality check, what depends on the mapping is looked at again; its other verdicts are those of the last run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.checks.columns import OCCURRENCES
from amazon_listings.checks.expectations import standard
from amazon_listings.checks.local import LocalChecks
from amazon_listings.ledger.items.issues import open_issues
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.overview import seller_of
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.runs.extract.siblings import variants_of
from amazon_listings.runs.map_fields import compiled, mapped_family
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.scope import Scope
from amazon_listings.runs.tracing import Sources
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.checks.expectations import Expected
    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.runs.definitions import Definitions

#: Codes of the quality check that do not depend on what the mapping reads.
OF_THE_ROW = frozenset(
    ("sku_missing", "sku_duplicate", "sku_too_long", "sku_unsendable", "expectation", "unfit_value")
)

_EVERYTHING = Scope(
    operation="test",
    kind="everything",
    cause="asked",
    since=None,
    until=None,
    skus=frozenset(),
    force=False,
)


def errors_of_rows(ledger: Engine, key: str) -> dict[str, list[Issue]]:
    """Return the errors of a connector's last quality check that no mapping changes.

    Args:
        ledger: The open ledger.
        key: The connector's key.

    Returns:
        The errors by SKU, or by PIM identity where there is none.
    """
    found: dict[str, list[Issue]] = {}
    for known in open_issues(ledger, key, severity="ERROR"):
        issue = known.issue
        if OF_THE_ROW.intersection((issue.code, *issue.codes)):
            found.setdefault(known.item, []).append(issue)
    return found


class MappedColumns:
    """Checks what the quality check expects of the columns that a mapping reads.

    Args:
        connector: The connector.
        mapping: Its mapping, compiled.
        definitions: Its definitions.
    """

    def __init__(self, connector: Connector, mapping: FieldMapping, definitions: Definitions) -> None:
        self._connector = connector
        self._tables = mapping.setting.tables
        required = set(definitions.document.get("required", ()))
        every = standard(mapping, required, definitions.labels, Origin())
        self._probed = [one for one in every if one.probe is not None and one.column != OCCURRENCES]
        self.attributes = frozenset(one.attribute for one in self._probed)

    def failing(self, item: Item, siblings: list[Any]) -> Iterator[Expected]:
        """Yield what an item fails."""
        languages = [pim for pim, _ in self._connector.language_tags] or [""]
        unknown: list[str] = []
        rows = [
            ItemRow(
                item,
                language,
                fallback=self._connector.source.fallback_language,
                siblings=siblings,
                unknown=unknown,
                tables=self._tables,
            )
            for language in languages
        ]
        for expected in self._probed:
            probe = expected.probe
            if probe is not None and (probe.of(rows) is None) is (probe.wrong is None):
                yield expected


@dataclass(frozen=True)
class Known:
    """What a prediction rests on: the state after a connector's last run.

    Args:
        ledger: The open ledger.
        key: The connector's key.
        definitions: The definitions of the last run.
        tables: The rows of its related tables, as the last run read them.
        columns: What is known of how its columns are written.
    """

    ledger: Engine
    key: str
    definitions: Definitions
    tables: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, ColumnEvidence] = field(default_factory=dict)

    @cached_property
    def barred(self) -> dict[str, list[Issue]]:
        """The errors of the last quality check that no mapping changes, by SKU or PIM identity."""
        return errors_of_rows(self.ledger, self.key)


class Verdict(NamedTuple):
    """What would be said of an item.

    Args:
        name: Its SKU, or its PIM identity where there is none.
        blocked: Whether it would be blocked.
        warnings: The identities of its warnings, as `Issue.identity` has them.
    """

    name: str
    blocked: bool
    warnings: frozenset[tuple[str, str]]


class Predicted:
    """What would become of the stored items with one version of a connector.

    Args:
        connector: The connector; a draft of it, too.
        known: What is known of its items.

    Raises:
        MappingErrors: lines of it are wrong.
    """

    def __init__(self, connector: Connector, known: Known) -> None:
        self.connector = connector
        self.known = known
        definitions = known.definitions
        self.mapping = compiled(connector, definitions, dict(known.tables), columns=dict(known.columns))
        self._rules = definitions.rules(connector.rules_off.keys())
        self._columns = self.columns_of(self.mapping)
        seller = seller_of(known.ledger, known.key, connector.marketplace.id) or ""
        self.listings = ListingScope(
            known.key, seller, connector.marketplace.id, connector.amazon.product_type
        )
        self._local = LocalChecks(
            connector,
            _EVERYTHING,
            definitions,
            known.ledger,
            self.listings,
            self.mapping,
            dict(connector.language_tags),
        )

    def columns_of(self, mapping: FieldMapping) -> MappedColumns:
        """Return what the quality check expects of the columns that the mapping, or a part of it, reads."""
        return MappedColumns(self.connector, mapping, self.known.definitions)

    def verdicts(self, families: Iterable[list[Item]]) -> dict[str, Verdict]:
        """Return what would be said of the items of some families, parents that the mapping makes too.

        Returns:
            The verdicts by PIM identity.
        """
        families = list(families)
        rows = [item for family in families for item in family]
        mapped = [
            one
            for family in families
            for one in mapped_family(self.connector, self.mapping, self._rules, family)
        ]
        barred = {pim_id: issues for family in families for pim_id, issues in self._barred(family)}
        own = {one.pim_id: one.issues for one in mapped}
        return {
            one.pim_id: Verdict(
                one.sku or one.pim_id,
                one.outcome is Outcome.BLOCKED,
                frozenset(
                    issue.identity for issue in (*own[one.pim_id], *one.issues) if issue.severity == "WARNING"
                ),
            )
            for one in self._local.check(mapped, barred, Sources(self.mapping, rows))
        }

    def _barred(self, family: list[Item]) -> Iterator[tuple[str, list[Issue]]]:
        siblings = variants_of(family)
        for item in family:
            kept = self.known.barred.get(item["sku"] or item["pim_id"], [])
            found = kept + [_issue(one) for one in self._columns.failing(item, siblings)]
            if found:
                yield item["pim_id"], found


def _issue(expected: Expected) -> Issue:
    return Issue(
        code=expected.code,
        severity=expected.severity,
        source="quality",
        message=expected.title,
        attribute=expected.attribute,
        path=expected.attribute,
        family=expected.family,
        origin=expected.origin,
    )
