"""The published versions of a connector: who changed what, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from amazon_listings.airflow_adapter import connections
from amazon_listings.ledger.connectors.drafts import Publication, publications_of
from amazon_listings.web.access import Reader
from amazon_listings.web.configured import connector_of
from amazon_listings.web.fields.field_detail import written

router = APIRouter()

#: Versions that the API gives.
MOST = 1000


@dataclass(frozen=True)
class ChangedLine:
    """A line of a mapping, or another setting, before and after; empty where it was not set."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class PublishedVersion:
    """A version of a connector's Variable that was published from the workbench."""

    number: int
    published_at: datetime
    published_by: str
    changes: list[ChangedLine]


@router.get("/api/dags/{dag_id}/fields/versions")
def versions(dag_id: str, visitor: Reader) -> list[PublishedVersion]:
    """Return the published versions of a connector with what each changed, the newest first."""
    known = publications_of(connections.ledger(), connector_of(dag_id).id, MOST)
    return [
        PublishedVersion(one.number, one.published_at, one.published_by, changed_lines(one)) for one in known
    ]


def changed_lines(one: Publication) -> list[ChangedLine]:
    """Return what a version changed, line by line of the mapping, then other settings."""
    before, after = _lines(one.text_before), _lines(one.text_after)
    return [
        ChangedLine(key, written(before.get(key)), written(after.get(key)))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def _lines(text: str | None) -> dict[str, Any]:
    """Return the lines of a Variable's mapping, and its other settings; of what is no object, its text."""
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {"": text}
    if not isinstance(document, dict):
        return {"": text}
    mapping = document.pop("mapping", None)
    return {**(mapping if isinstance(mapping, dict) else {}), **document}
