"""The fields of a connector: what Amazon wants, what fills it, a draft of changes, and what they would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from amazon_listings.airflow_adapter import connections
from amazon_listings.authoring.pim_fields import access, pim_fields
from amazon_listings.errors import AmazonListingsError
from amazon_listings.fleet.kept_tests import kept_test, with_tests
from amazon_listings.ledger.connectors.drafts import (
    count_publications,
    drop_draft,
    keep_draft,
    publications_of,
)
from amazon_listings.ledger.connectors.new import drop_new_connector
from amazon_listings.ledger.items.states import count_states
from amazon_listings.mapping.expressions.filters import FILTERS
from amazon_listings.mapping.expressions.places import pointed_at, wrong_place
from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.runs.extract.siblings import variants_of
from amazon_listings.runs.map_fields import compiled
from amazon_listings.web.access import Editor, Reader
from amazon_listings.web.configured import connector_of, new_connector_of
from amazon_listings.web.drafts.drafted import drafted, effect_of, family_of, sample
from amazon_listings.web.drafts.drafted_fields import (
    DraftedFields,
    drafted_fields,
    field_at,
    key_of,
    known_fields,
)
from amazon_listings.web.drafts.previewing import Previewed, previewed
from amazon_listings.web.drafts.publishing import Revision, refuse_stale, text_before_all
from amazon_listings.web.fields.changed_fields import changed_fields
from amazon_listings.web.fields.conditional import required_for
from amazon_listings.web.fields.field_detail import (
    LOOKED_AT,
    Edit,
    detail_of,
    table_rows,
    value_of_edit,
    written,
)
from amazon_listings.web.fields.field_list import (
    CHANGED,
    Choice,
    FieldEntry,
    described_fields,
    entries,
    narrowed,
    opened,
)
from amazon_listings.web.fields.versions import changed_lines
from amazon_listings.web.references import references_of
from amazon_listings.web.rendering import Wording, base_of, render, wording
from amazon_listings.web.told import Told
from amazon_product_types import json_pointer

router = APIRouter()

#: Versions on a page.
VERSIONS = 20
#: Options shown, and columns of an expression that is wrong.
OPTIONS, POINTED = 200, 34


@dataclass(frozen=True)
class Names:
    """What an expression can be completed with."""

    fields: list[str]
    formulas: list[str]


@router.get("/dags/{dag_id}/fields", response_class=HTMLResponse)
def page(request: Request, dag_id: str, visitor: Reader, choice: Annotated[Choice, Query()]) -> HTMLResponse:
    """Show the fields of a connector's product type, and what fills each."""
    words, one = wording(request), connector_of(dag_id)
    found = drafted_fields(one, words)
    if found is None:
        return render(
            request,
            "fields_none.html",
            words=words,
            page="connectors",
            connector=one,
            dag_id=dag_id,
            tab="fields",
        )
    described = described_fields(found.definitions, words.messages.language)
    changed = _changed(found, words, choice)
    listed = entries(found, described, changed)
    shown = narrowed(listed, choice)
    open_field = opened(described, shown if choice.show == CHANGED else listed, choice)
    detail = detail_of(found, open_field) if open_field else {}
    new = new_connector_of(dag_id)
    versions = publications_of(found.ledger, one.id, VERSIONS + 1, before=choice.versions_before)
    return render(
        request,
        "fields.html",
        words=words,
        page="connectors",
        visitor=visitor,
        connector=one,
        dag_id=dag_id,
        tab="fields",
        choice=choice,
        entries=shown,
        amazon_changed=changed.get(open_field.path, []) if open_field else [],
        counts=Counter(entry.mark for entry in listed),
        field=open_field,
        found=found,
        may_edit=visitor.may_edit(dag_id),
        changed=[(key, one.mapping.get(key), value) for key, value in found.changes.items()],
        versions=versions[:VERSIONS],
        version_count=count_publications(found.ledger, one.id),
        older_versions=versions[VERSIONS - 1].number if len(versions) > VERSIONS else None,
        changes_of=changed_lines,
        before_all=text_before_all(found.ledger, one),
        in_layers=any(json_pointer.below("/mapping", key) in one.where.files for key in found.changes),
        shown=written,
        options=OPTIONS,
        detail=detail,
        is_new=new is not None,
        without_products=new is not None and not new.items,
        may_publish=visitor.may_create_variables(),
    )


