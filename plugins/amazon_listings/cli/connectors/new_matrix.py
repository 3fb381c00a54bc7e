"""New connectors of a matrix: a layer with what they share, and a document for each product type."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.cli.output.refusals import end, messages, refuse, say
from amazon_listings.connectors.languages import language_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from amazon_listings.authoring.starter import StarterLine
    from amazon_listings.cli.connectors.new_connector import SourceBlock, Written
    from amazon_listings.marketplaces import Marketplace

#: The locale of the labels of a matrix, which Amazon has for every marketplace, and its layer.
LOCALE, NAME = "en_US", "company"


@dataclass(frozen=True)
class Matrix:
    """What the new connectors are to be.

    Attributes:
        places: The marketplaces.
        product_types: The product types.
        locale: The locale of the labels.
        requirements: What is sent.
        connection: Airflow connection of the Amazon account.
        source: Where the products come from.
        languages: Languages of the values, of which each marketplace has those that Amazon suggests for it;
            empty for the first of each marketplace.
        name: The name of the layer.
    """

    places: tuple[Marketplace, ...]
    product_types: tuple[str, ...]
    locale: str
    requirements: str
    connection: str
    source: SourceBlock
    languages: tuple[str, ...]
    name: str


def write(matrix: Matrix, folder: Path, *, products: Path | None, look: bool) -> None:
    """Write the files of a matrix, and print which.

    Args:
        matrix: What the connectors are to be.
        folder: The folder of connectors.
        products: A file of items to look at, instead of the source.
        look: Look at products for proposals.

    Raises:
        ActionRequiredError: Amazon, or the source, does not answer as it should.
    """
    from amazon_listings.authoring.starter_file import file_text
    from amazon_listings.fleet.kept_tests import with_tests

    layer = folder / "layers" / f"{matrix.name}.yaml"
    paths = {name: folder / f"{name.lower()}.yaml" for name in matrix.product_types}
    for path in (layer, *paths.values()):
        if path.exists():
            refuse("cli.file_exists", path=path)
    made = _proposed(matrix, layer, products=products, look=look)
    shared = _shared([one.lines for one in made.values()])
    remarks = [messages().phrase("new.safe"), messages().phrase("new.defaults")]
    schema = "# yaml-language-server: $schema=../"
    chosen = {name: _selection(matrix, name, one) for name, one in made.items()}
    alike = chosen[matrix.product_types[0]] if len({str(one) for one in chosen.values()}) == 1 else {}
    texts = {layer: file_text(_layer(matrix, alike), {}, shared, remarks).replace(schema, f"{schema}../", 1)}
    for name, path in paths.items():
        own = [line for line in made[name].lines if _content(line) not in {_content(one) for one in shared}]
        text = file_text(_document(matrix, name, {} if alike else chosen[name]), {}, own, ())
        texts[path] = with_tests(text, made[name].tests) if made[name].tests else text
    with _taken_back(folder, texts):
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    documents = [str(path) for path in paths.values()]
    say("new.matrix", count=len(matrix.places) * len(made), layer=layer, documents=documents)
    for name, one in made.items():
        required = [line for line in one.lines if line.section in {"required", "some"}]
        proposed = [line for line in required if line.proposal]
        print(f"{name}: {messages().phrase('new.proposed', proposed=len(proposed), count=len(required))}")
        for line in required:
            if not line.proposal:
                print(f"  {line.key}")
    say("new.next", command="amazon-listings connectors check")


def _proposed(matrix: Matrix, path: Path, *, products: Path | None, look: bool) -> dict[str, Written]:
    """Return the first mapping of each product type, made for the first marketplace."""
    from amazon_listings.cli.connectors import new_connector

    found: dict[str, Written] = {}
    place = matrix.places[0]
    content = matrix.source.content | {"languages": _languages(matrix, place)}
    block = new_connector.SourceBlock(matrix.source.source, content)
    items = titles = None
    for name in matrix.product_types:
        asked = new_connector.Asked(
            place, matrix.locale, name, matrix.requirements, name.lower(), matrix.connection, block
        )
        if items is None or titles is None:
            items = new_connector.sample(asked, products) if look else []
            titles = new_connector.titles(asked, products) if look else {}
        described = new_connector.definition_of(asked, None, None)
        found[name] = new_connector.written(asked, described, items, titles, path)
    return found


def _languages(matrix: Matrix, place: Marketplace) -> list[str]:
    """Return those of the languages that the marketplace suggests, else all: `check` then warns of them."""
    suggested = [
        name
        for name, tag in language_tags(matrix.languages, place)
        if tag is not None and tag in place.languages
    ]
    return suggested or list(matrix.languages) or [place.languages[0][:2]]


def _selection(matrix: Matrix, product_type: str, made: Written) -> dict[str, Any]:
    """Return what tells which items are sold, and their SKUs; by the connector's type, not by its name."""
    import yaml

    settings = yaml.safe_load(made.text)[matrix.source.source]
    known = matrix.source.content.keys() | {"languages"}
    return {
        name: value.replace(f"'{product_type}'", "connector.product_type")
        for name, value in settings.items()
        if name not in known and isinstance(value, str)
    }


def _layer(matrix: Matrix, selection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the layer without its mapping."""
    source = matrix.source.source
    usual = _languages(matrix, matrix.places[0])
    amazon = {"connection": matrix.connection}
    if matrix.requirements != "LISTING":
        amazon["requirements"] = matrix.requirements
    layer: dict[str, Any] = {
        "mapping_locale": matrix.locale,
        "amazon": amazon,
        source: {**matrix.source.content, "languages": usual, **selection},
        "sync": {"operation": "test"},
    }
    overrides = [
        {"when": {"country": place.country}, source: {"languages": _languages(matrix, place)}}
        for place in matrix.places
        if _languages(matrix, place) != usual
    ]
    return layer | ({"overrides": overrides} if overrides else {})


def _document(matrix: Matrix, product_type: str, selection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a product type without its mapping."""
    countries = [place.country for place in matrix.places]
    document = {
        "extends": matrix.name,
        "for": {"country": countries, "product_type": product_type},
        "id": "{country}_{product_type}",
        "mapping_locale": matrix.locale,
    }
    return document | ({matrix.source.source: dict(selection)} if selection else {})


def _shared(mappings: Sequence[Sequence[StarterLine]]) -> list[StarterLine]:
    """Return the lines that the first mappings of several product types have in common."""
    first, *others = mappings
    if not others:
        return []
    common = set.intersection(*({_content(line) for line in lines} for lines in others))
    return [line for line in first if _content(line) in common]


def _content(line: StarterLine) -> tuple[str, str, bool]:
    return (line.key, repr(line.value), line.active)


@contextmanager
def _taken_back(folder: Path, texts: Mapping[Path, str]) -> Iterator[None]:
    """Delete the files again if they make connectors that cannot be used."""
    from amazon_listings.connectors import load_connectors

    wrong = {one.id for one in load_connectors(folder, {}).broken} if folder.exists() else set()
    yield
    broken = [one for one in load_connectors(folder, {}).broken if one.id not in wrong]
    if broken:
        for path in texts:
            path.unlink()
        end(broken[0].text)
