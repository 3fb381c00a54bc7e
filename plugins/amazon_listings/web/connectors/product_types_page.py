"""The product types in use: their versions, what Amazon changed, and which fields and items that touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from amazon_listings.airflow_adapter import connections
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.errors import AmazonListingsError
from amazon_listings.remarks import sentences
from amazon_listings.watch.drift import stored_drift
from amazon_listings.watch.product_types import pairs
from amazon_listings.web.access import AnyUser, Reader, Visitor
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import last_note
from amazon_listings.web.items.items_page import readable_connectors
from amazon_listings.web.rendering import render, wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.notes import DefinitionsNote
    from amazon_listings.watch.drift import Drift

router = APIRouter()


@dataclass(frozen=True)
class UsedBy:
    """A connector that uses a product type."""

    id: str
    dag_id: str
    title: str


@dataclass(frozen=True)
class ProductTypeInUse:
    """A product type in a country, as connectors use it; without a version where no run has fetched it."""

    product_type: str
    country: str
    country_name: str
    locale: str
    requirements: str
    version: str
    fetched_at: datetime | None
    warnings: list[str]
    connectors: list[UsedBy]


@router.get("/product-types", response_class=HTMLResponse)
def page(request: Request, visitor: AnyUser) -> HTMLResponse:
    """Show the product types of the connectors that the user may read."""
    words = wording(request)
    return render(
        request,
        "product_types.html",
        words=words,
        page="product_types",
        visitor=visitor,
        found=in_use(visitor, words.messages),
    )


@router.get("/api/product-types")
def product_types(request: Request, visitor: AnyUser) -> list[ProductTypeInUse]:
    """Return the product types of the connectors that the user may read."""
    return in_use(visitor, wording(request).messages)


@router.get("/dags/{dag_id}/product-type", response_class=HTMLResponse)
def changes(request: Request, dag_id: str, visitor: Reader) -> HTMLResponse:
    """Show what Amazon changed in a connector's product type since the version before."""
    words, users = wording(request), _users_with(connector_of(dag_id), visitor)
    drift, problem = None, ""
    try:
        drift = _drift(users, words.messages.language)
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    return render(
        request,
        "product_type_changes.html",
        words=words,
        users={one.id: one for one in users},
        told=drift.to_json() if drift else None,
        problem=problem,
    )


@router.get("/api/dags/{dag_id}/product-type")
def changes_of(request: Request, dag_id: str, visitor: Reader) -> dict[str, Any] | None:
    """Return what Amazon changed in a connector's product type since the version before; null if nothing.

    Of the connectors that share it and that the user may read.
    """
    drift = _drift(_users_with(connector_of(dag_id), visitor), wording(request).messages.language)
    return drift.to_json() if drift else None


def _users_with(one: Connector, visitor: Visitor) -> list[Connector]:
    """Return a connector and those that work with the same definition, as far as the user may read them."""
    known = {each.id: each for each in readable_connectors(visitor)}
    shared = next((ids for ids in pairs(known.values()) if one.id in ids), [])
    return [one, *(known[name] for name in shared if name != one.id)]


def _drift(users: Sequence[Connector], language: str) -> Drift | None:
    ledger = connections.ledger()
    keys = keys_of(ledger)
    note = last_note(users[0], ledger, keys.get(users[0].id, users[0].id))
    if note is None:
        return None
    store = DefinitionStore(connections.storage() / "definitions")
    keyed = [replace(one, resolved_key=keys.get(one.id, one.id)) for one in users]
    return stored_drift(store, note.key, keyed, ledger, language=language)


def in_use(visitor: Visitor, messages: Catalogue) -> list[ProductTypeInUse]:
    """Return each product type that connectors share, by its name and country."""
    known = {one.id: one for one in readable_connectors(visitor)}
    ledger = connections.ledger()
    keys = keys_of(ledger)
    found = []
    for ids in pairs(known.values()):
        users = [known[name] for name in ids]
        notes = [note for one in users if (note := last_note(one, ledger, keys.get(one.id, one.id)))]
        newest = max(notes, key=lambda note: note.fetched_at, default=None)
        found.append(_in_use(users, newest, messages))
    return sorted(found, key=lambda one: (one.product_type, one.country, one.locale))


def _in_use(users: list[Connector], note: DefinitionsNote | None, messages: Catalogue) -> ProductTypeInUse:
    first = users[0]
    return ProductTypeInUse(
        product_type=first.amazon.product_type,
        country=first.marketplace.country,
        country_name=first.marketplace.name,
        locale=first.amazon.locale,
        requirements=first.amazon.requirements,
        version=note.version if note else "",
        fetched_at=datetime.fromisoformat(note.fetched_at) if note else None,
        warnings=sentences(note.warnings, messages) if note else [],
        connectors=[UsedBy(one.id, one.dag_id, one.title) for one in users],
    )
