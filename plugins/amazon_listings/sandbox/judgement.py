"""Judges payloads as Amazon does: from what is wrong to issues in Amazon's words."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from amazon_listings.sandbox.dialect import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amazon_listings.sandbox.definition_library import Definition

Issue = dict[str, Any]
_SHORT_TITLE = 75
_TOO_FEW = {"minItems", "minUniqueItems", "contains"}


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
    return tuple(finding for finding in found if finding is not None)


def _finding(error: Any) -> Finding | None:
    path = [part for part in error.absolute_path if isinstance(part, str)]
    keyword = error.validator
    if not path:
        if keyword == "required":
            missing = next(name for name in error.validator_value if error.message.startswith(f"'{name}'"))
            return Finding("90220", missing)
        return None  # unknown attributes are found by name
    attribute = path[0]
    field = path[-1] if len(path) > 1 else "value"
    if keyword == "required":
        missing = next(name for name in error.validator_value if error.message.startswith(f"'{name}'"))
        return Finding("99022", attribute, missing)
    if keyword in _TOO_FEW:
        return Finding(
            "99022", attribute, field, str(error.validator_value) if keyword != "contains" else "1"
        )
    if keyword == "enum":
        return Finding("90244", attribute)
    if keyword == "additionalProperties":
        return Finding("90000900", attribute)
    if keyword in {"minimum", "exclusiveMinimum"}:
        return Finding("90004114", attribute, field, str(error.validator_value))
    return Finding("4000001", attribute)


def _long_title(attributes: dict[str, Any]) -> Iterator[Finding]:
    """Item highlights go with a short title only ("Submit modular titles", since 2026-07-27)."""
    names = attributes.get("item_name")
    if attributes.get("title_differentiation") and isinstance(names, list):
        values = [name.get("value") for name in names if isinstance(name, dict)]
        if any(isinstance(value, str) and len(value) > _SHORT_TITLE for value in values):
            yield Finding("100476", "title_differentiation")


def issues(found: Iterable[Finding], label: Callable[[str], str], language: str) -> list[Issue]:
    """The findings as Amazon's issues, in a language (`fr`), attributes named by `label`."""
    written = [issue_of(finding, label(finding.attribute), language) for finding in found]
    return [issue for number, issue in enumerate(written) if issue not in written[:number]]


def issue_of(finding: Finding, label: str, language: str) -> Issue:
    """One finding as Amazon's issue."""
    declared = _declared()[finding.code]
    issue: Issue = {
        "code": finding.code,
        "message": text(declared["texts"], language).format(
            label=label, field=finding.field, limit=finding.limit
        ),
        "severity": declared["severity"],
        "attributeNames": [finding.attribute],
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
    return dict(yaml.safe_load(Path(__file__).with_name("issue_texts.yaml").read_text(encoding="utf-8")))
