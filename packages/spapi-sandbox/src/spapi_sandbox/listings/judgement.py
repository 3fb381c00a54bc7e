"""Judges payloads as Amazon does: from what is wrong to issues in Amazon's words."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spapi_sandbox.data_files import read_yaml
from spapi_sandbox.definitions.product_type_files import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from spapi_sandbox.definitions.library import Definition

Issue = dict[str, Any]
_SHORT_TITLE = 75
#: JSON Schema keyword -> Amazon's code; 4000001 for the others.
_CODES = {
    "minItems": "99022",
    "minUniqueItems": "99022",
    "contains": "99022",
    "enum": "90244",
    "additionalProperties": "90000900",
    "minimum": "90004114",
    "exclusiveMinimum": "90004114",
}


class Finding(NamedTuple):
    """One thing wrong: Amazon's code, the attribute, and what fills the text."""

    code: str
    attribute: str
    field: str = "value"
    limit: str = "1"


def findings(definition: Definition, attributes: dict[str, Any]) -> tuple[Finding, ...]:
    """Everything wrong with `attributes`, each once, in the payload's order."""
    return _findings(definition, json.dumps(attributes))


@lru_cache(maxsize=4096)  # a preview is usually followed by the same payload for real
def _findings(definition: Definition, written: str) -> tuple[Finding, ...]:
    attributes = json.loads(written)
    found = dict.fromkeys(_finding(error) for error in definition.validator.iter_errors(attributes))
    unknown = [name for name in attributes if name not in definition.document["properties"]]
    found |= dict.fromkeys(Finding("90000900", name) for name in unknown)
    found |= dict.fromkeys(_long_title(attributes))
    found |= dict.fromkeys(_impossible_prices(attributes))
    return tuple(finding for finding in found if finding is not None)


def _finding(error: Any) -> Finding | None:
    path = [part for part in error.absolute_path if isinstance(part, str)]
    if not path:
        return _root_finding(error)
    attribute = path[0]
    if error.validator == "required":
        return Finding("99022", attribute, _missing(error))
    field = path[-1] if len(path) > 1 else "value"
    limit = str(error.validator_value) if isinstance(error.validator_value, int | float) else "1"
    return Finding(_CODES.get(error.validator, "4000001"), attribute, field, limit)


def _root_finding(error: Any) -> Finding | None:
    """Return what is wrong with the payload as a whole: mostly an attribute that is missing."""
    if error.validator == "required":
        return Finding("90220", _missing(error))
    if error.validator == "additionalProperties":
        return None  # unknown attributes are found by name, one by one
    for inner in error.context:
        found = _finding(inner)
        if found is not None:
            return found
    return Finding("90000900", "")


def _missing(error: Any) -> str:
    return next(str(name) for name in error.validator_value if error.message.startswith(f"{name!r}"))


def _long_title(attributes: dict[str, Any]) -> Iterator[Finding]:
    """Item highlights go with a short title only ("Submit modular titles", since 2026-07-27)."""
    names = attributes.get("item_name")
    if attributes.get("title_differentiation") and isinstance(names, list):
        values = [name.get("value") for name in names if isinstance(name, dict)]
        if any(isinstance(value, str) and len(value) > _SHORT_TITLE for value in values):
            yield Finding("100476", "title_differentiation")


def _impossible_prices(attributes: dict[str, Any]) -> Iterator[Finding]:
    """Yield a finding for a price that is not above zero, though no definition asks for that."""
    for offer in _objects(attributes.get("purchasable_offer")):
        for name in ("our_price", "discounted_price"):
            schedules = [
                each for price in _objects(offer.get(name)) for each in _objects(price.get("schedule"))
            ]
            prices = [schedule.get("value_with_tax") for schedule in schedules]
            if any(isinstance(price, int | float) and price <= 0 for price in prices):
                yield Finding("90004114", "purchasable_offer", "value_with_tax", "0.01")


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def issues(found: Iterable[Finding], label: Callable[[str], str], language: str) -> list[Issue]:
    """Return the findings as Amazon's issues, in a language (`fr`), attributes named by `label`."""
    written = [issue_of(finding, label(finding.attribute), language) for finding in found]
    return [issue for number, issue in enumerate(written) if issue not in written[:number]]


def issue_of(finding: Finding, label: str, language: str) -> Issue:
    """Return one finding as Amazon's issue."""
    declared = _declared()[finding.code]
    issue: Issue = {
        "code": finding.code,
        "message": text(declared["texts"], language).format(
            label=label, field=finding.field, limit=finding.limit
        ),
        "severity": declared["severity"],
        "attributeNames": [finding.attribute] if finding.attribute else [],
        "categories": list(declared["categories"]),
    }
    if "enforcement" in declared:
        issue["enforcements"] = {
            "actions": [{"action": declared["enforcement"]}],
            "exemption": {"status": "NOT_EXEMPT"},
        }
    return issue


@cache
def _declared() -> dict[str, Any]:
    return dict(read_yaml(Path(__file__).with_name("issue_texts.yaml")))
