"""Command: write the file of a new connector, with proposals for its mapping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.connectors.commands import connectors_app
from amazon_listings.cli.connectors.like import write_like
from amazon_listings.cli.inputs.configured import Folder  # noqa: TC001 - typer reads the annotations
from amazon_listings.cli.inputs.definitions import definition_file, marketplace_of, selling_partner
from amazon_listings.cli.output.refusals import (
    CONNECTOR_LANGUAGE,
    messages,
    plain_errors,
    refuse,
    say,
)
from amazon_listings.cli.product_types.commands import RequirementSet  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.cli.connectors.new_connector import SourceBlock, Written
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.selling_partner.definitions import ProductType


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the command belongs to `connectors`
    """Add this module's command to the group `connectors`."""
    connectors_app.command(name="new")(new)


def new(
    *,
    like: Annotated[
        str | None, typer.Option(help="Id of a connector to write the same for other countries.")
    ] = None,
    country: Annotated[
        list[str] | None, typer.Option(help="Marketplace, such as FR; several (FR,DE) make a matrix.")
    ] = None,
    locale: Annotated[str | None, typer.Option(help="Language of Amazon's labels, such as fr_FR.")] = None,
    product_type: Annotated[
        list[str] | None,
        typer.Option(help="Amazon's product type, such as LAMP; several (LAMP,BACKPACK) make a matrix."),
    ] = None,
    search: Annotated[str | None, typer.Option(help='Find the product type: "desk lamp".')] = None,
    requirements: Annotated[
        RequirementSet, typer.Option(help="What is sent: all, facts alone, an offer alone.")
    ] = "LISTING",
    connector_id: Annotated[str | None, typer.Option("--id", help="Id of the connector.")] = None,
    connection: Annotated[str | None, typer.Option(help="Airflow connection of the Amazon account.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Source of the products, such as files; the first one if left out.")
    ] = None,
    source_connection: Annotated[str | None, typer.Option(help="Airflow connection of the source.")] = None,
    source_setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the source: path=export/*.csv; may be repeated."),
    ] = None,
    languages: Annotated[str | None, typer.Option(help="Languages of the values: fr, or fr,en.")] = None,
    definition: Annotated[Path | None, typer.Option(help="File of the definition; asks no Amazon.")] = None,
    locale_definition: Annotated[
        Path | None, typer.Option(help="The same in the connector's locale: its labels.")
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="JSON Lines of items to look at, instead of the source.")
    ] = None,
    look: Annotated[
        bool, typer.Option("--look/--no-products", help="Look at products for proposals, or not.")
    ] = True,
    folder: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take defaults, ask nothing.")] = False,
) -> None:
    """Write a connector file: what Amazon requires, explained, with PIM fields proposed.

    For several marketplaces or product types: a layer with what they share, and a document for each type,
    whose matrix has the marketplaces; --id names the layer.
    """
    countries, types = (_listed(",".join(given or ())) for given in (country, product_type))
    if like is not None:
        with plain_errors():
            write_like(like, countries, connector_id, folder)
        return
    given = _Given(
        locale=locale,
        requirements=requirements,
        connector_id=connector_id,
        connection=connection,
        source=source,
        source_connection=source_connection,
        source_settings=source_setting or (),
        languages=languages,
        products=products,
        look=look,
        folder=folder,
        yes=yes,
    )
    if len(countries) > 1 or len(types) > 1:
        if definition is not None or not countries or not types:
            refuse("cli.matrix_needs")
        with plain_errors():
            _write_matrix(given, countries, types)
        return
    with plain_errors():
        path, made = _write_one(
            given,
            next(iter(countries), None),
            next(iter(types), None),
            search=search,
            definition=definition,
            locale_definition=locale_definition,
        )
    _tell(path, made)


@dataclass(frozen=True)
class _Given:
    """The options of one connector and of a matrix; what is not given is None, and asked for."""

    locale: str | None
    requirements: RequirementSet
    connector_id: str | None
    connection: str | None
    source: str | None
    source_connection: str | None
    source_settings: Sequence[str]
    languages: str | None
    products: Path | None
    look: bool
    folder: Path | None
    yes: bool

    def answer(self, question: str, given: str | None, usual: str | None) -> str:
        """Return what was given for a question, or else what a person answers."""
        return _answer(question, given, usual, yes=self.yes)

    def target(self) -> Path:
        """Return the folder that the files go to."""
        from amazon_listings.settings import settings

        return self.folder or settings().connectors

    def source_block(self) -> SourceBlock:
        """Return the source's section."""
        return _source_block(self.source, self.source_connection, self.source_settings, yes=self.yes)


def _write_matrix(given: _Given, countries: Sequence[str], types: Sequence[str]) -> None:
    """Write the files of a matrix of marketplaces and product types."""
    from amazon_listings.cli.connectors import new_matrix

    block = given.source_block()
    wanted = new_matrix.Matrix(
        tuple(marketplace_of(one) for one in countries),
        tuple(one.upper() for one in types),
        given.locale or new_matrix.LOCALE,
        given.requirements,
        given.answer(_ask("connection"), given.connection, "amazon_selling_partner"),
        block,
        tuple(_listed(given.languages)),
        given.connector_id or new_matrix.NAME,
    )
    new_matrix.write(wanted, given.target(), products=given.products, look=given.look)


def _write_one(
    given: _Given,
    country: str | None,
    product_type: str | None,
    *,
    search: str | None,
    definition: Path | None,
    locale_definition: Path | None,
) -> tuple[Path, Written]:
    """Write the file of one connector; return where it is and what is in it."""
    from amazon_listings.cli.connectors import new_connector
    from amazon_listings.definitions.stored import known_locale

    yes = given.yes
    place = marketplace_of(given.answer(_ask("marketplace"), country, None))
    locale = given.answer(_ask("locale"), given.locale, place.locale)
    known_locale(locale)
    CONNECTOR_LANGUAGE.set(locale)
    connection = _answer(
        _ask("connection"), given.connection, "amazon_selling_partner", yes=yes or definition is not None
    )
    name = _product_type(place, locale, product_type, search, connection, definition, yes=yes)
    name_of_it = given.answer(_ask("id"), given.connector_id, f"{place.country}_{name}".lower())
    block = given.source_block()
    block.content["languages"] = _listed(
        given.answer(_ask("languages"), given.languages, place.languages[0][:2])
    )
    asked = new_connector.Asked(place, locale, name, given.requirements, name_of_it, connection, block)
    path = _free(given.target(), asked.connector_id, yes=yes)
    described = new_connector.definition_of(asked, definition, locale_definition)
    items = new_connector.sample(asked, given.products) if given.look else []
    titles = new_connector.titles(asked, given.products) if given.look else {}
    made = new_connector.written(asked, described, items, titles, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.text, encoding="utf-8")
    return path, made


def _source_block(
    name: str | None, connection: str | None, given: Iterable[str], *, yes: bool
) -> SourceBlock:
    """Return the source's section: what was given, and what it needs besides."""
    from amazon_listings.cli.connectors.new_connector import SourceBlock
    from amazon_listings.sources.registry import sources

    known = sources()
    usual = next(iter(known))
    question = _ask("source", sources=list(known))
    name = _answer(question, name, usual, yes=yes or connection is not None)
    if name not in known:
        refuse("cli.no_source", name=name, known=known)
    described = known[name].settings_schema["properties"]
    content = dict(_setting(text, described) for text in given)
    if connection is not None:
        content["connection"] = connection
    elif isinstance(default := described.get("connection", {}).get("default"), str):
        asking = _ask("source_connection", source=known[name].title)
        content["connection"] = _answer(asking, content.get("connection"), default, yes=yes)
    for key in known[name].settings_schema.get("required", ()):
        if key not in content:
            content[key] = _setting(
                f"{key}={_answer(described[key]['title'], None, None, yes=yes)}", described
            )[1]
    return SourceBlock(name, content)


def _setting(text: str, described: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the key and the value of `key=value`, typed as the source's schema has it."""
    import yaml

    key, equals, value = text.partition("=")
    if not equals or key not in described:
        refuse("cli.no_setting_source_give", text=text, described=described)
    kind = described[key].get("type")
    if kind == "array":
        return key, _listed(value)
    return key, yaml.safe_load(value) if kind in {"integer", "number", "boolean"} else value


def _listed(text: str | None) -> list[str]:
    return (text or "").replace(",", " ").split()


def _answer(question: str, given: str | None, usual: str | None, *, yes: bool) -> str:
    if given is not None:
        return given
    if yes:
        if usual is None:
            refuse("cli.option_needed", question=question)
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
    """Return the product type that is meant; searched for at Amazon where only words are given."""
    if product_type is not None:
        return product_type
    if definition is not None:
        told = str(definition_file(definition).get("$id", "")).rstrip("/").rpartition("/")[2]
        return _answer(_ask("product_type"), None, told or None, yes=yes)
    words = _answer(_ask("what_is_sold"), search, None, yes=yes)
    found = _found(place, locale, words, connection)
    if not found:
        refuse("cli.no_product_type_found", words=words, place=place.shop)
    if len(found) == 1:
        return found[0].name
    listed = [f"{number}. {one.name}  {one.display_name}" for number, one in enumerate(found, 1)]
    if yes:
        refuse("cli.several_product_types", words=words, listed="\n  ".join(listed))
    typer.echo("\n".join(listed), err=True)
    number = 0
    while not 1 <= number <= len(found):
        number = typer.prompt(_ask("which"), type=int, default=1, err=True)
    return found[number - 1].name


def _found(place: Marketplace, locale: str, words: str, connection: str) -> list[ProductType]:
    """Return the product types that fit, searched in the language of the labels, then in Amazon's own."""
    from amazon_listings.selling_partner import definitions

    client = selling_partner(connection, place.country)
    for spoken in (locale, None):
        found = definitions.search(
            client, [place.id], keywords=words.split(), locale=locale, search_locale=spoken
        )
        if found:
            return found
    return []


def _free(folder: Path, connector_id: str, *, yes: bool) -> Path:
    """Return where the file goes; what is there is not written over without a yes.

    Raises:
        ActionRequiredError: another file declares the id, or the file exists and may not be overwritten.
    """
    from amazon_listings.connectors import load_connectors

    path = folder / f"{connector_id}.yaml"
    if folder.exists():
        loaded = load_connectors(folder, {}, only=connector_id)
        places = [str(one.where.path) for one in loaded.connectors]
        places += [str(one.where.path) for one in loaded.broken]
        if others := [place for place in places if place != str(path)]:
            refuse("cli.connector_declared", others=others[0], connector_id=connector_id)
    overwrite = _ask("overwrite", path=path)
    if path.exists() and (yes or not typer.confirm(overwrite, default=False, err=True)):
        refuse("cli.file_exists", path=path)
    return path


def _tell(path: Path, made: Written) -> None:
    from amazon_listings.cli.connectors.coverage import verdict

    lines, about = made.lines, made.about
    required = [line for line in lines if line.section in {"required", "some"}]
    proposed = [line for line in required if line.proposal]
    say("new.written", path=path, about=about)
    say("new.proposed", proposed=len(proposed), count=len(required))
    for line in required:
        if not line.proposal:
            print(f"  {line.key}")
    others = sum(line.active for line in lines) - len(required)
    say("new.further", others=others, left=sum(not line.active for line in lines))
    if made.items:
        for sentence in verdict(made.measured):
            print(sentence)
    command = (
        f"amazon-listings connectors check {path.stem} && amazon-listings connectors coverage {path.stem}"
    )
    say("new.next", command=command)


def _ask(name: str, **facts: object) -> str:
    """Return a question, without its mark."""
    return messages().phrase(f"new.{name}", **facts)
