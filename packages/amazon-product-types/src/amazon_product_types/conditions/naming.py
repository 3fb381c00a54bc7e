"""What the nodes and values of a definition are called inside a sentence."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from amazon_product_types.definition import ENGINE_MEMBERS, main_name
from amazon_product_types.matching import chain

if TYPE_CHECKING:
    from amazon_product_types.definition import Definition, Names


class Naming:
    """Calls nodes by their labels and values by their displayed names.

    Args:
        definition: The definition, with the labels that people read.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def node(self, names: Names) -> str:
        """Return the shortest name that no other node has: label, chain of labels, or that with its path."""
        names = self._short(names)
        calls = self._calls(names)
        return next(
            (call for call in calls if self._named.get(call, {names}) == {names}),
            f"{calls[-1]} ({'.'.join(names)})",
        )

    def value(self, names: Names, value: str) -> str:
        """Return the displayed name of a value, given as JSON."""
        node = self._definition.find(names)
        name = node.option_names.get(value) if node else None
        if name and name not in {"True", "False"}:
            return name
        plain = json.loads(value)
        return plain if isinstance(plain, str) else value

    def _short(self, names: Names) -> Names:
        """Return the attribute of a node where that says enough."""
        while len(names) > 1:
            above = self._definition.find(names[:-1])
            members = [name for name in above.members if name not in ENGINE_MEMBERS] if above else []
            if len(members) != 1 and names[-1] != main_name(members):
                break
            names = names[:-1]
        return names

    def _calls(self, names: Names) -> tuple[str, ...]:
        """Return what a node may be called, the shortest first."""
        node = self._definition.find(names)
        return (node.label, chain(node.labels)) if node else (".".join(names),)

    @cached_property
    def _named(self) -> dict[str, set[Names]]:
        """The nodes that sentences speak of, by what they may be called."""
        found: dict[str, set[Names]] = defaultdict(set)
        for leaf in self._definition.leaves:
            for depth in range(1, len(leaf.names) + 1):
                names = self._short(leaf.names[:depth])
                for call in self._calls(names):
                    found[call].add(names)
        return found
