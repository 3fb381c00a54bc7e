"""Map: PIM items of one part to Amazon attributes."""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.mapping.layered import merge_lines
from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.remarks import remarks_of
from amazon_listings.runs.extract.notations import columns_of, source_notation
from amazon_listings.runs.extract.pim_contract import ContractCheck
from amazon_listings.runs.extract.related_tables import load_tables
from amazon_listings.runs.extract.siblings import kept_siblings, variants_of
from amazon_listings.runs.extract.skus import sku_issues
from amazon_listings.runs.notes import MappingNote
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.records import EXTRACT, MAPPED, MappedItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dict

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.layered import MergedLines
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.values.notation import ColumnEvidence, SourceNotation
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_product_types.labels import FieldIndex
    from amazon_product_types.rules import RuleCheck


class Described(Protocol):
    """A definition to map with: those of a run, or one in files."""

    @property
    def index(self) -> FieldIndex:
        """Its fields, by label and path."""

    @property
    def document(self) -> dict[str, Any]:
        """The document in the marketplace's own locale."""

    @property
    def language(self) -> str:
        """The language of the issues."""

    def index_in(self, locale: str) -> FieldIndex:
        """Return its fields, with labels in another locale."""


def compiled(
    connector: Connector,
    definitions: Described,
    tables: Dict[str, Any] | None = None,
    *,
    columns: Dict[str, ColumnEvidence] = MappingProxyType({}),
    merged: MergedLines | None = None,
) -> FieldMapping:
    """Return the connector's mapping, for these definitions.

    Args:
        connector: The connector.
        definitions: Those of this run, or one in files.
        tables: The rows of its related tables, where items are to be mapped and not only lines looked at.
        columns: What the columns of the source show of their notation.
        merged: The lines of its layers as `merged_lines` merges them, where that was done already.

    Raises:
        MappingErrors: one or more lines are wrong; the message has all of them.
    """
    notation = source_notation(connector, columns)
    return compile_mapping(
        (merged or merged_lines(connector, definitions, notation))
        if connector.is_merged
        else connector.mapping,
        index=definitions.index,
        definition=definitions.document,
        marketplace=connector.marketplace,
        languages=dict(connector.language_tags),
        lines=connector.where.mapping_lines(),
        fallback_language=connector.source.fallback_language,
        notation=notation,
        report_missing_languages=connector.source.missing_texts == "warn",
        requirements=connector.amazon.requirements,
        variations=connector.variations,
        connector=connector.id,
        tables={name: {} for name in connector.tables} if tables is None else tables,
        language=definitions.language,
        facts=connector.facts,
    )


def merged_lines(
    connector: Connector, definitions: Described, notation: SourceNotation | None = None
) -> MergedLines:
    """Return the lines of the connector's mapping, merged by the fields that they name.

    Args:
        connector: The connector.
        definitions: Those of a run, or in files.
        notation: How the source writes numbers and dates, where values are to be made.
    """
    return merge_lines(
        connector.parts,
        definitions.index,
        definitions.index_in,
        connector.marketplace,
        notation or source_notation(connector, {}),
    )


def map_part(connector: Connector, definitions: Definitions, folder: RunFolder, part: str) -> dict[str, int]:
    """Map one part of the extract; writes the same part of the stage `mapped`.

    Parents of families have records of their own, before those of their children; their identity is that
    of the family. What of the mapping as a whole is worth a warning (labels that Amazon has renamed) is in
    the note `mapping`.

    Returns:
        `mapped`: items mapped; `blocked`: those with an error.

    Raises:
        MappingErrors: the mapping itself is wrong; no item can be mapped.
    """
    rules = definitions.rules(connector.rules_off.keys())
    mapping = compiled(connector, definitions, load_tables(connector, folder), columns=columns_of(folder))
    if mapping.renamed:
        folder.note(MappingNote(warnings=remarks_of(mapping.renamed)))
    counts = {"mapped": 0, "blocked": 0}
    contract = ContractCheck(mapping)
    kept = kept_siblings(folder)

    def records() -> Iterator[MappedItem]:
        for _, members in groupby(folder.read(EXTRACT, part), key=lambda item: item["group"]):
            family = list(members)
            rows = {item["pim_id"]: item for item in family}
            for record in mapped_family(connector, mapping, rules, family, kept):
                if record.pim_id in rows:
                    contract.see(rows[record.pim_id], record.issues)
                counts["mapped"] += 1
                counts["blocked"] += record.blocked
                yield record

    folder.write(MAPPED, part, records())
    folder.note(contract.note(), part)
    return counts


def mapped_family(
    connector: Connector,
    mapping: FieldMapping,
    rules: RuleCheck,
    family: list[Item],
    kept: Dict[str, list[Record]] = MappingProxyType({}),
) -> Iterator[MappedItem]:
    """Yield what the mapping makes of the items of one family, its parent first.

    Args:
        connector: The connector.
        mapping: Its mapping.
        rules: What is true beyond the schema.
        family: The items, in their order.
        kept: The variants of products of which a run takes some items only, by product.
    """
    siblings = variants_of(family, kept)
    for item in mapping.expand_family(family):
        mapped = mapping.apply(item, siblings=siblings)
        language = mapping.setting.language
        attributes, notices = rules.prepared(mapped.attributes, language)
        issues = [*sku_issues(connector, item["sku"], language), *mapped.issues, *notices]
        yield MappedItem(
            pim_id=item["pim_id"],
            sku=item["sku"],
            role=item.get("role", ""),
            parent_sku=item.get("parent_sku"),
            group=item["group"],
            modified=item["modified"],
            requirements=connector.amazon.requirements,
            attributes=attributes,
            hash=payload_hash(attributes),
            issues=tuple(issues),
        )
