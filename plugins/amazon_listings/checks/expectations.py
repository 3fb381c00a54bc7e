"""What every extract is expected to be, and what a connector adds in Great Expectations' own names."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from amazon_listings.checks.columns import OCCURRENCES, Probe, bad_gtin, bad_url
from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_product_types.validation.issue import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.plan.tree import Cell
    from amazon_product_types.validation.issue import Severity

#: Seller SKUs are at most 40 characters ("SKU" in Amazon's listing templates and Seller Central help).
SKU_LENGTH = 40
#: No control characters, no half of a surrogate pair, no blank at an end: nothing could be addressed by it.
SKU_PATTERN = (
    r"\A[^\s\x00-\x1f\x7f\ud800-\udfff](?:[^\x00-\x1f\x7f\ud800-\udfff]*[^\s\x00-\x1f\x7f\ud800-\udfff])?\Z"
)

IS_NULL = "expect_column_values_to_be_null"
NOT_NULL = "expect_column_values_to_not_be_null"
IDENTIFIER = "externally_assigned_product_identifier"
PICTURE = "media_location"

#: It must see equal values together.
UNIQUE = "expect_column_values_to_be_unique"
#: They compare rows with each other, so they must see all of them at once.
ACROSS_ROWS = frozenset(
    (
        UNIQUE,
        "expect_compound_columns_to_be_unique",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_decreasing",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_not_be_outliers",
    )
)

#: Great Expectations' severities as ours.
SEVERITIES: dict[str, Severity] = {"critical": "ERROR", "warning": "WARNING", "info": "INFO"}


@dataclass(frozen=True)
class Expected:
    """One expectation: Great Expectations' type and arguments, and how to tell of a failure.

    Args:
        type: Great Expectations' name, `expect_column_values_to_not_be_null`.
        kwargs: Its arguments.
        code: Code of the issue of an item that fails it.
        title: What is expected, in words, for Great Expectations' page; empty: its own words.
        probe: How its column is computed, if that is no PIM field.
        attribute: The Amazon attribute that suffers, and what the connector's locale calls it.
        label: That name.
        family: What kind of trouble it is; the same as that of the definition's issue of the same cause.
        origin: The mapping line and the PIM field behind the column.
        level: `row`, `table`, or empty: as its kind is.
        line: Line of the connector file that asks for it; None for ours.
        suite: The suite file that asks for it; empty if none does.
    """

    type: str
    kwargs: Mapping[str, Any] = field(hash=False)
    code: str
    title: str = ""
    probe: Probe | None = None
    attribute: str = ""
    label: str = ""
    family: str = ""
    origin: Origin | None = None
    level: Literal["", "row", "table"] = ""
    line: int | None = None
    suite: str = ""

    @property
    def column(self) -> str:
        """The column it looks at; empty if it looks at none, or at several."""
        return str(self.kwargs.get("column") or "")

    @property
    def columns(self) -> set[str]:
        """Every column the arguments name."""
        one = {
            value for key, value in self.kwargs.items() if key.startswith("column") and isinstance(value, str)
        }
        several = self.kwargs.get("column_list") or self.kwargs.get("column_set") or ()
        return one | {name for name in several if isinstance(name, str)}

    @property
    def mentioned(self) -> set[str]:
        """Every name in its `row_condition`; those that are columns must be there to evaluate it."""
        return set(re.findall(r"\w+", str(self.kwargs.get("row_condition") or "")))

    @property
    def severity(self) -> Severity:
        """What a failure does: only an ERROR blocks."""
        return SEVERITIES.get(str(self.kwargs.get("severity", "critical")), "ERROR")


def standard(
    mapping: FieldMapping, required: set[str], labels: Mapping[str, str], sku: Origin
) -> Iterator[Expected]:
    """Yield what is expected of every extract, given what the mapping reads.

    Args:
        mapping: The compiled mapping.
        required: The attributes that the definition always requires.
        labels: What people call the attributes.
        sku: Where SKUs come from.
    """
    yield from _of_skus(sku)
    for attribute, leaves in _cells(mapping).items():
        label = labels.get(attribute, attribute)
        for name, cells in leaves.items():
            yield from _of_leaf(attribute, label, name, cells)
        everything = [cell for cells in leaves.values() for cell in cells]
        if attribute in required and not any(cell.expression.constant for cell in everything):
            yield Expected(
                NOT_NULL,
                {"column": f"{label} from {', '.join(_fields(everything))}"},
                "pim_field_empty",
                f"Amazon requires “{label}”: the PIM fields that feed it are not all empty.",
                probe=Probe(tuple(cell.expression for cell in everything), None),
                attribute=attribute,
                label=label,
                family="missing",
                origin=_origin(everything),
            )


def _of_skus(origin: Origin) -> Iterator[Expected]:
    """Yield what is expected of SKUs."""
    yield Expected(
        NOT_NULL, {"column": "sku"}, "sku_missing", "Every item has a SKU.", label="SKU", origin=origin
    )
    yield Expected(
        "expect_column_values_to_be_between",
        {"column": OCCURRENCES, "max_value": 1},
        "sku_duplicate",
        "No two items of the whole extract have the same SKU.",
        label="SKU",
        origin=origin,
    )
    yield Expected(
        "expect_column_value_lengths_to_be_between",
        {"column": "sku", "max_value": SKU_LENGTH},
        "sku_too_long",
        f"A SKU has at most {SKU_LENGTH} characters.",
        label="SKU",
        origin=origin,
    )
    yield Expected(
        "expect_column_values_to_match_regex",
        {"column": "sku", "regex": SKU_PATTERN},
        "sku_unsendable",
        "A SKU has no control characters, and no blank at its ends.",
        label="SKU",
        origin=origin,
    )


def _of_leaf(attribute: str, label: str, name: str, cells: list[Cell]) -> Iterator[Expected]:
    """Yield what is expected of the values of a part of an attribute."""
    about = {"attribute": attribute, "label": label, "origin": _origin(cells)}
    if attribute == IDENTIFIER and name == "value":
        yield _wrong("gtin", f"check digit of “{label}”", f"“{label}” is a GTIN.", cells, bad_gtin, **about)
    if name == PICTURE:
        yield _wrong(
            "image_url",
            f"address of “{label}”",
            f"“{label}” is a web address.",
            cells,
            bad_url,
            **about,
        )


def sku_origin(connector: Connector) -> Origin:
    """Return the line of the connector that reads SKUs, and the PIM fields that it reads."""
    fields = compile_expression(connector.source.sku).fields
    return Origin(connector.where.lines.get(f"/{connector.source.source}/sku"), "sku", ", ".join(fields))


def added(connector: Connector) -> Iterator[Expected]:
    """Yield what the connector's `quality` adds."""
    for number, entry in enumerate(connector.quality):
        kwargs = dict(entry.get("kwargs") or {}) | {
            key: value
            for key, value in entry.items()
            if key not in {"expectation", "kwargs", "level", "suite"}
        }
        column = kwargs.get("column")
        yield Expected(
            type=entry["expectation"],
            kwargs=kwargs,
            code="expectation",
            origin=Origin(field=column) if isinstance(column, str) else None,
            level=entry.get("level", ""),
            line=connector.where.lines.get(f"/quality/{number}"),
            suite=entry.get("suite", ""),
        )


def _wrong(code: str, column: str, title: str, cells: Iterable[Cell], test: Any, **about: Any) -> Expected:
    probe = Probe(tuple(cell.expression for cell in cells), test)
    return Expected(IS_NULL, {"column": column}, code, title, probe=probe, family="invalid", **about)


def _origin(cells: Iterable[Cell]) -> Origin:
    every = list(cells)
    line = every[0].line
    return Origin(line.number, line.key, ", ".join(_fields(every)))


def _fields(cells: Iterable[Cell]) -> list[str]:
    return list(dict.fromkeys(name for cell in cells for name in cell.expression.fields))


def _cells(mapping: FieldMapping) -> dict[str, dict[str, list[Cell]]]:
    """Return what fills the leaves that an attribute is about: by attribute, then by the leaf's name."""
    found: dict[str, dict[str, list[Cell]]] = {}
    for attribute, branch in mapping.plan.items():
        leaves: dict[str, list[Cell]] = defaultdict(list)
        for template in branch.templates:
            for leaf in template.leaves():
                if leaf.is_main:
                    leaves[leaf.name] += leaf.cells
        if leaves:
            found[attribute] = leaves
    return found
