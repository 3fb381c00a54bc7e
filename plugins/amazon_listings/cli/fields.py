"""Command: the fields of a product type."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from amazon_listings.cli.configured import Folder, Variables, connector_of
from amazon_listings.cli.definitions import definition_file, json_file, pair_of, relevant_attributes
from amazon_listings.cli.refusals import plain_errors, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_product_types.fields import Field


Language = Literal["en", "es", "fr", "de"]


def register(app: typer.Typer) -> None:
    """Add this module's command to `app`."""
    app.command(name="fields")(fields)


def fields(
    *,
    connector: Annotated[str | None, typer.Option(help="Id of a connector.")] = None,
    definition: Annotated[Path | None, typer.Option(help="File of a definition instead.")] = None,
    locale_definition: Annotated[
        Path | None, typer.Option(help="The same in another locale: its labels.")
    ] = None,
    answer: Annotated[
        Path | None, typer.Option(help="Amazon's answer with the definition: its groups.")
    ] = None,
    required: Annotated[
        bool, typer.Option(help="Only what an item needs of which nothing else is known.")
    ] = False,
    group: Annotated[str | None, typer.Option(help="Only this group, by name or title.")] = None,
    language: Annotated[Language, typer.Option(help="Language of conditions.")] = "en",
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the fields of a product type that a mapping can fill."""
    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import fields as list_fields

    with plain_errors():
        if definition is not None:
            groups = json_file(answer).get("propertyGroups") if answer else None
            labels = definition_file(locale_definition) if locale_definition else None
            read = Definition(definition_file(definition), labels=labels, property_groups=groups)
            found = list_fields(read, language=language)
        elif connector is not None:
            asked = connector_of(connector, folder, variables)
            found = pair_of(asked).fields(relevant_attributes(asked.id), language=language)
        else:
            refuse("cli.fields_of_what")
    if group is not None:
        found = _of_group(found, group)
    if required:
        found = [field for field in found if field.needed_alone]
    if as_json:
        print(json.dumps([field.to_dict() for field in found], ensure_ascii=False, indent=2))
        return
    for line in table_of(found):
        print(line)


def _of_group(found: list[Field], group: str) -> list[Field]:
    from amazon_product_types.matching import normal

    wanted = normal(group)
    kept = [field for field in found if wanted in {normal(field.group), normal(field.group_id)}]
    if not kept:
        known = dict.fromkeys(f"{field.group_id} ({field.group})" for field in found if field.group_id)
        refuse("cli.unknown_group" if known else "cli.no_groups", group=group, known=known)
    return kept


def table_of(found: Iterable[Field]) -> Iterator[str]:
    """Lines that tell of fields, group by group: label, then path and shape, then conditions."""
    from amazon_listings.cli.tables import clean
    from amazon_product_types.matching import chain

    groups: dict[str, list[Field]] = {}
    for field in found:
        groups.setdefault(field.group, []).append(field)
    for group, members in groups.items():
        if group:
            yield ""
            yield clean(group)
        for field in members:
            marks = [
                word for word, on in (("hidden", field.hidden), ("not editable", not field.editable)) if on
            ]
            marks += [f"recommended by: {field.recommended_by}"] if field.recommended_by else []
            yield clean(f"{field.requirement:11}  {chain(field.labels)}")
            yield f"{'':13}{', '.join([f'{field.path}: {_shape(field)}', *marks])}"
            depends = " and ".join(f"`{path}`" for path in field.depends_on)
            for text in (field.condition, field.forbidden, f"values depend on {depends}" if depends else ""):
                if text:
                    yield clean(f"{'':13}{text}")


def _shape(field: Field) -> str:
    """The type and limits of a field, short: `string, 24 options`, `number, at least 0, at most 100`."""
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
