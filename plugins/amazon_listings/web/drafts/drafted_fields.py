"""A connector with its draft, compiled as far as that goes, and the field that a page is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from amazon_listings.airflow_adapter import connections
from amazon_listings.authoring.coverage import lines_by_path
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.connectors.drafts import Draft, find_draft
from amazon_listings.web.configured import keys_of
from amazon_listings.web.described import mapping_of, stored_definitions_of
from amazon_listings.web.drafts.drafted import drafted

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.fields import Field


@dataclass(frozen=True)
class DraftedFields:
    """A connector with its draft, compiled as far as that goes."""

    connector: Connector
    key: str
    ledger: Engine
    definitions: Definitions
    draft: Draft | None
    then: Connector
    mapping: FieldMapping | None
    problem: str

    @property
    def changes(self) -> dict[str, Any]:
        """Return the lines that the draft changes."""
        return self.draft.mapping if self.draft else {}

    @property
    def revision(self) -> int:
        """Return the draft's revision; 0 where there is none."""
        return self.draft.revision if self.draft else 0


def drafted_fields(one: Connector, words: Wording) -> DraftedFields | None:
    """Return a connector with its draft; None where no definition has been fetched."""
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id, one.id)
    definitions = stored_definitions_of(one, ledger, key)
    if definitions is None:
        return None
    draft = find_draft(ledger, one.id)
    then, mapping, problem = one, None, ""
    try:
        then = drafted(one, draft.mapping if draft else {}, words.messages.language)
        mapping = mapping_of(then, definitions)
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    return DraftedFields(one, key, ledger, definitions, draft, then, mapping, problem)


def known_fields(one: Connector, words: Wording) -> DraftedFields:
    """Return a connector with its draft.

    Raises:
        HTTPException: 409, no definition has been fetched.
    """
    found = drafted_fields(one, words)
    if found is None:
        raise HTTPException(409, "web.no_definition")
    return found


def field_at(found: DraftedFields, path: str) -> Field:
    """Return the field at a path.

    Raises:
        HTTPException: 404, the product type has none.
    """
    field = next((each for each in found.definitions.index.fields if each.path == path), None)
    if field is None:
        raise HTTPException(404, "web.no_such_field")
    return field


def key_of(found: DraftedFields, field: Field) -> str:
    """Return the key of the connector's own line for a field, or the key that such a line gets.

    A line of a layer may be labelled in another locale; a line of the connector's own replaces it.
    """
    line = lines_by_path(found.mapping).get(field.path) if found.mapping else None
    if line is not None and not line.file:
        return line.key
    place = field.path.rpartition(".")[0] if field.unit else field.path
    return found.definitions.index.name(place)
