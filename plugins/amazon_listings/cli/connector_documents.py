"""What `connectors check` has at hand of a connector: Amazon's definition and the PIM's fields."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from amazon_listings.authoring.connector_check import KnownFields
    from amazon_listings.cli.definitions import Described
    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.connectors.model import BrokenConnector, Connector

#: Items of files that are looked at for the names of their fields.
_ROWS = 1000


def checked(
    connector: Connector,
    declaration: Declaration,
    definition_file: Path | None = None,
    locale_definition_file: Path | None = None,
) -> tuple[BrokenConnector | None, list[str]]:
    """Check a connector against all that is at hand.

    Args:
        connector: The connector.
        declaration: What it was loaded from, to show the lines.
        definition_file: A definition instead of the stored one.
        locale_definition_file: The same with the labels of the connector's locale.

    Returns:
        The connector as broken, or None; and what could not be checked, in sentences.
    """
    from amazon_listings.authoring.connector_check import check_mapping
    from amazon_listings.cli.definitions import described
    from amazon_listings.connectors.message import broken_text
    from amazon_listings.connectors.model import BrokenConnector

    fields = _fields(connector)
    if definition_file is None:
        definition = _definition(connector)
    else:
        definition = described(connector, definition_file, locale_definition_file)
    found = check_mapping(connector, definition, fields)
    if found.problems:
        problems = sorted(found.problems, key=declaration.order)
        text = broken_text(connector.id, [declaration.entry(problem) for problem in problems])
        return BrokenConnector(connector.id, connector.where, text), []
    unchecked = []
    if definition is None:
        unchecked.append("keys and options; no run has fetched Amazon's definition yet")
    if fields is None:
        unchecked.append("the names of PIM fields; no run has read the PIM yet")
    elif found.unsure:
        unchecked.append(f"the PIM fields {', '.join(found.unsure)}; no run has asked for them yet")
    return None, unchecked


def _definition(connector: Connector) -> Described | None:
    from amazon_listings.cli.definitions import stored_definition
    from amazon_listings.errors import AmazonListingsError

    try:
        return stored_definition(connector)
    except (AmazonListingsError, OSError):
        return None


def _fields(connector: Connector) -> KnownFields | None:
    """The PIM's fields: of its files, where it is files; else of the items as they were read last."""
    return _fields_of_files(connector) or _fields_read(connector)


def _fields_of_files(connector: Connector) -> KnownFields | None:
    if connector.source.source != "files":
        return None
    from amazon_listings.authoring.connector_check import KnownFields
    from amazon_listings.cli.source_access import CommandAccess
    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.runs.field_names import FieldNames
    from amazon_listings.sources.extraction import open_source, read_items
    from amazon_listings.sources.selection import Selection

    names, count = FieldNames(), 0
    selection = Selection(statuses=("all",), languages=connector.pim_languages)
    try:
        for item in islice(read_items(open_source(connector.source, CommandAccess()), selection), _ROWS):
            names.see(item)
            count += 1
    except AmazonListingsError:
        return None  # a run says what is wrong with them
    return KnownFields(names.seen, complete=count < _ROWS) if names.seen else None


def _fields_read(connector: Connector) -> KnownFields | None:
    from amazon_listings.authoring.connector_check import KnownFields
    from amazon_listings.cli.ledger_access import known_ledger
    from amazon_listings.ledger.connectors import find_key
    from amazon_listings.ledger.item_states import find_states
    from amazon_listings.runs.field_names import FieldNames

    ledger = known_ledger()
    key = find_key(ledger, connector.id, connector.was) if ledger is not None else None
    if ledger is None or key is None:
        return None
    names, complete = FieldNames(), True
    for state in find_states(ledger, key):
        if state.row is not None:
            names.see(state.row)  # type: ignore[arg-type]  # an item, as it was kept
            complete = complete and not state.selected
    return KnownFields(names.seen, complete) if names.seen else None
