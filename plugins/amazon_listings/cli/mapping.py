"""Commands: what a mapping makes of products."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from amazon_listings.cli.inputs.configured import Folder, Variables, connector_of
from amazon_listings.cli.inputs.definitions import described
from amazon_listings.cli.output.refusals import Language, messages, plain_errors, refuse, say, speak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amazon_listings.connectors import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping


Products = Annotated[
    Path | None, typer.Option(help="JSON Lines of items (a run's extract) instead of the PIM.")
]
Definition = Annotated[Path | None, typer.Option(help="File of a definition instead of the connector's.")]
Labels = Annotated[Path | None, typer.Option(help="The same in the connector's locale: its labels.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command(name="map")(map_items)


def map_items(
    *,
    connector: Annotated[str, typer.Option(help="Id of the connector.")],
    sku: Annotated[list[str] | None, typer.Option(help="Only this SKU; may be repeated.")] = None,
    products: Products = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="The products as they were read last, instead of the PIM.")
    ] = False,
    definition: Definition = None,
    locale_definition: Labels = None,
    folder: Folder = None,
    variables: Variables = None,
    explain: Annotated[
        bool, typer.Option(help="Show for each value its line, PIM field, PIM value and rule.")
    ] = False,
    language: Language = None,
) -> None:
    """Print the payloads a connector makes, one JSON line each; issues go to stderr."""
    from amazon_listings.runs.extract.field_names import FieldNames
    from amazon_listings.runs.extract.notations import ColumnSurvey
    from amazon_listings.runs.map_fields import compiled

    with plain_errors():
        found = connector_of(connector, folder, variables)
        spoken = speak(language, connector=found)
        judging = replace(described(found, definition, locale_definition), language=spoken)
        names, shown = FieldNames(), 0
        read = stored_items_of(found) if stored else items_of(found, products)
        if read is None:
            refuse("cli.products_they_read_last")
        items = list(read)  # what a column shows is known once all are read
        columns = ColumnSurvey().see_all(items).columns
        mapping = compiled(found, judging, tables_of(found), columns=columns)
        for _, members in groupby(items, key=lambda item: item["group"]):
            family = list(members)
            for item in family:
                names.see(item)
            shown += _show(mapping, family, set(sku or ()), explain=explain)
        for one in names.unknown(found, everything=True):
            warning = messages().phrase("severity.WARNING")
            say("said_of", err=True, about=warning, said=one.problem)
        if not shown:
            refuse("cli.no_product_of_sku" if sku else "cli.no_product", skus=", ".join(sku or ()))


def stored_items_of(connector: Connector) -> Iterator[Item] | None:
    """Return the connector's items as they were read last.

    Returns None if they are not known, or lack what it needs.
    """
    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.runs.finish.item_states import stored_items

    ledger = known_ledger()
    key = find_key(ledger, connector.id, connector.was) if ledger is not None else None
    return None if ledger is None or key is None else stored_items(ledger, key, connector)


def tables_of(connector: Connector) -> dict[str, Any]:
    """Return the rows of the connector's related tables."""
    from amazon_listings.cli.inputs.source_access import CommandAccess
    from amazon_listings.sources.extraction import open_source
    from amazon_listings.sources.related_tables import read_tables

    return read_tables(
        connector.tables, lambda: open_source(connector.source, CommandAccess()), connector.pim_languages
    )


def items_of(connector: Connector, products: Path | None) -> Iterator[Item]:
    """Yield the items as an extract gives them: in the connector's filter, with their SKU."""
    from amazon_listings.mapping.expressions.compiled import compile_expression
    from amazon_listings.mapping.expressions.failures import ExpressionError

    language = next(iter(dict(connector.language_tags)), "")
    name = naming(connector)
    wanted = compile_expression(connector.source.filter) if connector.source.filter else None
    for item in items_in(products) if products else _from_pim(connector):
        try:
            if products is None and wanted is not None and not wanted(item, language, connector.facts):
                continue
            name(item)
        except ExpressionError as error:
            say("map.item_failed", err=True, item=item["pim_id"], error=error)
            continue
        yield item


def naming(connector: Connector) -> Callable[[Item], None]:
    """Return what gives an item without a SKU the one that the connector makes, as an extract does.

    An `ExpressionError` of the item is raised.
    """
    from amazon_listings.mapping.expressions.compiled import compile_expression

    language = next(iter(dict(connector.language_tags)), "")
    sku = compile_expression(connector.source.sku)

    def name(item: Item) -> None:
        if not item.get("sku"):
            found = sku(item, language, connector.facts)
            item["sku"] = None if found is None or found == "" else str(found)

    return name


def items_in(path: Path) -> Iterator[Item]:
    """Yield the items of a file of JSON Lines."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _item(line, f"{path}, line {number},")
    except (OSError, UnicodeDecodeError) as error:
        refuse("cli.file_unreadable", path=path, reason=error)


def _item(line: str, place: str) -> Item:
    try:
        item = json.loads(line)
    except ValueError as error:
        refuse("cli.line_not_json", place=place, reason=error)
    if not isinstance(item, dict) or not {"pim_id", "group", "product", "variant"} <= item.keys():
        refuse("cli.not_an_item", place=place)
    return cast("Item", {"sku": None, **item})


def _from_pim(connector: Connector) -> Iterable[Item]:
    from amazon_listings.cli.inputs.source_access import CommandAccess
    from amazon_listings.sources.extraction import open_source, read_items
    from amazon_listings.sources.selection import Selection

    source = connector.source
    selection = Selection(statuses=source.statuses, languages=connector.pim_languages)
    return read_items(open_source(source, CommandAccess()), selection)


def _show(mapping: FieldMapping, family: list[Item], wanted: set[str], *, explain: bool) -> int:
    """Print the items of one product; returns how many."""
    from amazon_listings.runs.extract.siblings import variants_of

    siblings = variants_of(family)
    shown = 0
    for item in mapping.expand_family(family):
        if wanted and item["sku"] not in wanted:
            continue
        shown += 1
        mapped = mapping.apply(item, siblings=siblings)
        print(json.dumps({"sku": item["sku"], "attributes": mapped.attributes}, ensure_ascii=False))
        for issue in mapped.issues:
            parts = [messages().phrase(f"severity.{issue.severity}"), issue.message, issue.action]
            if issue.origin and issue.origin.line:
                parts.append(
                    messages().phrase("map.issue_line", line=issue.origin.line, key=issue.origin.key)
                )
            typer.echo(f"{item['sku']}: {' '.join(filter(None, parts))}", err=True)
        if explain:
            for made in mapping.explain(item, siblings=siblings):
                print(f"  {made.path} = {_json(made.value)}")
                print(f"      {_because(made)}")
    return shown


def _because(made: Any) -> str:
    origin = made.origin
    words = messages()
    key = words.quoted(origin.key)
    parts = [words.phrase("map.line", line=origin.line, key=origin.key) if origin.line else key]
    if origin.field:
        facts = {"field": origin.field, "language": origin.language, "value": _json(made.source)}
        parts.append(words.phrase("map.field_in" if origin.language else "map.field", **facts))
    parts.append(made.rule)
    return ", ".join(parts)


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:119] + "…"  # noqa: PLR2004 - a line of a terminal
