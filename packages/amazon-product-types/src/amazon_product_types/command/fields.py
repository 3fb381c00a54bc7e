"""Fields and changes as a command prints them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amazon_product_types import fields as listing
from amazon_product_types.changes import changes, told
from amazon_product_types.command.files import printable
from amazon_product_types.matching import chain
from amazon_product_types.messages import DEFAULT, catalogue
from amazon_product_types.requirement import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import Field
    from amazon_product_types.messages import Catalogue


def show(definition: Definition, *, language: str, needed: bool, as_json: bool) -> None:
    """Print the fields of a definition; with `needed`, those that every item needs."""
    print_fields(
        (item for item in listing.fields(definition, language=language) if item.needed_alone or not needed),
        language=language,
        as_json=as_json,
    )


def print_fields(found: Iterable[Field], *, language: str = DEFAULT, as_json: bool) -> None:
    """Print fields as JSON or as lines for people."""
    if as_json:
        print(json.dumps([field.to_dict() for field in found], ensure_ascii=False, indent=2))
        return
    for line in table_of(found, language):
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


def table_of(found: Iterable[Field], language: str = DEFAULT) -> Iterator[str]:
    """Yield the lines that tell of fields, group by group: label, then path and shape, then conditions."""
    messages = catalogue(language)
    groups: dict[str, list[Field]] = {}
    for field in found:
        groups.setdefault(field.group, []).append(field)
    for group, members in groups.items():
        if group:
            yield ""
            yield printable(group)
        for field in members:
            yield from _lines(field, messages)


def _lines(field: Field, messages: Catalogue) -> Iterator[str]:
    marks = [name for name, on in (("hidden", field.hidden), ("not_editable", not field.editable)) if on]
    notes = [messages.phrase(f"fields.{mark}") for mark in marks]
    if field.recommended_by:
        notes.append(messages.phrase("fields.recommended_by", source=field.recommended_by))
    level = messages.phrase(f"condition.{field.requirement}")
    indent = max(len(messages.phrase(f"condition.{one}")) for one in LEVELS) + 2
    yield printable(f"{level:{indent}}{chain(field.labels)}")
    yield f"{'':{indent}}{', '.join([f'{field.path}: {_shape(field, messages)}', *notes])}"
    depends = messages.all_of(f"`{path}`" for path in field.depends_on)
    values = messages.phrase("fields.depends", fields=depends) if depends else ""
    for text in (field.condition, field.forbidden, values):
        if text:
            yield printable(f"{'':{indent}}{text}")


def _shape(field: Field, messages: Catalogue) -> str:
    """Return the type and limits of a field: `text, 24 options`, `number, at least 0, at most 100`."""
    phrase = messages.phrase
    parts = [messages.message(f"field.{field.type}") or field.type]
    if field.options:
        parts.append(
            phrase("fields.suggestions" if field.open else "fields.options", count=len(field.options))
        )
    long = field.json_type == "string"

    def limit(value: float) -> str:
        return phrase("fields.characters", count=int(value)) if long else messages.value(value)

    if field.min is not None and field.min == field.max:
        parts.append(limit(field.min))
    elif field.min is not None and (field.min > 1 or not long):
        parts.append(phrase("fields.at_least", limit=limit(field.min)))
    if field.max is not None and field.min != field.max:
        parts.append(phrase("fields.at_most", limit=limit(field.max)))
    if field.max_bytes is not None:
        parts.append(phrase("fields.bytes", count=field.max_bytes))
    if field.max_values is not None and field.max_values != 1:
        parts.append(phrase("fields.values", count=field.max_values))
    if field.language:
        parts.append(phrase("fields.per_language"))
    return ", ".join(parts)
