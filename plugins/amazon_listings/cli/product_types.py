"""Commands: product types, their fields, and what changed in them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.definitions import (
    connector_of,
    definition_file,
    definition_store,
    json_file,
    marketplace_of,
    pair_of,
    plain_errors,
    refusal,
    run_storage,
    selling_partner,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors import Connector
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.product_types.definition import DefinitionPair, StoredDefinition
    from amazon_listings.product_types.fields import Field
    from amazon_listings.sync.drift import Drift

product_types_app = typer.Typer(
    name="product-types", help="Amazon's product types: search, show, what changed.", no_args_is_help=True
)

Country = Annotated[str, typer.Option(help="Marketplace, such as FR.")]
Connection = Annotated[str, typer.Option(help="Airflow connection of the Amazon account.")]
Requirements = Annotated[str, typer.Option(help="LISTING, LISTING_PRODUCT_ONLY or LISTING_OFFER_ONLY.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of connector files; the installation's own by default.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.add_typer(product_types_app)
    app.command(name="fields")(fields)


@product_types_app.command()
def search(
    words: Annotated[str, typer.Argument(help="Keywords, or with --item-name a product's title.")],
    *,
    country: Country,
    locale: Annotated[str | None, typer.Option(help="Language of the names shown.")] = None,
    search_locale: Annotated[str | None, typer.Option(help="Language of the words; --locale's.")] = None,
    item_name: Annotated[bool, typer.Option(help="The words are a product's title.")] = False,
    connection: Connection = "amazon_selling_partner",
) -> None:
    """Find product types by keyword, or for a product's title."""
    from amazon_listings.selling_partner import definitions

    with plain_errors():
        place = marketplace_of(country)
        found = definitions.search(
            selling_partner(connection, country),
            [place.id],
            keywords=None if item_name else words.split(),
            item_name=words if item_name else None,
            locale=locale,
            search_locale=search_locale or locale,
        )
    for product_type in found:
        print(f"{product_type.name:40}  {product_type.display_name}")
    if not found:
        print(f"Amazon knows no product type for {words!r} in {place.name}; try other or fewer words.")


@product_types_app.command()
def show(
    product_type: Annotated[str, typer.Argument(help="Amazon's name, such as HOME.")],
    *,
    country: Country,
    locale: Annotated[str | None, typer.Option(help="Language of labels; the marketplace's own.")] = None,
    requirements: Requirements = "LISTING",
    requirements_enforced: Annotated[str, typer.Option(help="ENFORCED or NOT_ENFORCED.")] = "ENFORCED",
    parentage_level: Annotated[
        str | None, typer.Option(help="NONE, CHILD or PARENT: a smaller definition.")
    ] = None,
    version: Annotated[str, typer.Option(help="LATEST, RELEASE_CANDIDATE or a version's id.")] = "LATEST",
    connection: Connection = "amazon_selling_partner",
) -> None:
    """Fetch a product type and show its version, groups and required fields."""
    from amazon_listings.product_types.definition import DefinitionKey
    from amazon_listings.product_types.refresh import refresh_pair

    with plain_errors():
        place = marketplace_of(country)
        key = DefinitionKey(
            product_type=product_type,
            marketplace_id=place.id,
            requirements=requirements,
            requirements_enforced=requirements_enforced,
            locale=locale or place.locale,
            parentage_level=parentage_level,
            version=version,
        )
        client = selling_partner(connection, country)
        key = replace(key, seller_id=client.account.seller_id)
        pair = refresh_pair(client, definition_store(), key, place)
        for line in _summary(pair):
            print(line)


