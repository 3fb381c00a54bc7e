"""Command: write the file of a new connector, with proposals for its mapping."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.connectors import connectors_app
from amazon_listings.cli.definitions import definition_file, definition_store, marketplace_of, selling_partner
from amazon_listings.cli.refusals import plain_errors, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.item import Item
    from amazon_listings.mapping.pim_fields import PimField
    from amazon_listings.mapping.starter import StarterLine
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.product_types.labels import FieldIndex

#: Items looked at for proposals: enough to see what a field holds, and few enough to wait for.
SAMPLE = 500


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the command belongs to `connectors`
    """Add this module's command to the group `connectors`."""
    connectors_app.command(name="new")(new)


@dataclass
class Asked:
    """What the new connector is to be."""

    place: Marketplace
    locale: str
    product_type: str
    connector_id: str
    connection: str
    source_connection: str
    languages: list[str]


@dataclass
class Definition:
    """The definition in both languages: fields by their labels, and the document that judges."""

    index: FieldIndex
    document: dict[str, Any]
    own_labels: dict[str, str]


def new(
    *,
    country: Annotated[str | None, typer.Option(help="Marketplace, such as FR.")] = None,
    locale: Annotated[str | None, typer.Option(help="Language of Amazon's labels, such as fr_FR.")] = None,
    product_type: Annotated[str | None, typer.Option(help="Amazon's product type, such as LAMP.")] = None,
    search: Annotated[str | None, typer.Option(help='Find the product type: "desk lamp".')] = None,
    connector_id: Annotated[str | None, typer.Option("--id", help="Id of the connector.")] = None,
    connection: Annotated[str | None, typer.Option(help="Airflow connection of the Amazon account.")] = None,
    source_connection: Annotated[
        str | None, typer.Option(help="Airflow connection of the Sales Layer account.")
    ] = None,
    languages: Annotated[str | None, typer.Option(help="Languages of the values: fr, or fr,en.")] = None,
    definition: Annotated[Path | None, typer.Option(help="File of the definition; asks no Amazon.")] = None,
    locale_definition: Annotated[
        Path | None, typer.Option(help="The same in the connector's locale: its labels.")
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="JSON Lines of items to look at, instead of the PIM.")
    ] = None,
    look: Annotated[
        bool, typer.Option("--look/--no-products", help="Look at products for proposals, or not.")
    ] = True,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of connector files.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take defaults, ask nothing.")] = False,
) -> None:
    """Write a connector file: what Amazon requires, explained, with PIM fields proposed."""
    from amazon_listings.settings import settings

    with plain_errors():
        place = marketplace_of(_answer("Marketplace (country)", country, None, yes=yes))
        locale = _answer("Language of Amazon's labels", locale, place.locale, yes=yes)
        connection = _answer(
            "Airflow connection of the Amazon account",
            connection,
            "amazon_selling_partner",
            yes=yes or definition is not None,
        )
        name = _product_type(place, locale, product_type, search, connection, definition, yes=yes)
        asked = Asked(
            place,
            locale,
            name,
            _answer("Id of the connector", connector_id, f"{place.country}_{name}".lower(), yes=yes),
            connection,
            _answer(
                "Airflow connection of the Sales Layer account", source_connection, "sales_layer", yes=yes
            ),
            _answer("Languages of the values", languages, place.languages[0][:2], yes=yes)
            .replace(",", " ")
            .split(),
        )
        path = _free(folder or settings().connectors, asked.connector_id, yes=yes)
        described = _definition(asked, definition, locale_definition)
        items = _sample(asked, products) if look else []
        text, lines, about = _written(asked, described, items, _titles(asked, products) if look else {})
        _verify(text, path, described)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _tell(path, lines, about)


def _answer(question: str, given: str | None, usual: str | None, *, yes: bool) -> str:
    if given is not None:
        return given
    if yes:
        if usual is None:
            refuse(f"{question}: say it with an option (see --help), or leave --yes out to be asked.")
        return usual
    answer: str = typer.prompt(question, default=usual, err=True)
    return answer.strip()


