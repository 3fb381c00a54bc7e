"""Word the issue of an item that fails a check, in the language of the connector's locale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from amazon_listings.checks.columns import OCCURRENCES
from amazon_listings.messages import catalogue, message
from amazon_listings.runs.invisible import visible
from amazon_product_types.messages.facts import quoted
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from amazon_listings.checks.expectations import Expected
    from amazon_listings.item import UnfitField
    from amazon_listings.messages import Message


#: What became of a barcode number: it got a decimal, a spreadsheet's apostrophe, or signs between digits.
_MADE_OF_GTIN = {
    "float": re.compile(r"\s*\d{8,14}[.,]0{1,2}\s*"),
    "apostrophe": re.compile(r"\s*'\s*\d{8,14}\s*"),
    "separated": re.compile(r"(?=(?:\D*\d){8,14}\D*\Z)\s*\d+(?:[\s-]+\d+)+\s*"),
}


def issue_of(expected: Expected, value: object, sku: str | None, language: str) -> Issue:
    """Return the issue of an item that fails an expectation.

    Args:
        expected: The expectation.
        value: What the item has in its column; of several columns, each by name.
        sku: The item's SKU.
        language: Language of message and action; English where there is no text in it.
    """
    messages = catalogue(language)
    field = expected.origin.field if expected.origin else ""
    facts = {
        "sku": quoted(sku or ""),
        "found": quoted(visible(value)) if isinstance(value, str) else value,
        "length": len(sku or ""),
        "field": quoted(field),
        "label": quoted(expected.label),
        "expected": in_words(expected),
    }
    description = expected.kwargs.get("description")
    variant = _made_of_gtin(str(value)) if expected.code == "gtin" else ""
    texts = messages.issue_texts(expected.code, variant, **facts)
    return Issue(
        code=expected.code,
        severity=expected.severity,
        source="quality",
        message=str(description) if description else texts["message"],
        keyword=expected.type if expected.code == "expectation" else "",
        attribute=expected.attribute,
        path=expected.attribute,
        label=expected.label or field,
        action=texts["action"],
        phrases={name: one for name, one in texts["phrases"].items() if name != "message" or not description},
        # How many items have a SKU is in the sentence; what was found is the SKU.
        found=sku if expected.column == OCCURRENCES else value,
        family=expected.family,
        origin=expected.origin,
    )


def unfit_issue(unfit: UnfitField, language: str) -> Issue:
    """Return the issue of an item with a field whose value cannot be used.

    Args:
        unfit: The field and the reason.
        language: Language of message and action.
    """
    messages = catalogue(language)
    facts = {
        "field": quoted(unfit["field"]),
        "reason": message(f"unfit.{unfit['reason']}", limit=unfit["limit"]),
    }
    return Issue(
        code="unfit_value",
        severity="ERROR",
        source="quality",
        label=unfit["field"],
        origin=Origin(field=unfit["field"]),
        **messages.issue_texts("unfit_value", **facts),
    )


def in_words(expected: Expected) -> str:
    """Return an expectation as it stands in the connector: its type and what it asks for."""
    asked = ", ".join(
        f"{name} {value}"
        for name, value in expected.kwargs.items()
        if not name.startswith("column") and name not in {"description", "notes", "severity"}
    )
    return f"{expected.type} ({asked})" if asked else expected.type


def observed(expected: Expected, result: Any) -> Message | str:
    """Return what an expectation about the extract as a whole asked for, and what there is instead."""
    if description := expected.kwargs.get("description"):
        return str(description).rstrip(".")
    given = result.result
    if "observed_value" in given:
        found = message("quality.observed", value=str(given["observed_value"])[:200])
    else:
        found = message(
            "quality.failing", failing=given.get("unexpected_count"), every=given.get("element_count")
        )
    code = "quality.not_met_on" if expected.columns else "quality.not_met"
    return message(code, expected=in_words(expected), columns=sorted(expected.columns), found=found)


def _made_of_gtin(text: str) -> str:
    """Return the variant of the message for what became of a barcode number; empty for other mistakes."""
    return next((name for name, form in _MADE_OF_GTIN.items() if form.fullmatch(text)), "")
