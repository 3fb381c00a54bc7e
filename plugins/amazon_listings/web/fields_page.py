"""The fields of a connector: what Amazon wants, what fills it, a draft of changes, and what they would do."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import yaml
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import call, connector_variables
from amazon_listings.authoring.coverage import lines_by_path
from amazon_listings.authoring.pim_fields import PimField, access, pim_fields
from amazon_listings.authoring.proposals import score, value_of, wanted
from amazon_listings.connectors.declaration import VARIABLE_PREFIX
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.drafts import (
    Draft,
    drop_draft,
    find_draft,
    keep_draft,
    publications_of,
    record_publication,
    refuse_changed,
)
from amazon_listings.ledger.issues import open_issues
from amazon_listings.ledger.item_states import count_states
from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.runs.map_fields import compiled
from amazon_listings.web.access import Editor, Reader, Visitor
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import stored_definitions_of
from amazon_listings.web.drafted import applied, connector_with, drafted, effect_of, sample, variable_text
from amazon_listings.web.item_page import shown
from amazon_listings.web.rendering import base_of, render, wording
from amazon_product_types.definition import ENGINE_MEMBERS
from amazon_product_types.matching import chain, normal

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.fields import Field

router = APIRouter()

Mark = Literal["mapped", "required", "conditional", "recommended", "optional"]
Kind = Literal["pim", "constant", "expression", "none"]
#: Items of a preview, items whose PIM fields are looked at, proposals and options shown.
PREVIEWED, LOOKED_AT, PROPOSED, OPTIONS = 20, 200, 3, 200
#: How well a PIM field must fit to be proposed.
LIKELY = 0.5


class Choice(BaseModel, frozen=True):
    """Which fields are listed, and which one is open."""

    q: str = ""
    show: str = ""
    field: str = ""
    attribute: str = ""


class Edit(BaseModel, frozen=True):
    """What fills a field: a PIM field, a constant, an expression, or nothing."""

    field: str
    kind: Kind = "expression"
    pim: str = ""
    constant: str = ""
    expression: str = ""
    revision: int = 0


class Revision(BaseModel, frozen=True):
    """The revision of the draft that the page shows."""

    revision: int = 0


@dataclass(frozen=True)
class FieldEntry:
    """A field in the list. `key` and `line` are the mapping line that fills it."""

    path: str
    label: str
    group: str
    requirement: str
    mark: Mark
    key: str
    line: int | None
    drafted: bool
    issues: int


@dataclass(frozen=True)
class Proposed:
    """A PIM field that may fill a field, with what speaks for it."""

    expression: str
    name: str
    titles: tuple[str, ...]
    filled: float
    values: tuple[str, ...]
    sure: float


@dataclass(frozen=True)
class Told:
    """An answer to a change: a sentence, and where to go on."""

    message: str
    next: str | None = None


@dataclass(frozen=True)
class _Fields:
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
        return self.draft.mapping if self.draft else {}

    @property
    def revision(self) -> int:
        return self.draft.revision if self.draft else 0


@router.get("/dags/{dag_id}/fields", response_class=HTMLResponse)
def page(request: Request, dag_id: str, visitor: Reader, choice: Annotated[Choice, Query()]) -> HTMLResponse:
    """Show the fields of a connector's product type, and what fills each."""
    words, one = wording(request), connector_of(dag_id)
    found = _fields_of(one, words)
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
    listed = entries(found, described)
    open_field = _open_field(described, listed, choice)
    detail = _detail(found, open_field) if open_field else {}
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
        entries=_narrowed(listed, choice),
        counts=Counter(entry.mark for entry in listed),
        field=open_field,
        found=found,
        may_edit=visitor.may_edit(dag_id),
        changed=[(key, one.mapping.get(key), value) for key, value in found.changes.items()],
        versions=publications_of(found.ledger, one.id),
        shown=_written,
        options=OPTIONS,
        detail=detail,
    )


@router.get("/api/dags/{dag_id}/fields")
def fields(
    request: Request, dag_id: str, visitor: Reader, choice: Annotated[Choice, Query()]
) -> list[FieldEntry]:
    """Return the fields of a connector's product type, and what fills each."""
    words = wording(request)
    found = _fields_of(connector_of(dag_id), words)
    if found is None:
        return []
    listed = entries(found, described_fields(found.definitions, words.messages.language))
    return _narrowed(listed, choice)