@router.get("/api/dags/{dag_id}/fields")
def fields(
    request: Request, dag_id: str, visitor: Reader, choice: Annotated[Choice, Query()]
) -> list[FieldEntry]:
    """Return the fields of a connector's product type, and what fills each."""
    words = wording(request)
    found = drafted_fields(connector_of(dag_id), words)
    if found is None:
        return []
    described = described_fields(found.definitions, words.messages.language)
    listed = entries(found, described, _changed(found, words, choice))
    return narrowed(listed, choice)


@router.get("/dags/{dag_id}/fields/table", response_class=HTMLResponse)
def table(request: Request, dag_id: str, visitor: Reader, field: str, table_pim: str = "") -> HTMLResponse:
    """Show the values of a PIM field, each with the option that stands for it."""
    words, one = wording(request), connector_of(dag_id)
    found = known_fields(one, words)
    wanted = field_at(found, field)
    rows = table_rows(found, wanted, table_pim) if table_pim else []
    return render(
        request, "table_rows.html", words=words, rows=rows, options=wanted.options, closed=not wanted.open
    )


@router.get("/dags/{dag_id}/fields/required", response_class=HTMLResponse)
def required(request: Request, dag_id: str, visitor: Reader, field: str) -> HTMLResponse:
    """Show for how many items a field is required that Amazon requires for some; a fragment of the page."""
    words, one = wording(request), connector_of(dag_id)
    found = known_fields(one, words)
    wanted = field_at(found, field)
    counted = required_for(found, found.mapping, wanted) if found.mapping else None
    return render(request, "required_for.html", words=words, counted=counted)


@router.get("/api/dags/{dag_id}/fields/names")
def names(request: Request, dag_id: str, visitor: Reader) -> Names:
    """Return what an expression can be completed with: PIM fields, and formulas."""
    found = known_fields(connector_of(dag_id), wording(request))
    items = [item for family in sample(found.ledger, found.key, LOOKED_AT) for item in family]
    known = sorted({one.name for one in pim_fields(items) if not one.series})
    return Names([access(name) for name in known], sorted(FILTERS))


@router.post("/dags/{dag_id}/fields/preview", response_class=HTMLResponse)
def preview(request: Request, dag_id: str, visitor: Reader, edit: Edit) -> HTMLResponse:
    """Show what a value would make of products as they were read last; nothing is kept."""
    words, one = wording(request), connector_of(dag_id)
    found = known_fields(one, words)
    field = field_at(found, edit.field)
    problem, pointed, shown, is_kept = "", "", Previewed([], 0, 0, [], []), False
    try:
        key, value = key_of(found, field), value_of_edit(edit)
        changes = found.changes | {key: value}
        is_kept = found.changes.get(key, one.mapping.get(key)) == value
        shown = previewed(
            found,
            compiled(drafted(one, changes, words.messages.language), found.definitions),
            field,
            value,
            words=words,
            chosen=references_of(edit.preview_skus),
        )
    except AmazonListingsError as error:
        problem, pointed = error.worded(words.messages), _pointed(edit)
    place = f"{base_of(request)}/dags/{quote(dag_id, safe='')}"
    return render(
        request,
        "preview.html",
        words=words,
        problem=problem,
        pointed=pointed,
        shown=shown,
        path=f"{place}/fields",
        pictures=f"{place}/picture",
        is_kept=is_kept,
    )


def _pointed(edit: Edit) -> str:
    """Return the line of an expression that is wrong, with a caret below the place."""
    value = value_of_edit(edit)
    found = wrong_place(value) if isinstance(value, str) else None
    return pointed_at(value, found, POINTED) if found else ""


