"""What would mend a cause: the proposed change, how many items it frees, and taking it into the draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from amazon_listings.authoring.mending import Mend, mend_of
from amazon_listings.authoring.pim_fields import pim_fields
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.connectors.drafts import keep_draft
from amazon_listings.ledger.items.causes import open_causes
from amazon_listings.ledger.items.states import count_states
from amazon_listings.web.access import Editor, Reader
from amazon_listings.web.configured import connector_of
from amazon_listings.web.drafts.drafted import drafted, effect_of, sample
from amazon_listings.web.drafts.drafted_fields import key_of, known_fields
from amazon_listings.web.drafts.publishing import refuse_stale
from amazon_listings.web.fields.field_detail import LOOKED_AT, written
from amazon_listings.web.items.issues_page import found_text
from amazon_listings.web.rendering import base_of, render, wording
from amazon_listings.web.told import Told

if TYPE_CHECKING:
    from amazon_listings.web.drafts.drafted import Effect
    from amazon_listings.web.drafts.drafted_fields import DraftedFields
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.validation.issue import Issue

router = APIRouter()

#: Who finds warnings that a replay of stored items finds too.
_REPLAYED = frozenset({"mapping", "schema"})


class Which(BaseModel, frozen=True):
    """A cause: the identity of its issues, their PIM field and their value."""

    identity: str
    pim_field: str = ""
    found: str = ""


@dataclass(frozen=True)
class _Mended:
    """A change for a cause; `cleared` are the warnings of it that go, None where that is not known."""

    fields: DraftedFields
    mend: Mend
    severity: str
    before: str
    after: str
    effect: Effect
    cleared: int | None


@router.get("/dags/{dag_id}/issues/mend", response_class=HTMLResponse)
def proposal(
    request: Request, dag_id: str, visitor: Reader, which: Annotated[Which, Query()]
) -> HTMLResponse:
    """Show the change that would free items of a cause, and how many, by replaying the stored ones."""
    words = wording(request)
    problem, found = "", None
    try:
        found = _mended(dag_id, which, words)
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    return render(
        request,
        "mend.html",
        words=words,
        dag_id=dag_id,
        which=which,
        found=found,
        problem=problem,
        may_edit=visitor.may_edit(dag_id),
    )


@router.post("/dags/{dag_id}/issues/mend")
def accept(request: Request, dag_id: str, visitor: Editor, which: Which) -> Told:
    """Take the change into the draft."""
    words = wording(request)
    try:
        found = _mended(dag_id, which, words)
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    if found is None:
        raise HTTPException(409, "web.mend.none")
    fields, mend = found.fields, found.mend
    changes = fields.changes | {mend.key: mend.value}
    refuse_stale(
        lambda: keep_draft(
            fields.ledger, fields.connector.id, changes, revision=fields.revision, by=visitor.name
        ),
        words,
    )
    place = f"{base_of(request)}/dags/{quote(dag_id, safe='')}/fields?show=draft"
    return Told(words.t("draft.kept"), place)


def _mended(dag_id: str, which: Which, words: Wording) -> _Mended | None:
    """Return the change for a cause with its effect; None where none is known."""
    one = connector_of(dag_id)
    fields = known_fields(one, words)
    same = (
        cause.issue
        for cause in open_causes(fields.ledger, [fields.key], ["ERROR", "WARNING"])
        if cause.identity == which.identity
        and (cause.issue.origin.field if cause.issue.origin else "") == which.pim_field
        and (not which.found or found_text(cause.issue, words.messages) == which.found)
    )
    issue = next(same, None)
    index = fields.definitions.index
    field = next(
        (each for each in index.fields if issue and each.attribute == issue.attribute and not each.is_unit),
        None,
    )
    if issue is None or field is None:
        return None
    key = issue.origin.key if issue.origin and issue.origin.field else ""
    items = [item for family in sample(fields.ledger, fields.key, LOOKED_AT) for item in family]
    value = fields.then.mapping.get(key)
    mend = mend_of(issue, key, value, index=index, known=pim_fields(items), name=key_of(fields, field))
    if mend is None or mend.value == fields.then.mapping.get(mend.key):
        return None
    effect = effect_of(
        fields.ledger,
        fields.key,
        now=fields.then,
        then=drafted(one, fields.changes | {mend.key: mend.value}, words.messages.language),
        definitions=fields.definitions,
        count=sum(count_states(fields.ledger, fields.key).values()),
    )
    return _Mended(
        fields,
        mend,
        issue.severity,
        written(fields.then.mapping.get(mend.key)),
        written(mend.value),
        effect,
        _cleared(issue, effect),
    )


def _cleared(issue: Issue, effect: Effect) -> int | None:
    """Return how many warnings of a cause go; None where it stops items, or a replay does not find them."""
    if issue.severity != "WARNING" or issue.source not in _REPLAYED:
        return None
    return effect.cleared.get(issue.identity, 0)
