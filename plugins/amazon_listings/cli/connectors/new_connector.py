"""What a new connector's file is made of: Amazon's definition, a sample of products, proposals."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from amazon_listings.cli.inputs.definitions import (
    Described,
    definition_file,
    definition_store,
    selling_partner,
)
from amazon_listings.cli.output.refusals import messages, refuse, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.authoring.coverage import Coverage
    from amazon_listings.authoring.starter import StarterLine
    from amazon_listings.connectors import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.sources.port import OpenedSource

#: Items looked at for proposals: enough to see what a field holds, and few enough to wait for.
SAMPLE = 500
#: A line that is added may make another one necessary.
_TRIES = 4
#: Products that are kept as tests, of so many that are looked at for it.
_LOOKED_AT = 20
_KEPT_AS_TESTS = 2


@dataclass
class SourceBlock:
    """The section of the new connector that says where its products come from."""

    source: str
    content: dict[str, Any]

    def open(self) -> OpenedSource:
        """Open the source with these settings and its defaults."""
        from amazon_listings.cli.inputs.source_access import CommandAccess
        from amazon_listings.connectors.schema import defaults
        from amazon_listings.sources.extraction import open_source
        from amazon_listings.sources.settings import settings_of

        return open_source(settings_of(self.source, defaults(self.source) | self.content), CommandAccess())


@dataclass
class Asked:
    """What the new connector is to be."""

    place: Marketplace
    locale: str
    product_type: str
    requirements: str
    connector_id: str
    connection: str
    source: SourceBlock


def definition_of(asked: Asked, definition: Path | None, locale_definition: Path | None) -> Described:
    """Return the definition: from files, or from Amazon and kept for the first run."""
    from amazon_listings.definitions.refresh import refresh_pair
    from amazon_listings.definitions.stored import DefinitionKey
    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import fields
    from amazon_product_types.labels import FieldIndex

    if definition is not None:
        document = definition_file(definition)
        labels = definition_file(locale_definition) if locale_definition else None
        known = fields(Definition(document, labels=labels))
        return Described(FieldIndex(known, requirements=asked.requirements), known, document, spoken())
    client = selling_partner(asked.connection, asked.place.country)
    key = DefinitionKey(
        asked.product_type,
        asked.place.id,
        requirements=asked.requirements,
        locale=asked.locale,
        seller_id=client.account.seller_id,
    )
    pair = refresh_pair(client, definition_store(), key, asked.place)
    return Described(pair.index, pair.index.fields, pair.validation.document, spoken())


def sample(asked: Asked, products: Path | None) -> list[Item]:
    """Some items of the connector's source, or of a file of items."""
    from amazon_listings.cli.mapping import items_in
    from amazon_listings.sources.extraction import read_items
    from amazon_listings.sources.selection import Selection

    if products is not None:
        return list(islice(items_in(products), SAMPLE))
    selection = Selection(languages=tuple(asked.source.content["languages"]))
    return list(islice(read_items(asked.source.open(), selection), SAMPLE))


def titles(asked: Asked, products: Path | None) -> dict[str, list[str]]:
    """Return what the PIM calls its fields, where it says so."""
    if products is not None:
        return {}
    return {field.name: list(field.titles) for field in asked.source.open().fields()}


@dataclass(frozen=True)
class Written:
    """A file as it would be written.

    Args:
        text: Its text.
        lines: The lines of its mapping.
        items: The items that the proposals were made from.
        measured: What the local checks say of the items as it maps them.
        tests: A few of the items, as tests; they stand in the text too.
    """

    text: str
    lines: list[StarterLine]
    items: Sequence[Item]
    measured: Coverage
    tests: list[dict[str, Any]]

    @property
    def about(self) -> str:
        """What the proposals were made from, in words."""
        return f"{len(self.items):,} items" if self.items else "no items: nothing is proposed"


