"""Whether a field is required, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Requirement(NamedTuple):
    """How much a field is wanted: the level, and in words when it is required or not allowed.

    `needed_alone`: it is required of an item of which nothing else is known.
    """

    level: str
    condition: str = ""
    forbidden: str = ""
    needed_alone: bool = False


def requirements(
    document: Mapping[str, Any], paths: Sequence[tuple[str, ...]], relevant: frozenset[str]
) -> dict[tuple[str, ...], Requirement]:
    """The requirement of each path in `paths`."""
    required = set(document.get("required", ()))
    return {
        names: Requirement(
            "required" if names[0] in required else "optional", needed_alone=names[0] in required
        )
        for names in paths
    }
