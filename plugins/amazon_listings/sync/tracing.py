"""The way back: from a place in a payload to the mapping line, the PIM field and its language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.mapping.mapping import Mapping as FieldMapping
    from amazon_listings.validation.issue import Issue


def traced(
    issues: Iterable[Issue],
    mapping: FieldMapping,
    attributes: Mapping[str, Any],
    languages: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The issues as JSON data, each with its origin where the mapping has a line for its place.

    Args:
        issues: Issues of one payload.
        mapping: The connector's mapping.
        attributes: The payload.
        languages: PIM language to Amazon language tag.
    """
    return [_traced(issue, mapping, attributes, languages).to_dict() for issue in issues]


def _traced(
    issue: Issue, mapping: FieldMapping, attributes: Mapping[str, Any], languages: Mapping[str, str]
) -> Issue:
    if issue.origin is not None:
        return issue
    path = issue.path or issue.attribute
    origin = mapping.origin_of(path)
    if origin is None:
        return issue
    tag = _language_tag(path, attributes)
    language = next((pim for pim, amazon in languages.items() if amazon == tag), "")
    return replace(issue, origin=replace(origin, language=language))


def _language_tag(path: str, attributes: Mapping[str, Any]) -> str | None:
    """The language tag of the element that a path (`item_name/0/value`) leads into."""
    attribute, _, rest = path.partition("/")
    position = rest.partition("/")[0]
    elements = attributes.get(attribute)
    if not position.isdigit() or not isinstance(elements, list) or int(position) >= len(elements):
        return None
    element = elements[int(position)]
    return element.get("language_tag") if isinstance(element, dict) else None
