"""What every extract is expected to be, and what a connector adds in Great Expectations' own names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.sync.quality.columns import BAD_GTIN, BAD_URL, OCCURRENCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import Mapping as FieldMapping
    from amazon_listings.mapping.plan import Cell, Leaf

#: Seller SKUs are at most 40 characters ("SKU" in Amazon's listing templates and Seller Central help).
SKU_LENGTH = 40
#: Neither control characters nor a blank at an end: no listing could be addressed by it.
SKU_PATTERN = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"

IS_NULL = "expect_column_values_to_be_null"
IDENTIFIER = "externally_assigned_product_identifier"


@dataclass(frozen=True)
class Expected:
    """One expectation: Great Expectations' type and arguments, and how to tell of a failure.

    Args:
        type: Great Expectations' name, `expect_column_values_to_not_be_null`.
        kwargs: Its arguments.
        code: Code of the issue of an item that fails it.
        column: The column it looks at; empty for an expectation about the table.
        field: The PIM field behind the column, for the way back.
        key: The mapping key that reads the field, and its line.
        line: Line of that key in the connector file.
        whole: Whether a failure concerns the extract as a whole, not single items.
    """

    type: str
    kwargs: Mapping[str, Any] = field(hash=False)
    code: str
    column: str = ""
    field: str = ""
    key: str = ""
    line: int | None = None
    whole: bool = False

    @property
    def columns(self) -> set[str]:
        """Every column the arguments name."""
        names = {
            value for key, value in self.kwargs.items() if key.startswith("column") and isinstance(value, str)
        }
        listed = self.kwargs.get("column_list") or self.kwargs.get("column_set") or ()
        return names | set(listed)


def standard(mapping: FieldMapping, required: set[str]) -> Iterator[Expected]:
    """What is expected of every extract, given what the mapping reads.

    Args:
        mapping: The compiled mapping.
        required: The attributes that the definition always requires.
    """
    yield _about("sku", "expect_column_values_to_not_be_null", "sku_missing")
    yield _about(OCCURRENCES, "expect_column_values_to_be_between", "sku_duplicate", max_value=1)
    yield _about("sku", "expect_column_value_lengths_to_be_between", "sku_too_long", max_value=SKU_LENGTH)
    yield _about("sku", "expect_column_values_to_match_regex", "sku_unsendable", regex=SKU_PATTERN)
    seen = set()
    for attribute, leaf, cell in _cells(mapping):
        if len(cell.expression.fields) != 1:
            continue  # with several fields, one may stand in for another
        name = cell.expression.fields[0]
        back = {"field": name, "key": cell.line.key, "line": cell.line.number}
        found = []
        if attribute == IDENTIFIER and leaf.is_main:
            found.append(
                _about(BAD_GTIN.format(field=name), "expect_column_values_to_be_null", "gtin", **back)
            )
        if leaf.name == "media_location":
            found.append(
                _about(BAD_URL.format(field=name), "expect_column_values_to_be_null", "image_url", **back)
            )
        if attribute in required and leaf.is_main and len(leaf.cells) == 1:
            found.append(_about(name, "expect_column_values_to_not_be_null", "pim_field_empty", **back))
        for expected in found:
            if (expected.column, expected.type) not in seen:
                seen.add((expected.column, expected.type))
                yield expected


def added(connector: Connector) -> Iterator[Expected]:
    """What the connector's `quality` adds."""
    for entry in connector.quality:
        kwargs = dict(entry.get("kwargs") or {}) | {
            key: value for key, value in entry.items() if key not in {"expectation", "kwargs", "level"}
        }
        column = kwargs.get("column", "")
        yield Expected(
            type=entry["expectation"],
            kwargs=kwargs,
            code="expectation",
            column=column,
            field=column,
            whole=entry.get("level") == "table",
        )


def _about(column: str, type_: str, code: str, **rest: Any) -> Expected:
    back = {key: rest.pop(key) for key in ("field", "key", "line") if key in rest}
    return Expected(type=type_, kwargs={"column": column, **rest}, code=code, column=column, **back)


def _cells(mapping: FieldMapping) -> Iterator[tuple[str, Leaf, Cell]]:
    for attribute, branch in mapping.plan.items():
        for template in branch.templates:
            for leaf in template.leaves():
                for cell in leaf.cells:
                    yield attribute, leaf, cell