def _product_type(
    place: Marketplace,
    locale: str,
    product_type: str | None,
    search: str | None,
    connection: str,
    definition: Path | None,
    *,
    yes: bool,
) -> str:
    """The product type that is meant; searched for at Amazon where only words are given."""
    if product_type is not None:
        return product_type
    if definition is not None:
        told = str(definition_file(definition).get("$id", "")).rstrip("/").rpartition("/")[2]
        return _answer("Product type", None, told or None, yes=yes)
    words = _answer("What is sold (words to find the product type by)", search, None, yes=yes)
    from amazon_listings.selling_partner import definitions

    found = definitions.search(
        selling_partner(connection, place.country),
        [place.id],
        keywords=words.split(),
        locale=locale,
        search_locale=None if words.isascii() else locale,
    )
    if not found:
        refuse(f"Amazon knows no product type for {words!r} in {place.name}; try other or fewer words.")
    if len(found) == 1:
        return found[0].name
    listed = [f"{number}. {one.name}  {one.display_name}" for number, one in enumerate(found, 1)]
    if yes:
        refuse(
            f"Several product types fit {words!r}; name one with --product-type:\n  " + "\n  ".join(listed)
        )
    typer.echo("\n".join(listed), err=True)
    number = 0
    while not 1 <= number <= len(found):
        number = typer.prompt("Which one (its number)", type=int, default=1, err=True)
    return found[number - 1].name


def _free(folder: Path, connector_id: str, *, yes: bool) -> Path:
    """Where the file goes; what is there is not written over without a yes.

    Raises:
        PersonMustAct: another file declares the id, or nobody may be asked.
    """
    from amazon_listings.connectors import load_connectors

    path = folder / f"{connector_id}.yaml"
    if folder.exists():
        loaded = load_connectors(folder, {}, only=connector_id)
        places = [str(one.where.path) for one in loaded.connectors]
        places += [str(one.where.path) for one in loaded.broken]
        if others := [place for place in places if place != str(path)]:
            refuse(f"{others[0]} declares the connector {connector_id!r} already; choose another --id.")
    overwrite = f"{path} exists. Write over it?"
    if path.exists() and (yes or not typer.confirm(overwrite, default=False, err=True)):
        refuse(f"{path} exists and is left as it is; choose another --id, or remove it.")
    return path


def _definition(asked: Asked, definition: Path | None, locale_definition: Path | None) -> Definition:
    from amazon_listings.product_types.definition import DefinitionKey
    from amazon_listings.product_types.fields import fields
    from amazon_listings.product_types.labels import FieldIndex
    from amazon_listings.product_types.refresh import refresh_pair

    if definition is not None:
        document = definition_file(definition)
        labels = definition_file(locale_definition) if locale_definition else None
        index = FieldIndex(fields(document, labels_document=labels))
    else:
        client = selling_partner(asked.connection, asked.place.country)
        key = DefinitionKey(
            asked.product_type, asked.place.id, locale=asked.locale, seller_id=client.account.seller_id
        )
        pair = refresh_pair(client, definition_store(), key, asked.place)
        document, index = pair.validation.document, pair.index
    own = {item.path: item.label for item in fields(document)}
    return Definition(index, document, own)


def _sample(asked: Asked, products: Path | None) -> list[Item]:
    from amazon_listings.cli.mapping import items_in

    if products is not None:
        return list(islice(items_in(products), SAMPLE))
    from amazon_listings.airflow_adapter.connections import pim
    from amazon_listings.connectors import SalesLayerSource
    from amazon_listings.sales_layer.extraction import read_items
    from amazon_listings.sales_layer.selection import Selection

    languages = tuple(asked.languages)
    reading = read_items(
        SalesLayerSource(languages=languages, connection=asked.source_connection),
        pim(asked.source_connection),
        Selection(languages=languages),
    )
    return list(islice(reading, SAMPLE))


