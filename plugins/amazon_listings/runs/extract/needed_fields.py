"""The PIM fields that a connector needs, so that a PIM which can leave out the others does (`$select`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.reads import all_reads
from amazon_listings.mapping.expressions.rows import RECORD_NAMES
from amazon_listings.runs.extract.field_names import texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors.model import Connector

#: What every item has; a field of the PIM that bears one of these names is read in its place.
OWN_NAMES = frozenset({*RECORD_NAMES, "sku"})
#: When a record changed: every write in the PIM moves it, also one that changes no field that is read.
DATE = "modified"


class _Any(Exception):
    """Something of the connector may read any field."""


def needed_fields(connector: Connector) -> tuple[str, ...]:
    """Return the fields that `sku`, `filter`, the mapping, `variations` and `quality` name, sorted.

    The date of a record's change is among them where it is read. Empty: every field is needed, because an
    expression takes them without naming them, an expectation looks at the table as a whole, or one of them
    cannot be read.
    """
    try:
        return tuple(sorted({*_of_expressions(connector), *_of_quality(connector)} - (OWN_NAMES - {DATE})))
    except (_Any, BadExpression):
        return ()


def _of_expressions(connector: Connector) -> Iterator[str]:
    source = connector.source
    texts = texts_in([source.sku, source.filter, connector.mapping, connector.variations])
    reads = all_reads(compile_expression(text).reads for text in texts)
    if reads.any_field:
        raise _Any
    yield from reads.fields


def _of_quality(connector: Connector) -> Iterator[str]:
    """Yield the columns of the connector's expectations; `name_fr` is the French text of `name`."""
    endings = [f"_{language}" for language in dict(connector.language_tags)]
    for entry in connector.quality:
        arguments: dict[str, Any] = {**entry, **(entry.get("kwargs") or {})}
        if entry["expectation"].startswith("expect_table") or "row_condition" in arguments:
            raise _Any
        for name in texts_in([value for key, value in arguments.items() if key.startswith("column")]):
            ending = next((one for one in endings if name.endswith(one)), "")
            yield name.removesuffix(ending)