def written(
    asked: Asked,
    described: Described,
    items: Sequence[Item],
    known_titles: dict[str, list[str]],
    path: Path,
) -> Written:
    """Write the text, run its result over the items, and write it again with what they turned out to need.

    A few items are kept in it as tests.

    Raises:
        ActionRequiredError: the text is no connector, or does not fit the definition.
    """
    from amazon_listings.fleet.kept_tests import with_tests

    lacking: frozenset[str] = frozenset()
    for _ in range(_TRIES):
        text, lines, chosen = _proposed(asked, described, items, known_titles, lacking)
        measured, tests = _measured(text, path, described, chosen)
        found = lacking | {one.path for one in measured.fields if one.lacking and not one.mapped}
        if found == lacking:
            break
        lacking = found
    return Written(with_tests(text, tests) if tests else text, lines, chosen, measured, tests)


def _proposed(
    asked: Asked,
    described: Described,
    items: Sequence[Item],
    known_titles: dict[str, list[str]],
    lacking: frozenset[str],
) -> tuple[str, list[StarterLine], Sequence[Item]]:
    """Return the file's text, its lines, and the items that the proposals were made from."""
    from amazon_listings.authoring.first_mapping import first_mapping
    from amazon_listings.authoring.starter_file import file_text

    made = first_mapping(
        asked.product_type,
        described.index,
        described.document,
        items,
        titles=known_titles,
        lacking=lacking,
    )
    source = asked.source.content | made.selection
    amazon = {
        "connection": asked.connection,
        "country": asked.place.country,
        "locale": asked.locale,
        "product_type": asked.product_type,
    }
    if asked.requirements != "LISTING":
        amazon["requirements"] = asked.requirements
    head = {
        "id": asked.connector_id,
        "amazon": amazon,
        asked.source.source: source,
        "sync": {"operation": "test"},
    }
    words = messages()
    about = words.phrase("new.items", count=len(made.items)) if made.items else words.phrase("new.no_items")
    remarks = [
        words.phrase("new.remark", about=about),
        words.phrase("new.safe"),
        words.phrase("new.defaults"),
    ]
    return file_text(head, _live_settings(), made.lines, remarks), made.lines, made.items


def _live_settings() -> dict[str, dict[str, Any]]:
    """Return what holds in a live run unless a connector says otherwise, by its block."""
    from amazon_listings.connectors.model import Approval, Guards, Sync

    sync = asdict(Sync())
    names = ("when_removed", "when_vanished", "partial")
    approval = {"policy": Approval().policy, "hours": Approval().hours}
    return {"sync": {name: sync[name] for name in names}, "approval": approval, "guards": asdict(Guards())}


def _measured(
    text: str, path: Path, described: Described, items: Sequence[Item]
) -> tuple[Coverage, list[dict[str, Any]]]:
    """Return what the local checks say of the items as a text maps them, and a few of these as tests.

    Raises:
        ActionRequiredError: it is no connector, or its mapping does not fit; the sentence says where.
    """
    from amazon_listings.authoring.coverage import coverage
    from amazon_listings.authoring.local_check import local_check
    from amazon_listings.cli.mapping import naming
    from amazon_listings.connectors import load_connectors
    from amazon_listings.mapping.expressions.failures import ExpressionError
    from amazon_listings.runs.extract.notations import ColumnSurvey
    from amazon_listings.runs.map_fields import compiled

    with TemporaryDirectory() as folder:
        trial = Path(folder) / "new.yaml"
        trial.write_text(text, encoding="utf-8")
        loaded = load_connectors(Path(folder), {})
    if loaded.broken:
        refuse("cli.nothing_written", replace=loaded.broken[0].text.replace(str(trial), str(path)))
    connector = loaded.connectors[0]
    name = naming(connector)
    for item in items:
        with suppress(ExpressionError):  # a run tells why
            name(item)
    mapping = compiled(connector, described, columns=ColumnSurvey().see_all(items).columns)
    check = local_check(described.document, language=described.language)
    return coverage(described.fields, mapping, items, check), _tests(connector, mapping, items)


def _tests(connector: Connector, mapping: FieldMapping, items: Sequence[Item]) -> list[dict[str, Any]]:
    """Some items as tests, those of which the mapping makes most."""
    from amazon_listings.fleet.kept_tests import kept_test

    named = [item for item in items if item["sku"]][:_LOOKED_AT]
    made = [kept_test(connector, mapping, item) for item in named]
    made = [test for test in made if test["expect"]]
    return sorted(made, key=lambda test: -len(test["expect"]))[:_KEPT_AS_TESTS]
