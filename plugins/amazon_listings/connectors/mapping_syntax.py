"""Whether every expression of a mapping can be read as one.

Apart from loading, because Airflow loads connectors every few seconds and parsing thousands of
expressions takes longer than reading the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.connectors.checks import template_problem
from amazon_listings.connectors.message import broken
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.connectors.model import BrokenConnector, Connector


def mapping_syntax(connector: Connector, declaration: Declaration) -> BrokenConnector | None:
    """Return the connector as broken if an expression of mapping or variations is wrong, else None.

    Args:
        connector: As loaded.
        declaration: What it was loaded from, to show the lines.
    """
    problems = [
        problem
        for section in (connector.mapping, connector.variations)
        for pointer, text in _texts(section, "/mapping" if section is connector.mapping else "/variations")
        if (problem := template_problem(text, pointer))
    ]
    if not problems:
        return None
    wrong = [declaration.located(problem) for problem in sorted(problems, key=declaration.order)]
    return broken(connector.id, connector.where, wrong)


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, json_pointer.below(pointer, key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _texts(below, f"{pointer}/{position}")
