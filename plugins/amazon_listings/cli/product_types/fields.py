"""Command: the fields of a product type."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.inputs.configured import Folder, Variables, connector_of
from amazon_listings.cli.inputs.definitions import (
    definition_file,
    described,
    json_file,
    pair_of,
    relevant_attributes,
)
from amazon_listings.cli.output.refusals import Language, plain_errors, refuse, say, speak
from amazon_listings.cli.output.refusals import spoken as spoken_language

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item, Record
    from amazon_product_types.fields import Field

_EMPTY: Record = {
    "id": "", "ref": "", "status": "", "modified": None, "fields": {}, "texts": {}, "images": {},
}  # fmt: skip
#: An item of which the PIM says nothing.
_NOTHING: Item = {
    "pim_id": "", "group": "", "sku": None, "status": "", "modified": None,
    "product": _EMPTY, "variant": None,
}  # fmt: skip


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
        bool,
        typer.Option(
            help="Only what an item needs of which nothing else is known; of a connector, apart, what the "
            "values require that its mapping sets for every item."
        ),
    ] = False,
    group: Annotated[str | None, typer.Option(help="Only this group, by name or title.")] = None,
    language: Language = None,
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the fields of a product type that a mapping can fill."""
    from amazon_product_types.command.fields import print_fields
    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import fields as list_fields

    with plain_errors():
        if definition is not None:
            groups = json_file(answer).get("propertyGroups") if answer else None
            labels = definition_file(locale_definition) if locale_definition else None
            read = Definition(definition_file(definition), labels=labels, property_groups=groups)
            found = list_fields(read, language=speak(language))
        elif connector is not None:
            asked = connector_of(connector, folder, variables)
            spoken = speak(language, connector=asked)
            found = pair_of(asked).fields(relevant_attributes(asked.id), language=spoken)
        else:
            refuse("cli.fields_of_what")
    if group is not None:
        found = _of_group(found, group)
    by_mapping: list[Field] = []
    if required:
        with plain_errors():
            by_mapping = _needed_by_mapping(asked, found) if definition is None else []
        found = [field for field in found if field.needed_alone]
    if as_json:
        found += by_mapping
    print_fields(found, language=spoken_language(), as_json=as_json)
    if by_mapping and not as_json:
        typer.echo("")
        say("cli.fields_by_mapping")
        print_fields(by_mapping, language=spoken_language(), as_json=False)


def _needed_by_mapping(connector: Connector, found: list[Field]) -> list[Field]:
    """Return the fields that values require which the mapping sets for every item, with the reason."""
    from amazon_listings.mapping.faults import MappingErrors
    from amazon_listings.runs.map_fields import compiled
    from amazon_product_types.requirement import required_of

    try:
        mapping = compiled(connector, described(connector, None, None))
    except MappingErrors:
        say("cli.fields_mapping_wrong", err=True, connector=connector.id)
        return []
    payload = mapping.apply(_NOTHING).attributes
    reasons = required_of(pair_of(connector).definition, payload, spoken_language())
    said = {".".join(names): reason for names, reason in reasons.items()}
    return [field.with_condition(said[field.path]) for field in found if field.path in said]


def _of_group(found: list[Field], group: str) -> list[Field]:
    from amazon_product_types.matching import normal

    wanted = normal(group)
    kept = [field for field in found if wanted in {normal(field.group), normal(field.group_id)}]
    if not kept:
        known = dict.fromkeys(f"{field.group_id} ({field.group})" for field in found if field.group_id)
        refuse("cli.unknown_group" if known else "cli.no_groups", group=group, known=known)
    return kept