@router.post("/dags/{dag_id}/fields/preview", response_class=HTMLResponse)
def preview(request: Request, dag_id: str, visitor: Reader, edit: Edit) -> HTMLResponse:
    """Show what a value would make of products as they were read last; nothing is kept."""
    words, one = wording(request), connector_of(dag_id)
    found = _known(one, words)
    field = _field(found, edit.field)
    problem, rows = "", []
    try:
        changes = found.changes | {_key(found, field): _value(edit)}
        mapping = compiled(drafted(one, changes), found.definitions)
        for family in sample(found.ledger, found.key, PREVIEWED):
            siblings = [item["variant"] for item in family if item["variant"]]
            for item, made in applied(mapping, family):
                issues = [
                    issue
                    for issue in (*made.issues, *found.definitions.issues(made.attributes))
                    if issue.attribute == field.attribute
                ]
                traces = [
                    trace
                    for trace in mapping.explain(item, siblings=siblings)
                    if trace.path.split("/")[0] == field.attribute and trace.origin.field
                ]
                value = made.attributes.get(field.attribute)
                rows.append((item, [shown(trace.source) for trace in traces], _values(value), issues))
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    wrong = sum(any(issue.severity == "ERROR" for issue in row[3]) for row in rows)
    return render(request, "preview.html", words=words, problem=problem, rows=rows, wrong=wrong)


@router.post("/dags/{dag_id}/fields/draft")
def keep(request: Request, dag_id: str, visitor: Editor, edit: Edit) -> Told:
    """Keep a change in the draft, as far as its line can be compiled."""
    words, one = wording(request), connector_of(dag_id)
    found = _known(one, words)
    field = _field(found, edit.field)
    key, value = _key(found, field), _value(edit)
    changes = {name: was for name, was in found.changes.items() if name != key}
    if one.mapping.get(key) != value:
        changes[key] = value
    try:
        compiled(drafted(one, changes), found.definitions)
    except MappingErrors as error:
        mine = [fault for fault in error.faults if fault.line.key == key]
        if mine:
            raise HTTPException(422, "\n".join(f"{key}: {fault.problem}" for fault in mine)) from None
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    if changes or edit.revision:
        _refuse_stale(
            lambda: keep_draft(found.ledger, one.id, changes, revision=edit.revision, by=visitor.name), words
        )
    place = f"{base_of(request)}/dags/{quote(dag_id, safe='')}/fields?field={quote(edit.field, safe='')}"
    return Told(words.t("draft.kept"), place)


@router.post("/dags/{dag_id}/fields/discard")
def discard(request: Request, dag_id: str, visitor: Editor, seen: Revision) -> Told:
    """Throw the draft away."""
    words, one = wording(request), connector_of(dag_id)
    ledger = connections.ledger()
    _refuse_stale(lambda: drop_draft(ledger, one.id, revision=seen.revision), words)
    return Told(words.t("draft.discarded"))


