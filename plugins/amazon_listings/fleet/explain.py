"""Show a connector's effective document, each line with the layer, file and line it comes from."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.connectors.message import key_path
from amazon_listings.connectors.origins import origins
from amazon_listings.connectors.schema import with_defaults
from amazon_listings.runs.map_fields import merged_lines
from amazon_product_types import json_pointer
from amazon_product_types.candidates import AmbiguousField, UnknownField
from amazon_product_types.matching import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.faults import Line
    from amazon_listings.runs.map_fields import Described


class ExplainedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One value of an effective document.

    Attributes:
        place: Where it stands, `sync.operation`; in the mapping the field that it fills, if that is known.
        value: The value.
        part: What sets it: `layer company`, `document`, `matrix`, `Variable amazon_connector_x`, `default`.
        file: The file of that part; None for a Variable and a default.
        line: The line in the file, from 1.
        key: The mapping's key as its author wrote it.
    """

    place: str
    value: Any
    part: str
    file: str | None = None
    line: int | None = None
    key: str = ""

    @property
    def origin(self) -> str:
        """Where the value comes from, for people."""
        where = f"{self.file}:{self.line}" if self.line else self.file or ""
        return ", ".join(filter(None, (where, self.part)))


def explained(
    declaration: Declaration, connector: Connector, definition: Described | None
) -> list[ExplainedLine]:
    """Return every line of a connector's effective document.

    Args:
        declaration: What the connector was loaded from.
        connector: The connector.
        definition: Its definition, by which mapping lines are merged; None merges them by their text.
    """
    document = declaration.document()
    found = [
        line
        for line in _document_lines(declaration, document)
        if definition is None or not line.place.startswith("mapping.")
    ]
    if definition is not None:
        found += _mapping_lines(declaration, connector, definition)
    known = {line.place for line in found}
    found += [
        ExplainedLine(place=place, value=value, part="default")
        for place, value in _leaves(with_defaults(document), "")
        if place not in known and not place.startswith("mapping.")
    ]
    return found


def about(
    lines: list[ExplainedLine], field: str, connector: Connector, definition: Described | None
) -> list[ExplainedLine]:
    """Return the lines about a field: those at or below a place, a path or a label.

    Args:
        lines: The lines.
        field: The place, path or label; a label in any locale that a part of the mapping is in.
        connector: The connector.
        definition: Its definition; None finds labels only as lines write them.
    """
    wanted = normal(field)
    named = [field, *(_paths(field, connector, definition) if definition is not None else ())]

    def fits(line: ExplainedLine) -> bool:
        places = (line.place, line.place.removeprefix("mapping."), f"mapping.{line.place}")
        if any(one == name or one.startswith(f"{name}.") for one in places for name in named):
            return True
        return bool(line.key) and normal(line.key) == wanted

    return [line for line in lines if fits(line)]


def _paths(field: str, connector: Connector, definition: Described) -> Iterator[str]:
    """Yield the paths that a label names, in the connector's locale or in one of its mapping's."""
    indexes = [definition.index, *(definition.index_in(locale) for locale in connector.mapping_locales)]
    for index in indexes:
        with suppress(UnknownField, AmbiguousField):
            yield index.find(field).path


def _document_lines(declaration: Declaration, document: dict[str, Any]) -> Iterator[ExplainedLine]:
    values = dict(_pointers(document, ""))
    for pointer, origin in origins(declaration.parts, document):
        if pointer not in values:
            continue  # an object or list, of which its own lines tell
        steps = json_pointer.steps(pointer)
        file = origin.part.file
        yield ExplainedLine(
            place=key_path(pointer),
            value=values[pointer],
            part=origin.part.title,
            file=str(file.path) if file else None,
            line=origin.line,
            key=steps[1] if steps[0] == "mapping" and len(steps) > 1 else "",
        )


def _mapping_lines(
    declaration: Declaration, connector: Connector, definition: Described
) -> Iterator[ExplainedLine]:
    for one in merged_lines(connector, definition).written:
        part, file = _part_of(declaration, one.line)
        yield ExplainedLine(
            place=f"mapping.{one.path}",
            value=one.value,
            part=part,
            file=file,
            line=one.line.number,
            key=one.line.key,
        )


def _part_of(declaration: Declaration, line: Line) -> tuple[str, str | None]:
    """Return the title of the part that has a mapping line, and its file."""
    for part in reversed(declaration.parts):
        mapping = part.patch.get("mapping")
        if not isinstance(mapping, dict) or line.key not in mapping:
            continue
        file = str(part.file.path) if part.file else None
        own = "" if part.file is declaration.file else file or ""
        if own == line.file and part.line(json_pointer.below("/mapping", line.key)) == line.number:
            return part.title, file
    return "document", str(declaration.file.path) if declaration.file else None


def _pointers(value: object, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _pointers(below, json_pointer.below(pointer, key))
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, below in enumerate(value):
            yield from _pointers(below, f"{pointer}/{number}")
    else:
        yield pointer, value


def _leaves(value: object, pointer: str) -> Iterator[tuple[str, Any]]:
    for place, found in _pointers(value, pointer):
        yield key_path(place), found
