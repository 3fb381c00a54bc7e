"""What a definition says about a place in a payload: what it is called, which values have which names."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from amazon_product_types.validation.document import Pointer, target

MEMORY = 4096


class Places:
    """Labels and option names by place.

    Args:
        document: The definition that payloads are validated with.
        locale_document: The same definition in the language people read, if that is another one.
    """

    def __init__(self, document: dict[str, Any], locale_document: dict[str, Any] | None) -> None:
        self._documents = [part for part in (locale_document, document) if part is not None]
        self._label = lru_cache(MEMORY)(self._find_label)
        self._schema = lru_cache(MEMORY)(lambda path: _place(document, path))
        self._names = lru_cache(MEMORY)(self._find_names)

    def label(self, path: Pointer) -> str:
        """What people call the place: its title in their language, else the name in the payload."""
        return self._label(self.general(path))

    @staticmethod
    def general(path: Pointer) -> Pointer:
        """The place with every element's index as 0: what is said of one element is said of each."""
        return tuple(0 if isinstance(step, int) else step for step in path)

    def schema(self, path: Pointer) -> dict[str, Any]:
        """What the definition states of a place without condition; empty if nothing."""
        return self._schema(self.general(path))

    def names(self, path: Pointer) -> dict[str, str]:
        """Displayed names of the place's values, by the value's JSON text."""
        return self._names(self.general(path))

    def _find_names(self, path: Pointer) -> dict[str, str]:
        names: dict[str, str] = {}
        for document in reversed(self._documents):
            node = _place(document, path)
            for part in (node, *node.get("anyOf", ())):
                if isinstance(part, dict):
                    names.update(
                        zip(map(json.dumps, part.get("enum", ())), part.get("enumNames", ()), strict=False)
                    )
        return names

    def _find_label(self, path: Pointer) -> str:
        for document in self._documents:
            title = _place(document, path).get("title")
            if isinstance(title, str) and title:
                return title
        if path and isinstance(path[-1], int):
            return self.label(path[:-1])
        return str(path[-1]) if path else ""


def _place(document: dict[str, Any], path: Pointer) -> dict[str, Any]:
    """The schema that a definition gives a place without condition; empty if it gives none."""
    node: Any = document
    for step in path:
        try:
            node = node["items"] if isinstance(step, int) else node["properties"][step]
            if "$ref" in node:
                node = {**(target(document, node["$ref"]) or {}), **node}
        except (KeyError, TypeError):
            return {}
    return node if isinstance(node, dict) else {}
