"""JSON pointers (RFC 6901): `/attributes/item_name/0`."""

from __future__ import annotations

from typing import Any

#: A pointer as the steps that it goes through.
Pointer = tuple[str | int, ...]
#: What `value_at` returns where a document has nothing.
ABSENT: Any = object()


def escaped(name: str) -> str:
    """Return a name as one step of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def below(pointer: str, name: str) -> str:
    """Return the pointer of `name` below another pointer."""
    return f"{pointer}/{escaped(name) if '~' in name or '/' in name else name}"


def steps(pointer: str) -> list[str]:
    """Return the names that a pointer goes through; `#/a` and `/a` go through the same."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("#").split("/")[1:]]


def value_at(document: Any, pointer: str) -> Any:
    """Return what stands at a pointer, `ABSENT` if there is nothing."""
    for step in steps(pointer):
        try:
            document = document[int(step)] if isinstance(document, list) else document[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return ABSENT
    return document
