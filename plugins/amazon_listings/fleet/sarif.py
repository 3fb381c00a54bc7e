"""Write findings as SARIF 2.1.0, so that a pull request shows them at their lines."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from amazon_listings.fleet.findings import named, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.fleet.findings import Finding

_RULES = {
    "document": "A connector's document, or a layer, cannot be used.",
    "product_type": "Amazon has no such product type in the marketplace.",
    "version": "Amazon has no such version of the product type.",
    "mapping": "A mapping line does not fit Amazon's definition.",
    "field": "An expression reads a PIM field that no item has.",
    "type": "A PIM field cannot be what its attribute takes.",
    "overlap": "Two connectors write the same attribute of the same SKU.",
    "gone": "A connector that no document makes any more owns listings.",
    "language": "Values or labels are in a language that Amazon does not suggest for the marketplace.",
    "schedule": "More calls are needed in an hour than Amazon takes.",
    "test": "A test of a mapping cannot be run.",
    "secret": "The client secret of an account expires soon.",
}


def sarif(findings: Iterable[Finding]) -> str:
    """Return findings as a SARIF log with one run."""
    results = [_result(one, connectors) for one, connectors in together(findings)]
    driver = {
        "name": "amazon-listings connectors check",
        "version": version("airflow-provider-amazon-listings"),
        "rules": [{"id": name, "shortDescription": {"text": text}} for name, text in _RULES.items()],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(found: Finding, connectors: list[str]) -> dict[str, Any]:
    meant = f" Did you mean {found.suggestion!r}?" if found.suggestion not in found.message else ""
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "level": found.severity,
        "message": {"text": f"{named(connectors)}: {found.message}{meant}"},
    }
    if found.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(found.file)}}
        if found.line:
            place["region"] = {"startLine": found.line}
            if found.column:
                place["region"]["startColumn"] = found.column
        result["locations"] = [{"physicalLocation": place}]
    return result


def _uri(file: str) -> str:
    """Return a file as a reference relative to the checkout, or as a whole address where it is elsewhere."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
