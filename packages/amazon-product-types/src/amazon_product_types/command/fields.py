"""Fields and changes as a command prints them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amazon_product_types import fields as listing
from amazon_product_types.changes import changes, told
from amazon_product_types.command.files import printable
from amazon_product_types.matching import chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import Field


def show(definition: Definition, *, language: str, needed: bool, as_json: bool) -> None:
    """Print the fields of a definition; with `needed`, those that every item needs."""
    print_fields(
        (item for item in listing.fields(definition, language=language) if item.needed_alone or not needed),
        as_json=as_json,
    )


def print_fields(found: Iterable[Field], *, as_json: bool) -> None:
    """Print fields as JSON or as lines for people."""
    if as_json:
        print(json.dumps([field.to_dict() for field in found], ensure_ascii=False, indent=2))
        return
    for line in table_of(found):
        print(line)


def show_changes(old: Definition, new: Definition, *, language: str, as_json: bool) -> int:
    """Print what changed between two versions; return 1 if payloads that were right may be wrong now."""
    found = changes(old, new, language=language)
    if as_json:
        entries = [change._asdict() | {"breaking": change.breaking} for change in found]
        print(json.dumps(entries, ensure_ascii=False, indent=2))
    else:
        for line in told(found, language):
            print(printable(line))
    return int(any(change.breaking for change in found))


def table_of(found: Iterable[Field]) -> Iterator[str]:
    """Yield the lines that tell of fields, group by group: label, then path and shape, then conditions."""
    groups: dict[str, list[Field]] = {}
    for field in found:
        groups.setdefault(field.group, []).append(field)
    for group, members in groups.items():
        if group:
            yield ""
            yield printable(group)
        for field in members:
            yield from _lines(field)


def _lines(field: Field) -> Iterator[str]:
    marks = [mark for mark, on in (("hidden", field.hidden), ("not editable", not field.editable)) if on]
    marks += [f"recommended by: {field.recommended_by}"] if field.recommended_by else []
    yield printable(f"{field.requirement:11}  {chain(field.labels)}")
    yield f"{'':13}{', '.join([f'{field.path}: {_shape(field)}', *marks])}"
    depends = " and ".join(f"`{path}`" for path in field.depends_on)
    for text in (field.condition, field.forbidden, f"values depend on {depends}" if depends else ""):
        if text:
            yield printable(f"{'':13}{text}")


def _shape(field: Field) -> str:
    """Return the type and limits of a field: `string, 24 options`, `number, at least 0, at most 100`."""
    parts = [field.type]
    if field.options:
        count = len(field.options)
        parts.append(f"{count} {'suggestion' if field.open else 'option'}{'s' * (count != 1)}")
    characters = " characters" if field.json_type == "string" else ""
    if field.min is not None and field.min == field.max:
        parts.append(f"{field.min:,.10g}{characters}")
    elif field.min is not None and (field.min > 1 or not characters):
        parts.append(f"at least {field.min:,.10g}{characters}")
    if field.max is not None and field.min != field.max:
        parts.append(f"at most {field.max:,.10g}{characters}")
    if field.max_bytes is not None:
        parts.append(f"at most {field.max_bytes:,} bytes")
    if field.max_values not in {None, 1}:
        parts.append(f"{field.max_values} values")
    if field.language:
        parts.append("per language")
    return ", ".join(parts)
