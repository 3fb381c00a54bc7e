"""A run's related tables: read at its start, kept in its folder, part of what decides its scope."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amazon_listings.runs.records import TABLES, TableRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder


def keep_tables(connector: Connector, found: Mapping[str, Mapping[str, Any]], folder: RunFolder) -> Connector:
    """Keep the tables in the run's folder.

    Args:
        connector: The connector.
        found: Its tables, as `sources.related_tables.read_tables` gives them.
        folder: The run's folder.

    Returns:
        The connector with a fingerprint that counts these rows: another row may change every payload.
    """
    if not found:
        return connector
    digest = hashlib.sha256()
    for name, by_language in found.items():
        digest.update(json.dumps([name, by_language], sort_keys=True, default=str).encode())
        records = (TableRows(language=language, rows=rows) for language, rows in by_language.items())
        folder.write(TABLES, f"{name}.jsonl", records)
    return replace(connector, document=connector.document | {"rows of tables": digest.hexdigest()})


def load_tables(connector: Connector, folder: RunFolder) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the tables that `keep_tables` kept, by name and language."""
    return {
        name: {one.language: one.rows for one in folder.read_any(TABLES, f"{name}.jsonl")}
        for name in connector.tables
    }
