"""What stays at Amazon of a listing that is asked about: the values that the question does not touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from amazon_listings.airflow_adapter import connections
from amazon_listings.approvals.asked_changes import changes_of
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.ledger.items.known import owned_contents
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.selling_partner.content.leaves import amazon_defaults, compare, same_leaf, split
from amazon_listings.web.access import Reader
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import stored_definitions_of
from amazon_listings.web.items.item_page import held_at_amazon
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.shopper import shown
from amazon_listings.web.waiting import within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.approvals.progress import Approval, State
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.plan import Change
    from amazon_listings.selling_partner.content.leaves import Difference, Layout

router = APIRouter()


@dataclass(frozen=True)
class LeftValue:
    """A value at Amazon that is not asked about; `ours` is what the mapping makes of it, None if nothing."""

    label: str
    place: str
    value: str
    ours: str | None


@router.get("/dags/{dag_id}/approvals/left", response_class=HTMLResponse)
def left(request: Request, dag_id: str, sku: str, visitor: Reader) -> HTMLResponse:
    """Show what Amazon has of a listing beside what is asked, as a fragment of the page of approvals."""
    one, words = connector_of(dag_id), wording(request)
    if not visitor.may_use_connection(one.amazon.connection):
        raise HTTPException(403, "web.connection_not_allowed")
    row, known, wanted = _asked(one, sku)
    listings = ListingScope(row.connector_key, row.seller_id, row.marketplace_id, row.product_type)
    problem, held = "", None
    try:
        held = within(lambda: held_at_amazon(one, sku))
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    differences = left_alone(
        changes_of(row),
        held.attributes if held else {},
        wanted,
        owned_contents(connections.ledger(), listings, [sku]).get(sku, {}),
        layout=known.layout,
        defaults=amazon_defaults(one.marketplace),
    )
    values = [
        LeftValue(
            known.labels.get(each.leaf.attribute, each.leaf.attribute),
            str(each.leaf),
            shown(each.before, words.messages),
            None if each.after is None else shown(each.after, words.messages),
        )
        for each in differences
    ]
    return render(request, "approval_left.html", words=words, problem=problem, held=held, left=values)


def left_alone(
    changes: Iterable[Change],
    held: Mapping[str, Any],
    wanted: Mapping[str, Any],
    owned: Mapping[str, Any],
    *,
    layout: Layout,
    defaults: Mapping[str, Any],
) -> Iterator[Difference]:
    """Yield the leaves of a listing that others wrote, or changed, and that a question does not touch.

    Args:
        changes: The changes in question.
        held: The attributes that Amazon has.
        wanted: Those that the mapping makes.
        owned: Those that were last accepted of the connector; what it does not make any more, it takes away.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
    """
    asked = {change.leaf for change in changes}
    ours = split(owned, layout, defaults)
    for each in compare(held, wanted, layout, defaults):
        is_other = each.before is not None and not same_leaf(each.leaf, each.before, each.after, defaults)
        goes = each.after is None and each.leaf in ours
        if is_other and not goes and each.leaf not in asked:
            yield each


def _asked(one: Connector, sku: str) -> tuple[Approval, Definitions, Mapping[str, Any]]:
    """Return what is asked about a listing, its definitions, and the attributes that the mapping makes.

    Raises:
        HTTPException: 404, no change of it is asked about; 409, no definition has been fetched.
    """
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id, one.id)
    states: tuple[State, ...] = ("asked",)
    where = ApprovalFilter(connectors=(key,), skus=(sku,), states=states)
    row = next(find_approvals(ledger, where, changes=True), None)
    if row is None or row.kind != "change":
        raise HTTPException(404, "web.no_such_item")
    known = stored_definitions_of(one, ledger, key)
    if known is None:
        raise HTTPException(409, "web.no_definition")
    state = next(find_states(ledger, key, StateFilter(skus=[sku])), None)
    return row, known, (state.attributes if state else None) or {}
