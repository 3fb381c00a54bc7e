"""Command: keep what the mapping makes of real products as tests."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.connectors.commands import connectors_app
from amazon_listings.cli.inputs.configured import Folder, connector_of, declarations_in
from amazon_listings.cli.inputs.definitions import described
from amazon_listings.cli.output.refusals import messages, plain_errors, refuse, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors import Connector
    from amazon_listings.item import Item, Record


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the command belongs to `connectors`
    """Add this module's command to the group `connectors`."""
    connectors_app.command(name="keep-test")(keep_test)


def keep_test(
    connector_id: Annotated[str, typer.Argument(metavar="ID", help="The connector.")],
    skus: Annotated[list[str], typer.Argument(metavar="SKU...", help="Items, as they were read last.")],
    folder: Folder = None,
) -> None:
    """Write tests from real products into a connector's file: what the mapping makes of them now."""
    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.cli.mapping import tables_of
    from amazon_listings.fleet.kept_tests import kept_test, with_tests
    from amazon_listings.runs.map_fields import compiled

    with plain_errors():
        connector = connector_of(connector_id, folder, None)
        path = connector.where.path
        ledger = known_ledger()
        if path is None or ledger is None:
            refuse("cli.products_they_read_last")
        declared = declarations_in(folder, {})[connector.id].tests
        names = {test.get("name") for _, _, test in declared if isinstance(test, dict)}
        for sku in skus:
            if sku in names:
                refuse("tests.kept_before", name=sku, path=path)
        tables = tables_of(connector) if connector.tables else None
        mapping = compiled(connector, described(connector, None, None), tables)
        items = {item["sku"]: (item, siblings) for item, siblings in _items(ledger, connector, skus)}
        for sku in skus:
            if sku not in items:
                refuse("tests.no_item", sku=sku)
        tests = [kept_test(connector, mapping, *items[sku]) for sku in dict.fromkeys(skus)]
        before = path.read_text(encoding="utf-8")
        path.write_text(with_tests(before, tests), encoding="utf-8")
        _check(connector, skus, folder, path, before)
    say("tests.kept", count=len(tests), path=path)


def _items(ledger: Engine, connector: Connector, skus: Sequence[str]) -> Iterator[tuple[Item, list[Record]]]:
    """Yield the items of some SKUs as they were read last, each with the variants of its product."""
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.ledger.items.states import StateFilter, find_states

    key = find_key(ledger, connector.id, connector.was)
    if key is None:
        return
    named = find_states(ledger, key, StateFilter(skus=skus), contents=False)
    families = {state.family for state in named}
    if not families:
        return
    states = find_states(ledger, key, StateFilter(families=families))
    for _, members in groupby(states, key=lambda state: state.family):
        rows: list[Item] = [state.row for state in members if state.row is not None]  # type: ignore[misc]
        siblings = [row["variant"] for row in rows if row["variant"]]
        for row in rows:
            if row["sku"] in skus:
                yield row, siblings


def _check(connector: Connector, names: Sequence[str], folder: Path | None, path: Path, before: str) -> None:
    """Run the tests that were written; a file in which they do not pass is put back.

    Raises:
        ActionRequiredError: it was.
    """
    from amazon_listings.cli.mapping import tables_of
    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.fleet.mapping_tests import run_tests
    from amazon_listings.runs.map_fields import compiled

    try:
        now = connector_of(connector.id, folder, None)
        definition = described(now, None, None)
        mapping = compiled(now, definition, tables_of(now) if now.tables else None)
        indexes = [definition.index, *map(definition.index_in, now.mapping_locales)]
        results = run_tests(declarations_in(folder, {})[now.id], now, mapping, indexes, messages())
        passed = {one.name for one in results if one.passed}
        wrong = [name for name in names if name not in passed]
        reason = ", ".join(wrong)
    except (AmazonListingsError, SystemExit) as error:
        reason = str(error)
    if reason:
        path.write_text(before, encoding="utf-8")
        refuse("tests.not_kept", path=path, reason=reason)
