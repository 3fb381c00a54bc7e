"""The parts that a connector's document is merged from, and the part behind each place of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.connectors.merge_patch import merge_patch
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amazon_listings.connectors.texts import ConnectorFile
    from amazon_listings.connectors.yaml_document import Spot

ABSENT = object()


@dataclass(frozen=True, eq=False)
class Part:
    """One of the objects that are merged, in their order, into a connector's document.

    Attributes:
        title: What it is, for people: `layer company`, `document`, `Variable amazon_connector_fr_lamp`.
        patch: The object, without what only says how it is merged.
        file: The file that it stands in; None for a Variable.
        base: The JSON pointer of the object in the file.
        places: The pointers in the file of what stands elsewhere there (a value of the matrix).
        locale: The locale of the labels in its mapping; None for the connector's own.
        optional: Whether its mapping lines are left out for a product type that lacks the field.
    """

    title: str
    patch: dict[str, Any]
    file: ConnectorFile | None = None
    base: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    locale: str | None = None
    optional: bool = False

    def pointer(self, pointer: str) -> str:
        """Return where in the file a place of the object stands."""
        return self.places.get(pointer, f"{self.base}{pointer}")

    def spot(self, pointer: str, *, key: bool = False) -> Spot | None:
        """Return where the file holds a place of the object; None where it does not."""
        return self.file.yaml.spot(self.pointer(pointer), key=key) if self.file else None

    def line(self, pointer: str) -> int | None:
        """Return the line, from 1, of a place of the object."""
        return self.file.lines.get(self.pointer(pointer)) if self.file else None


class Origin(NamedTuple):
    """Where a place of a document comes from: the part, and the line in its file if it has one."""

    part: Part
    line: int | None


def merged(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the document that the parts make (RFC 7396, later ones win).

    A null of the first part takes nothing away, and stays, to be told. That of a guard is a value: it is off.
    """
    document: Any = parts[0].patch if parts else {}
    for part in parts[1:]:
        document = merge_patch(document, part.patch)
        if off := _guards_off(part.patch):
            document["guards"] |= off
    return document if isinstance(document, dict) else {}


def _guards_off(patch: object) -> dict[str, None]:
    guards = patch.get("guards") if isinstance(patch, dict) else None
    return {name: None for name, value in guards.items() if value is None} if isinstance(guards, dict) else {}


def origins(parts: Sequence[Part], document: Mapping[str, Any]) -> Iterator[tuple[str, Origin]]:
    """Yield every JSON pointer of a merged document with where it comes from."""
    yield from _origins([(part, part.patch) for part in parts], document, "")


def _origins(given: list[tuple[Part, Any]], value: object, pointer: str) -> Iterator[tuple[str, Origin]]:
    if isinstance(value, dict):
        for key, below in value.items():
            found = _those_with(given, key)
            if found:
                place = json_pointer.below(pointer, key)
                yield place, _origin(found[-1][0], place)
                yield from _origins(found, below, place)
    elif isinstance(value, list) and given:
        part, listed = given[-1]
        for number, below in enumerate(value):
            place = f"{pointer}/{number}"
            yield place, _origin(part, place)
            yield from _origins([(part, listed[number])], below, place)


def _those_with(given: list[tuple[Part, Any]], key: str) -> list[tuple[Part, Any]]:
    """Return the parts that still count for a key: from the last that replaces it on."""
    found: list[tuple[Part, Any]] = []
    for part, value in given:
        if isinstance(value, dict) and key in value:
            if not isinstance(value[key], dict):
                found.clear()
            found.append((part, value[key]))
    return found


def _origin(part: Part, pointer: str) -> Origin:
    return Origin(part, part.line(pointer))


def part_with(parts: Sequence[Part], pointer: str) -> Part | None:
    """Return the part to blame for a place: the last that gives it a value of its own."""
    given: list[Part] = [part for part in parts if value_at(part.patch, pointer) is not ABSENT]
    for part in reversed(given):
        if not isinstance(value_at(part.patch, pointer), dict):
            return part
    in_files = [part for part in given if part.file is not None and part.spot(pointer) is not None]
    if in_files:
        return in_files[-1]
    return given[-1] if given else None


def value_at(document: object, pointer: str) -> object:
    """Return the value at a pointer; what lies below a value that replaced it is there too."""
    for key in json_pointer.steps(pointer):
        if isinstance(document, dict):
            document = document.get(key, ABSENT)
        elif isinstance(document, list):
            document = document[int(key)] if key.isdigit() and int(key) < len(document) else None
        else:
            return document
    return document
