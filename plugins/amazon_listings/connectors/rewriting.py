"""Changing keys and texts of a connector file and leaving every other character as it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from amazon_listings.connectors.yaml_document import read_yaml
from amazon_listings.errors import ActionRequiredError
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What may stand without quotes, in a block or within braces.
_PLAIN = re.compile(r"[^\W\d_](?:[\w\u2019'() -]*[\w)])?")


class CannotRewrite(ActionRequiredError):
    """A text cannot be changed in place: it is not YAML, or an alias would change two places."""


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def rewritten(text: str, changes: Mapping[str, tuple[Any, Any]]) -> str:
    """`text` with the values at some JSON pointers replaced; comments and layout stay.

    Args:
        text: A YAML text.
        changes: By JSON pointer, the value there and the value wanted: of the same shape, with
            other keys (in the same order) and other texts.

    Raises:
        CannotRewrite: the text is not YAML, or the change cannot be made in place.
    """
    document = read_yaml(text)
    if document.problems:
        raise CannotRewrite("connectors.file_wrong", reason=document.problems[0].message)
    edits = {
        edit for pointer, (old, new) in changes.items() for edit in _edits(document.nodes, pointer, old, new)
    }
    result = text
    for edit in sorted(edits, reverse=True):
        result = result[: edit.start] + edit.text + result[edit.end :]
    again = read_yaml(result)
    if again.problems or any(
        json_pointer.value_at(again.value, pointer) != new for pointer, (_, new) in changes.items()
    ):
        raise CannotRewrite("connectors.file_not_rewritable")
    return result


def _edits(
    nodes: Mapping[str, tuple[yaml.Node | None, yaml.Node]], pointer: str, old: object, new: object
) -> Iterator[_Edit]:
    if isinstance(old, dict) and isinstance(new, dict):
        for (key, below), (name, wanted) in zip(old.items(), new.items(), strict=True):
            place = f"{pointer}/{json_pointer.escaped(key)}"
            if key != name and (node := nodes[place][0]) is not None:
                yield _edit(node, name)
            yield from _edits(nodes, place, below, wanted)
    elif isinstance(old, list) and isinstance(new, list):
        for index, (below, wanted) in enumerate(zip(old, new, strict=True)):
            yield from _edits(nodes, f"{pointer}/{index}", below, wanted)
    elif old != new:
        yield _edit(nodes[pointer][1], str(new))


def _edit(node: yaml.Node, text: str) -> _Edit:
    quoted = isinstance(node, yaml.ScalarNode) and node.style in {'"', "'"}
    plain = not quoted and _PLAIN.fullmatch(text) and read_yaml(text).value == text
    written = text if plain else json.dumps(text, ensure_ascii=False)
    return _Edit(node.start_mark.index, node.end_mark.index, written)
