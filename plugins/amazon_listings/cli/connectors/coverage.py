"""Command: how much of its product type a connector's mapping fills."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.connectors.commands import connectors_app
from amazon_listings.cli.inputs.configured import Folder, Variables, connector_of
from amazon_listings.cli.inputs.definitions import described
from amazon_listings.cli.output.refusals import messages, plain_errors, speak

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.authoring.coverage import Coverage, Covered
    from amazon_listings.connectors import Connector
    from amazon_listings.item import Item


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the command belongs to `connectors`
    """Add this module's command to the group `connectors`."""
    connectors_app.command(name="coverage")(show_coverage)


def show_coverage(
    connector: Annotated[str, typer.Argument(metavar="ID", help="Id of the connector.")],
    *,
    products: Annotated[
        Path | None,
        typer.Option(help="JSON Lines of items; else the products as they were read last, or the PIM."),
    ] = None,
    definition: Annotated[
        Path | None, typer.Option(help="File of a definition instead of the connector's.")
    ] = None,
    locale_definition: Annotated[
        Path | None, typer.Option(help="The same in the connector's locale: its labels.")
    ] = None,
    missing: Annotated[bool, typer.Option(help="Only fields that are not mapped.")] = False,
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which fields a connector maps, by level of requirement, and how many products have a value."""
    from amazon_listings.authoring.coverage import coverage
    from amazon_listings.authoring.local_check import local_check
    from amazon_listings.cli.mapping import tables_of
    from amazon_listings.runs.extract.notations import ColumnSurvey
    from amazon_listings.runs.map_fields import compiled

    with plain_errors():
        found = connector_of(connector, folder, variables)
        speak(connector=found)
        known = described(found, definition, locale_definition)
        origin, items = _items(found, products)
        columns = ColumnSurvey().see_all(items).columns
        mapping = compiled(found, known, tables_of(found), columns=columns)
        check = local_check(known.document, without=found.rules_off.keys(), language=known.language)
        measured = coverage(known.fields, mapping, items, check)
    if as_json:
        document = {"connector": connector, "source": origin or str(products), **measured.to_dict()}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for line in _table(measured, origin, products, missing=missing):
        print(line)


def _items(connector: Connector, products: Path | None) -> tuple[str, list[Item]]:
    """Return where the items come from, `kept` or `pim` or empty for a file, and the items."""
    from amazon_listings.cli.mapping import items_of, stored_items_of

    stored = stored_items_of(connector) if products is None else None
    if stored is not None:
        return "kept", list(stored)
    return "" if products else "pim", list(_in_scope(connector, items_of(connector, products)))


def _in_scope(connector: Connector, items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items that the connector's filter lets through."""
    from amazon_listings.mapping.expressions.compiled import compile_expression
    from amazon_listings.mapping.expressions.failures import ExpressionError

    wanted = compile_expression(connector.source.filter) if connector.source.filter else None
    language = next(iter(dict(connector.language_tags)), "")
    for item in items:
        with suppress(ExpressionError):
            if wanted is None or wanted(item, language, connector.facts):
                yield item


def _table(measured: Coverage, origin: str, products: Path | None, *, missing: bool) -> Iterator[str]:
    yield messages().phrase(f"coverage.items_{origin or 'of'}", count=measured.items, source=products)
    if not measured.items:
        yield messages().phrase("coverage.no_items")
    else:
        yield from verdict(measured)
    for level, (mapped, count) in measured.levels().items():
        name = messages().phrase(f"condition.{level}")
        yield ""
        yield messages().phrase("coverage.level", level=name, mapped=mapped, count=count)
        for one in measured.fields:
            if one.level == level and not (missing and one.mapped):
                yield from _row(measured, one)


def verdict(measured: Coverage) -> Iterator[str]:
    """Say what a test would say before it asks Amazon: how many items pass, and what is in the way."""
    from amazon_listings.cli.output.tables import clean

    words = messages()
    yield words.phrase("coverage.passing", passing=measured.passing, items=measured.items)
    for of_mapping, title in ((True, "coverage.in_mapping"), (False, "coverage.in_pim")):
        troubles = [one for one in measured.troubles if one.of_mapping is of_mapping]
        if troubles:
            yield words.phrase(title)
        for one in troubles:
            facts = {"count": one.items, "items": measured.items, "sentence": one.message}
            yield clean(f"  {words.phrase('coverage.mistake', example=one.example, **facts)}")


def _row(measured: Coverage, one: Covered) -> Iterator[str]:
    from amazon_listings.cli.output.tables import clean

    share = measured.share(one)
    place = messages().phrase("coverage.mapped") if one.mapped else "-"
    if one.line:
        place = messages().phrase("coverage.line", line=one.line)
    value = messages().value(share, "percent") if share is not None and one.mapped else "-"
    yield clean(f"  {place:10} {value:>6}  {one.label}  {one.path}")
    if one.lacking:
        lacking = messages().phrase("coverage.lacking", count=one.lacking, items=measured.items)
        yield clean(f"  {'':19}{lacking}")
    if one.condition and not one.mapped and (one.needed_alone or one.requirement == "conditional"):
        yield clean(f"  {'':19}{one.condition}")