def _titles(asked: Asked, products: Path | None) -> dict[str, list[str]]:
    if products is not None:
        return {}
    from amazon_listings.airflow_adapter.connections import pim
    from amazon_listings.sales_layer.field_titles import field_titles

    return field_titles(pim(asked.source_connection))


def _written(
    asked: Asked, described: Definition, items: Sequence[Item], titles: dict[str, list[str]]
) -> tuple[str, list[StarterLine], str]:
    """The file's text, its lines, and what the proposals were made from."""
    from amazon_listings.mapping.pim_fields import access, pim_fields
    from amazon_listings.mapping.proposals import product_type_field, sku_expression
    from amazon_listings.mapping.starter import starter_lines
    from amazon_listings.mapping.starter_file import file_text

    chooser = product_type_field(items, asked.product_type)
    if chooser is not None:
        items = [item for item in items if _of_type(item, chooser, asked.product_type)]
    known: list[PimField] = pim_fields(items, titles)
    lines = starter_lines(described.index, known, described.own_labels)
    source: dict[str, Any] = {"connection": asked.source_connection, "languages": asked.languages}
    if chooser is not None:
        source["filter"] = f"{{{{ {access(chooser)} == '{asked.product_type}' }}}}"
    source["sku"] = sku_expression(known)
    head = {
        "id": asked.connector_id,
        "amazon": {
            "connection": asked.connection,
            "country": asked.place.country,
            "locale": asked.locale,
            "product_type": asked.product_type,
        },
        "sales_layer": source,
        "sync": {"operation": "test"},
    }
    about = f"{len(items):,} items" if items else "no items: nothing is proposed"
    remark = (
        f"Written by `amazon-listings connectors new` from Amazon's definition and {about}. Every line is a "
        "proposal: read it, correct it, remove what you do not need."
    )
    safe = "Nothing is sent to Amazon as long as `operation` is test."
    return file_text(head, lines, [remark, safe]), lines, about


def _of_type(item: Item, name: str, product_type: str) -> bool:
    from amazon_listings.product_types.labels import normal

    values = [record["fields"].get(name) for record in (item["variant"], item["product"]) if record]
    return any(isinstance(value, str) and normal(value) == normal(product_type) for value in values)


def _verify(text: str, path: Path, described: Definition) -> None:
    """The text is a connector, and its mapping fits the definition: what is written works.

    Raises:
        PersonMustAct: it does not; the sentence says where.
    """
    from amazon_listings.connectors import load_connectors
    from amazon_listings.mapping import compile_mapping

    with TemporaryDirectory() as folder:
        trial = Path(folder) / "new.yaml"
        trial.write_text(text, encoding="utf-8")
        loaded = load_connectors(Path(folder), {})
    if loaded.broken:
        refuse(f"Nothing was written. {loaded.broken[0].text.replace(str(trial), str(path))}")
    connector = loaded.connectors[0]
    compile_mapping(
        connector.mapping,
        index=described.index,
        definition=described.document,
        marketplace=connector.marketplace,
        languages=dict(connector.language_tags),
        lines=connector.where.mapping_lines(),
        connector=connector.id,
    )


def _tell(path: Path, lines: Sequence[StarterLine], about: str) -> None:
    required = [line for line in lines if line.section == "required"]
    proposed = [line for line in required if line.proposal]
    print(f"{path} written, from {about}.")
    print(f"{len(proposed)} of {len(required)} required lines have a proposal; to fill in:")
    for line in required:
        if not line.proposal:
            print(f"  {line.key}")
    others = sum(line.active for line in lines) - len(required)
    print(
        f"{others} further lines are proposed, {sum(not line.active for line in lines)} are left as comments."
    )
    command = (
        f"amazon-listings connectors check {path.stem} && amazon-listings connectors coverage {path.stem}"
    )
    print(f"Next: read the file, then {command}", file=sys.stdout)