@router.get("/dags/{dag_id}/fields/test.yaml")
def test_of(request: Request, dag_id: str, visitor: Reader, id: str) -> Response:  # noqa: A002 - the PIM's word
    """Return a test of what the mapping, with its draft, makes of an item: for the connector's file."""
    words, one = wording(request), connector_of(dag_id)
    found = known_fields(one, words)
    if found.mapping is None:
        raise HTTPException(422, found.problem)
    family = family_of(found.ledger, found.key, id)
    item = next((each for each in family if each["pim_id"] == id), None)
    if item is None:
        raise HTTPException(404, "web.no_such_item")
    test = kept_test(found.then, found.mapping, item, variants_of(family))
    headers = {"Content-Disposition": f'attachment; filename="{one.id}.tests.yaml"'}
    return Response(with_tests("", [test]).lstrip(), media_type="application/yaml", headers=headers)


@router.post("/dags/{dag_id}/fields/draft")
def keep(request: Request, dag_id: str, visitor: Editor, edit: Edit) -> Told:
    """Keep a change in the draft, as far as its line can be compiled."""
    words, one = wording(request), connector_of(dag_id)
    found = known_fields(one, words)
    field = field_at(found, edit.field)
    key, value = key_of(found, field), value_of_edit(edit)
    changes = {name: was for name, was in found.changes.items() if name != key}
    if one.mapping.get(key) != value:
        changes[key] = value
    try:
        compiled(drafted(one, changes, words.messages.language), found.definitions)
    except MappingErrors as error:
        mine = [fault for fault in error.faults if fault.line.key == key]
        if mine:
            said = [words.messages.phrase("said_of", about=key, said=fault.problem) for fault in mine]
            raise HTTPException(422, "\n".join(said)) from None
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    if changes or edit.revision:
        refuse_stale(
            lambda: keep_draft(found.ledger, one.id, changes, revision=edit.revision, by=visitor.name), words
        )
    place = f"{base_of(request)}/dags/{quote(dag_id, safe='')}/fields?field={quote(edit.field, safe='')}"
    return Told(words.t("draft.kept"), place)


@router.post("/dags/{dag_id}/fields/discard")
def discard(request: Request, dag_id: str, visitor: Editor, seen: Revision) -> Told:
    """Throw the draft away; with a connector that is being made, all of it."""
    words, one = wording(request), connector_of(dag_id)
    ledger = connections.ledger()
    new = new_connector_of(dag_id)
    refuse_stale(lambda: drop_draft(ledger, one.id, revision=seen.revision), words)
    if new is None:
        return Told(words.t("draft.discarded"))
    drop_new_connector(ledger, one.id)
    return Told(words.t("draft.discarded"), f"{base_of(request)}/")


@router.post("/dags/{dag_id}/fields/check")
def check(request: Request, dag_id: str, visitor: Reader, seen: Revision) -> Told:
    """Compile the draft, and say how many items it frees and how many it blocks."""
    words, one = wording(request), connector_of(dag_id)
    found = known_fields(one, words)
    count = sum(count_states(found.ledger, found.key).values())
    try:
        effect = effect_of(
            found.ledger,
            found.key,
            now=one,
            then=drafted(one, found.changes, words.messages.language),
            definitions=found.definitions,
            count=count,
        )
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    sentence = words.t(
        "check.effect", items=effect.items, freed=len(effect.freed), blocked=len(effect.blocked)
    )
    if effect.items < effect.of:
        sentence += " " + words.t("check.part", items=effect.items, of=effect.of)
    return Told(f"{sentence} {words.t('prediction.covers')}")


def _changed(found: DraftedFields, words: Wording, choice: Choice) -> dict[str, list[str]]:
    """Return what Amazon changed where that is asked: two definitions are compared for it."""
    if choice.show != CHANGED:
        return {}
    return changed_fields(found.connector, found.ledger, found.key, words.messages.language)
