"""Write the file of a connector that is like another one, for another marketplace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from amazon_listings.connectors.yaml_document import read_yaml
from amazon_listings.errors import ActionRequiredError
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.connectors.model import Connector
    from amazon_listings.marketplaces import Marketplace


class CannotCopy(ActionRequiredError):
    """A connector has no file that could be copied, or extended."""


def like(text: str, connector: Connector, place: Marketplace, connector_id: str) -> str:
    """Return a connector's file for another marketplace; comments and layout stay.

    The labels of the mapping stay as they are: `mapping_locale` says which locale's they are. The new
    connector tests, whatever the other one does; nothing of the other's history is its own.

    Args:
        text: The file.
        connector: The connector that it declares.
        place: The other marketplace.
        connector_id: The new connector's id.
    """
    nodes = read_yaml(text).nodes
    wanted: dict[str, Any] = {
        "/id": connector_id,
        "/title": f"{connector.amazon.product_type}, {place.shop}",
        "/amazon/country": place.country,
        "/amazon/locale": place.locale,
        "/sync/operation": "test",
        f"/{connector.source.source}/languages": [place.languages[0][:2]],
    }
    edits = [
        (node.start_mark.index, _end(node), _written(value, node))
        for pointer, value in wanted.items()
        if (node := _value(nodes, pointer)) is not None
    ]
    if (was := nodes.get("/was")) is not None and was[0] is not None:
        edits.append((was[0].start_mark.index, _end_of_line(text, was[1].end_mark.index), ""))
    mapping = nodes.get("/mapping")
    if "/mapping_locale" not in nodes and mapping is not None and mapping[0] is not None:
        start = mapping[0].start_mark.index
        edits.append((start, start, f"mapping_locale: {connector.amazon.locale}\n"))
    return _edited(text, edits)


def extended(text: str, countries: Sequence[str]) -> str:
    """Return the file of a matrix with further countries in it.

    Args:
        text: The file.
        countries: The countries, of which those that it has already are left out.

    Raises:
        CannotCopy: its `for` has no list of countries to add to.
    """
    document = read_yaml(text)
    listed = (
        json_pointer.value_at(document.value, "/for/country") if "/for/country" in document.nodes else None
    )
    if not isinstance(listed, list) or not listed:
        raise CannotCopy("authoring.no_country_list")
    new = [country for country in countries if country not in listed]
    last = document.nodes[f"/for/country/{len(listed) - 1}"][1]
    if getattr(document.nodes["/for/country"][1], "flow_style", False):
        added = "".join(f", {country}" for country in new)
    else:
        added = "".join(f"\n{' ' * (last.start_mark.column - 2)}- {country}" for country in new)
    return _edited(text, [(last.end_mark.index, last.end_mark.index, added)])


def _value(nodes: dict[str, tuple[yaml.Node | None, yaml.Node]], pointer: str) -> yaml.Node | None:
    found = nodes.get(pointer)
    return found[1] if found is not None else None


def _end(node: yaml.Node) -> int:
    """Return where a value ends; a block list is followed by blanks and comments that are not its own."""
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return node.end_mark.index


def _written(value: Any, node: yaml.Node) -> str:
    """Return a value as YAML, a list in the style of the one that it replaces."""
    if isinstance(value, list):
        if isinstance(node, yaml.SequenceNode) and not node.flow_style:
            return f"\n{' ' * node.start_mark.column}".join(f"- {one}" for one in value)
        return f"[{', '.join(value)}]"
    plain = all(letter.isalnum() or letter == "_" for letter in value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        tail = "\n" if text[start:end].endswith("\n") and new and not new.endswith("\n") else ""
        text = text[:start] + new + tail + text[end:]
    return text