@product_types_app.command()
def diff(
    old: Annotated[
        str, typer.Argument(help="A definition file, or a product type whose versions are stored.")
    ],
    new: Annotated[str | None, typer.Argument(help="The newer definition file.")] = None,
    *,
    country: Annotated[str | None, typer.Option(help="Marketplace of the stored product type.")] = None,
    locale: Annotated[str | None, typer.Option(help="Language of labels of the stored one.")] = None,
    requirements: Requirements = "LISTING",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what changed between two versions, and which mapping lines it touches."""
    with plain_errors():
        if new is not None:
            found = _file_drift(Path(old), Path(new), folder)
        elif country is not None:
            found = _version_drift(_stored(old, marketplace_of(country), locale, requirements), folder)
        else:
            raise refusal(
                "Give two definition files, or a product type and --country for its stored versions."
            )
        if as_json:
            _print_json(
                {
                    "changes": [one._asdict() | {"breaking": one.breaking} for one in found.changes],
                    "touched": [one._asdict() for one in found.touched],
                    "failing": {one: failing._asdict() for one, failing in found.failing.items()},
                }
            )
            return
        for line in found.told():
            print(line)


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
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List the fields of a product type that a mapping can fill."""
    from amazon_listings.product_types.fields import fields as list_fields

    with plain_errors():
        if definition is not None:
            groups = json_file(answer).get("propertyGroups") if answer else None
            labels = definition_file(locale_definition) if locale_definition else None
            found = list_fields(definition_file(definition), property_groups=groups, labels_document=labels)
        elif connector is not None:
            found = pair_of(connector_of(connector, folder)).fields()
        else:
            raise refusal("Say which fields: --connector ID, or --definition FILE.")
        if group is not None:
            found = _of_group(found, group)
        if required:
            found = [field for field in found if field.needed_alone]
        if as_json:
            _print_json([field.to_dict() for field in found])
            return
        for line in _table(found):
            print(line)


def _table(found: Iterable[Field]) -> Iterator[str]:
    group = None
    for field in found:
        if field.group != group:
            group = field.group
            if group:
                yield f"\n{group}"
        marks = [mark for mark, on in (("hidden", field.hidden), ("not editable", not field.editable)) if on]
        yield "  ".join([f"{field.requirement:11}", _chain(field), field.path, _shape(field), *marks])
        depends = " and ".join(f"`{path}`" for path in field.depends_on)
        for text in (field.condition, field.forbidden, f"values depend on {depends}" if depends else ""):
            if text:
                yield f"{'':13}{text}"


def _chain(field: Field) -> str:
    from amazon_listings.product_types.labels import chain

    return chain(field.labels)


def _shape(field: Field) -> str:
    """The type and limits of a field, short: `string, 1 of 24 options`, `number, 0 to 100`."""
    parts = [field.type]
    if field.options:
        count = len(field.options)
        parts.append(f"{count} {'suggestion' if field.open else 'option'}{'s' * (count != 1)}")
    characters = " characters" if field.json_type == "string" else ""
    if field.max is not None:
        parts.append(f"at most {field.max:,.10g}{characters}")
    if field.max_bytes is not None:
        parts.append(f"at most {field.max_bytes:,} bytes")
    if field.max_values not in {None, 1}:
        parts.append(f"{field.max_values} values")
    if field.language:
        parts.append("per language")
    return ", ".join(parts)


def _summary(pair: DefinitionPair) -> Iterator[str]:
    stored, found = pair.validation, pair.fields()
    yield f"{pair.labels.display_name} ({stored.key.product_type}), {pair.marketplace.name}"
    yield f"version {stored.version}, checksum {stored.checksum}"
    yield f"fetched {stored.fetched_at:%Y-%m-%d %H:%M} UTC, confirmed {stored.checked_at:%Y-%m-%d %H:%M} UTC"
    yield f"validated in {stored.locale}, labels in {pair.labels.locale}, {stored.key.requirements}"
    yield from (f"warning: {warning}" for warning in pair.warnings)
    levels = ("required", "conditional", "recommended", "optional")
    counts = {level: sum(field.requirement == level for field in found) for level in levels}
    yield f"{len(found)} fields: " + ", ".join(f"{count} {level}" for level, count in counts.items())
    groups = dict.fromkeys(field.group for field in found if field.group)
    yield "groups: " + ", ".join(f"{name} ({sum(f.group == name for f in found)})" for name in groups)
    yield "\nNeeded of an item of which nothing else is known:"
    yield from _table(field for field in found if field.needed_alone)


def _of_group(found: list[Field], group: str) -> list[Field]:
    from amazon_listings.product_types.labels import normal

    wanted = normal(group)
    kept = [field for field in found if wanted in {normal(field.group), normal(field.group_id)}]
    if not kept:
        known = ", ".join(
            dict.fromkeys(f"{field.group_id} ({field.group})" for field in found if field.group_id)
        )
        raise refusal(
            f"There is no group {group!r}. " + (f"There are: {known}." if known else "None are known.")
        )
    return kept


def _file_drift(old: Path, new: Path, folder: Path | None) -> Drift:
    """The drift between two files; the connectors are those of the product type."""
    from amazon_listings.sync.drift import Documents, drift

    before, after = definition_file(old), definition_file(new)
    mapped = list(_connectors(folder, _type_of(after)))
    return drift(Documents(before, before), Documents(after, after), mapped, run_storage())


def _version_drift(stored: StoredDefinition, folder: Path | None) -> Drift:
    """The drift between the last two stored versions; each connector in the locale of its labels."""
    from amazon_listings.product_types.definition import NoDefinition
    from amazon_listings.sync.drift import Documents, drift, stored_drift

    kept, key = definition_store(), stored.key
    earlier = kept.earlier(key)
    if not earlier:
        raise refusal(
            f"Only one version of {key} is stored: {stored.version}, of {stored.fetched_at:%Y-%m-%d}."
        )
    before, after = earlier[0].document, stored.document
    found = drift(Documents(before, before), Documents(after, after), [])
    for connector in _connectors(folder, key.product_type):
        amazon = connector.amazon
        if (connector.marketplace.id, amazon.requirements) != (key.marketplace_id, key.requirements):
            continue
        try:
            own = stored_drift(kept, replace(key, locale=amazon.locale), [connector], run_storage())
        except NoDefinition as error:
            typer.echo(f"{connector.id} is not judged: {error}", err=True)
            continue
        if own is not None:
            found.touched.extend(own.touched)
            found.failing.update(own.failing)
    return found


def _stored(product_type: str, place: Marketplace, locale: str | None, requirements: str) -> StoredDefinition:
    """The stored definition of a type, whichever account it was fetched with."""
    kept = definition_store()
    wanted = (product_type, place.id, locale or place.locale, requirements)
    for key in kept.keys():  # noqa: SIM118 - not a dict
        if (key.product_type, key.marketplace_id, key.locale, key.requirements) == wanted:
            return kept.load(key)
    raise refusal(
        f"No definition of {product_type} for {place.name} in {locale or place.locale} is stored. Fetch it "
        f"with `amazon-listings product-types show {product_type} --country {place.country}`."
    )


def _connectors(folder: Path | None, product_type: str) -> Iterator[Connector]:
    """The connectors of a product type; none where there is no folder of them."""
    from amazon_listings.connectors import load_connectors
    from amazon_listings.errors import PersonMustAct
    from amazon_listings.settings import settings

    try:
        loaded = load_connectors(folder or settings().connectors, {})
    except PersonMustAct:
        return
    for connector in loaded.connectors:
        if connector.amazon.product_type == product_type:
            yield connector


def _type_of(document: dict[str, Any]) -> str:
    """The product type that a definition is of: the end of its `$id`."""
    return str(document.get("$id", "")).rstrip("/").rpartition("/")[2]


def _print_json(what: Any) -> None:
    print(json.dumps(what, ensure_ascii=False, indent=2))