@router.post("/dags/{dag_id}/fields/check")
def check(request: Request, dag_id: str, visitor: Reader, seen: Revision) -> Told:
    """Compile the draft, and say how many items it frees and how many it blocks."""
    words, one = wording(request), connector_of(dag_id)
    found = _known(one, words)
    count = sum(count_states(found.ledger, found.key).values())
    try:
        effect = effect_of(
            found.ledger,
            found.key,
            now=one,
            then=drafted(one, found.changes),
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
    return Told(sentence)


@router.post("/dags/{dag_id}/fields/publish")
async def publish(request: Request, dag_id: str, visitor: Editor, seen: Revision) -> Told:
    """Write the draft into the connector's Variable, through Airflow's API with the user's own rights."""
    words = wording(request)
    one, ledger, text = await run_in_threadpool(_to_publish, dag_id, seen.revision, words)
    await _write_variable(request, one, text, visitor=visitor, ledger=ledger, words=words)
    await run_in_threadpool(drop_draft, ledger, one.id, revision=seen.revision)
    return Told(words.t("draft.published"))


class Version(BaseModel, frozen=True):
    """A version that was published before."""

    number: int


@router.post("/dags/{dag_id}/fields/restore")
async def restore(request: Request, dag_id: str, visitor: Editor, version: Version) -> Told:
    """Write a version that was published before into the connector's Variable again."""
    words = wording(request)

    def chosen() -> tuple[Connector, Engine, str]:
        one, ledger = connector_of(dag_id), connections.ledger()
        known = publications_of(ledger, one.id, 1000)
        text = next((each.text_after for each in known if each.number == version.number), None)
        if text is None:
            raise HTTPException(404, "web.no_such_version")
        try:
            connector_with(one, text)
        except AmazonListingsError as error:
            raise HTTPException(422, error.worded(words.messages)) from None
        return one, ledger, text

    one, ledger, text = await run_in_threadpool(chosen)
    await _write_variable(request, one, text, visitor=visitor, ledger=ledger, words=words)
    return Told(words.t("version.restored"))


@router.get("/dags/{dag_id}/fields.yaml")
def export(request: Request, dag_id: str, visitor: Reader) -> Response:
    """Return the connector's whole document with its draft, as a file for git."""
    words, one = wording(request), connector_of(dag_id)
    draft = find_draft(connections.ledger(), one.id)
    try:
        then = drafted(one, draft.mapping if draft else {})
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    text = yaml.safe_dump(then.document, sort_keys=False, allow_unicode=True, width=110)
    headers = {"Content-Disposition": f'attachment; filename="{one.id}.yaml"'}
    return Response(text, media_type="application/yaml", headers=headers)


def entries(found: _Fields, described: tuple[Field, ...]) -> list[FieldEntry]:
    """Return the fields in the definition's order, each with what fills it."""
    lines = lines_by_path(found.mapping) if found.mapping else {}
    issues = Counter(
        known.issue.attribute
        for known in open_issues(found.ledger, found.key)
        if known.issue.severity == "ERROR"
    )
    listed = []
    for item in described:
        line = lines.get(item.path)
        if line is None and (item.hidden or (item.is_unit and item.unit is None)):
            continue
        listed.append(
            FieldEntry(
                path=item.path,
                label=chain(item.labels),
                group=item.group,
                requirement=item.requirement,
                mark=_mark(item, mapped=line is not None),
                key=line.key if line else "",
                line=line.number if line else None,
                drafted=line is not None and line.key in found.changes,
                issues=issues[item.attribute],
            )
        )
    return listed


@lru_cache(maxsize=32)
def described_fields(definitions: Definitions, language: str) -> tuple[Field, ...]:
    """Return the fields of a definition, their conditions in a language."""
    return tuple(definitions.fields(language))


def _fields_of(one: Connector, words: Wording) -> _Fields | None:
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id, one.id)
    definitions = stored_definitions_of(one, ledger, key)
    if definitions is None:
        return None
    draft = find_draft(ledger, one.id)
    then, mapping, problem = one, None, ""
    try:
        then = drafted(one, draft.mapping if draft else {})
        mapping = compiled(then, definitions)
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    return _Fields(one, key, ledger, definitions, draft, then, mapping, problem)


def _known(one: Connector, words: Wording) -> _Fields:
    found = _fields_of(one, words)
    if found is None:
        raise HTTPException(409, "web.no_definition")
    return found


def _field(found: _Fields, path: str) -> Field:
    field = next((each for each in found.definitions.index.fields if each.path == path), None)
    if field is None:
        raise HTTPException(404, "web.no_such_field")
    return field


def _key(found: _Fields, field: Field) -> str:
    """Return the key of the connector's own line for a field, or the key that such a line gets.

    A line of a layer may be labelled in another locale; a line of the connector's own replaces it.
    """
    line = lines_by_path(found.mapping).get(field.path) if found.mapping else None
    if line is not None and not line.file:
        return line.key
    place = field.path.rpartition(".")[0] if field.unit else field.path
    return found.definitions.index.name(place)


def _value(edit: Edit) -> Any:
    """Return the value of a mapping line that an edit means; None takes the line away."""
    if edit.kind == "none":
        return None
    if edit.kind == "pim":
        return f"{{{{ {access(edit.pim)} }}}}" if edit.pim else None
    text = edit.constant if edit.kind == "constant" else edit.expression
    if (
        edit.kind == "expression"
        and text.lstrip().startswith(("[", "- ", "{"))
        and not text.lstrip().startswith("{{")
    ):
        try:
            written = yaml.safe_load(text)
        except yaml.YAMLError:
            return text
        return written if isinstance(written, list | dict) else text
    return text.strip() or None


def _mark(item: Field, *, mapped: bool) -> Mark:
    if mapped:
        return "mapped"
    if item.requirement == "required" or item.needed_alone:
        return "required"
    return item.requirement if item.requirement in {"conditional", "recommended"} else "optional"  # type: ignore[return-value]


def _narrowed(listed: list[FieldEntry], choice: Choice) -> list[FieldEntry]:
    text = normal(choice.q)
    return [
        one
        for one in listed
        if (not text or text in normal(f"{one.label} {one.path} {one.key}"))
        and (
            choice.show in {"", one.mark}
            or (choice.show == "issues" and one.issues)
            or (choice.show == "draft" and one.drafted)
        )
    ]


