"""Map: PIM items of one part to Amazon attributes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.related_tables import load_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dict

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_product_types.labels import FieldIndex


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


def compiled(
    connector: Connector, definitions: Described, tables: Dict[str, Any] | None = None
) -> FieldMapping:
    """The connector's mapping, for these definitions.

    Args:
        connector: The connector.
        definitions: Those of this run, or one in files.
        tables: The rows of its related tables, where items are to be mapped and not only lines looked at.

    Raises:
        MappingErrors: one or more lines are wrong; the message has all of them.
    """
    return compile_mapping(
        connector.mapping,
        index=definitions.index,
        definition=definitions.document,
        marketplace=connector.marketplace,
        languages=dict(connector.language_tags),
        lines=connector.where.mapping_lines(),
        fallback_language=connector.source.fallback_language,
        decimal=connector.source.decimal,
        report_missing_languages=connector.source.missing_texts == "warn",
        requirements=connector.amazon.requirements,
        variations=connector.variations,
        connector=connector.id,
        tables={name: {} for name in connector.tables} if tables is None else tables,
        language=definitions.language,
    )


def map_part(connector: Connector, definitions: Definitions, folder: RunFolder, part: str) -> dict[str, int]:
    """Map one part of the extract; writes the same part of the stage `mapped`.

    A row has the PIM identity, SKU and family of the item, when the PIM changed it, its payload
    (`attributes`, `requirements`), the payload's hash, and the mapping's issues. The members of a
    family have a `role` (`parent`, `child`) and a `parent_sku` too. Parents have rows of their own,
    before those of their children; their identity is that of the family. What the mapping as a whole
    is worth a warning (labels that Amazon has renamed) is in the note `mapping`.

    Returns:
        `mapped`: items mapped; `blocked`: those with an error.

    Raises:
        MappingErrors: the mapping itself is wrong; no item can be mapped.
    """
    mapping = compiled(connector, definitions, load_tables(connector, folder))
    if mapping.renamed:
        folder.note("mapping", {"warnings": list(mapping.renamed)})
    counts = {"mapped": 0, "blocked": 0}

    def rows() -> Iterator[dict[str, Any]]:
        for _, family in groupby(folder.read("extract", part), key=lambda item: item["group"]):
            for row in _mapped(connector, mapping, list(family)):
                counts["mapped"] += 1
                counts["blocked"] += any(issue["severity"] == "ERROR" for issue in row["issues"])
                yield row

    folder.write("mapped", part, rows())
    return counts


def _mapped(connector: Connector, mapping: FieldMapping, family: list[Item]) -> Iterator[dict[str, Any]]:
    siblings = [item["variant"] for item in family if item["variant"]]
    for item in mapping.expand_family(family):
        mapped = mapping.apply(item, siblings=siblings)
        membership = {name: item[name] for name in ("role", "parent_sku") if name in item}
        yield membership | {
            "pim_id": item["pim_id"],
            "sku": item["sku"],
            "group": item["group"],
            "modified": item["modified"],
            "requirements": connector.amazon.requirements,
            "attributes": mapped.attributes,
            "hash": payload_hash(mapped.attributes),
            "issues": [issue.to_dict() for issue in mapped.issues],
        }