def _open_field(described: tuple[Field, ...], listed: list[FieldEntry], choice: Choice) -> Field | None:
    by_path = {item.path: item for item in described}
    if choice.field in by_path:
        return by_path[choice.field]
    if choice.attribute:
        mine = [one for one in listed if by_path[one.path].attribute == choice.attribute]
        mine.sort(key=lambda one: (one.mark != "required", one.mark != "mapped"))
        if mine:
            return by_path[mine[0].path]
    first = next((one for one in listed if one.mark == "required"), listed[0] if listed else None)
    return by_path[first.path] if first else None


def _detail(found: _Fields, field: Field) -> dict[str, Any]:
    """Return what the form of a field shows: its value now, PIM fields, proposals."""
    lines = lines_by_path(found.mapping) if found.mapping else {}
    line = lines.get(field.path)
    key = _key(found, field)
    value = found.then.mapping.get(line.key) if line else None
    items = [item for family in sample(found.ledger, found.key, LOOKED_AT) for item in family]
    known = pim_fields(items)
    by_expression = {f"{{{{ {one.expression} }}}}": one for one in known if not one.series}
    kind: Kind = "expression"
    if value is None or (isinstance(value, str) and value in by_expression):
        kind = "pim"
    elif isinstance(value, str) and "{" not in value:
        kind = "constant"
    return {
        "key": key,
        "line": line.number if line else None,
        "file": line.file if line else "",
        "value": value,
        "kind": kind,
        "text": _written(value),
        "pim": by_expression[value].name if kind == "pim" and value is not None else "",
        "known": sorted(known, key=lambda one: one.name),
        "proposals": _proposals(field, known, found),
        "in_draft": key in found.changes,
    }


def _proposals(field: Field, known: list[PimField], found: _Fields) -> list[Proposed]:
    unit = next((one for one in found.definitions.index.fields if one.path == field.unit), None)
    asked = wanted(field)
    scored = sorted(
        ((score(asked, one), one.filled, one) for one in known), key=lambda each: (-each[0], -each[1])
    )
    proposals = []
    for sure, filled, one in scored[:PROPOSED]:
        if sure < LIKELY:
            continue
        value = value_of(unit, one, known).value
        proposals.append(
            Proposed(_written(value), one.name, tuple(one.titles), filled, tuple(one.texts[:3]), sure)
        )
    return proposals


def _written(value: Any) -> str:
    """Return a value of a mapping line as it is edited."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _values(elements: Any) -> list[str]:
    """Return the elements of an attribute as a person reads them, without what only selects them."""
    found = []
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, dict):
            kept = {name: value for name, value in element.items() if name not in ENGINE_MEMBERS}
            only = next(iter(kept.values())) if len(kept) == 1 else kept
            found.append(shown(only))
        else:
            found.append(shown(element))
    return found


def _refuse_stale(change: Any, words: Wording) -> None:
    """Change a draft; where another person did meanwhile, say who."""
    try:
        change()
    except AmazonListingsError as error:
        raise HTTPException(409, error.worded(words.messages)) from None


def _to_publish(dag_id: str, revision: int, words: Wording) -> tuple[Connector, Engine, str]:
    one, ledger = connector_of(dag_id), connections.ledger()
    draft = find_draft(ledger, one.id)
    if draft is None or draft.revision != revision:
        _refuse_stale(lambda: refuse_changed(ledger, one.id), words)
    changes = draft.mapping if draft else {}
    found = _known(one, words)
    try:
        compiled(drafted(one, changes), found.definitions)
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    return one, ledger, variable_text(one, changes)


async def _write_variable(
    request: Request, one: Connector, text: str, *, visitor: Visitor, ledger: Engine, words: Wording
) -> None:
    """Write a connector's Variable as the user, and enter who published what.

    Raises:
        HTTPException: Airflow refused.
    """
    name = f"{VARIABLE_PREFIX}{one.id}"
    before = (await run_in_threadpool(connector_variables)).get(name)
    body = {"key": name, "value": text, "description": words.t("variable.description", connector=one.title)}
    answer = await call(
        "PATCH" if before is not None else "POST",
        f"/variables/{name}" if before is not None else "/variables",
        request.headers,
        body,
    )
    if answer.status in {401, 403}:
        raise HTTPException(403, "web.variable_not_allowed")
    if answer.status >= 400:  # noqa: PLR2004 - what HTTP calls an error
        detail = answer.content.get("detail") if isinstance(answer.content, dict) else answer.content
        raise HTTPException(502, words.t("variable.refused", reason=json.dumps(detail)))
    await run_in_threadpool(record_publication, ledger, one.id, by=visitor.name, before=before, after=text)
