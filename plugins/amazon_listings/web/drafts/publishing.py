"""Publish a draft: the connector's Variable, written as the user, its versions, and the file for git."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import yaml
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import call, connector_variables
from amazon_listings.connectors.texts import VARIABLE_PREFIX
from amazon_listings.errors import AmazonListingsError
from amazon_listings.fleet.mapping_patch import difference, with_lines
from amazon_listings.ledger.connectors.drafts import (
    drop_draft,
    find_draft,
    find_publication,
    first_publication,
    record_publication,
    refuse_changed,
)
from amazon_listings.ledger.connectors.new import drop_new_connector, find_new_connector
from amazon_listings.messages import log_line
from amazon_listings.runs.map_fields import compiled
from amazon_listings.settings import settings
from amazon_listings.web.access import Editor, Reader, Visitor
from amazon_listings.web.configured import connector_of, new_connector_of
from amazon_listings.web.drafts.drafted import connector_with, drafted, variable_text
from amazon_listings.web.drafts.drafted_fields import known_fields
from amazon_listings.web.references import Number
from amazon_listings.web.rendering import base_of, wording
from amazon_listings.web.told import Told
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.web.rendering import Wording

router = APIRouter()

log = logging.getLogger(__name__)

#: The number of the state before anything was published.
BEFORE_ALL = 0
#: What Airflow answers where a Variable to change is gone, or one to create is there.
_MEANWHILE = frozenset({404, 409})


class Revision(BaseModel, frozen=True):
    """The revision of the draft that the page shows."""

    revision: Number = 0


@router.post("/dags/{dag_id}/fields/publish")
async def publish(request: Request, dag_id: str, visitor: Editor, seen: Revision) -> Told:
    """Write the draft into the connector's Variable, through Airflow's API with the user's own rights."""
    words = wording(request)
    one, ledger, text = await run_in_threadpool(_to_publish, dag_id, seen.revision, words)
    await _write_variable(request, one, text, visitor=visitor, ledger=ledger, words=words)
    new = await run_in_threadpool(find_new_connector, ledger, one.id)
    await run_in_threadpool(drop_draft, ledger, one.id, revision=seen.revision)
    if new is None:
        return Told(words.t("draft.published"))
    await run_in_threadpool(drop_new_connector, ledger, one.id)
    place = f"{base_of(request)}/activity?dag={quote(dag_id, safe='')}"
    return Told(words.t("draft.published"), place)


class Version(BaseModel, frozen=True):
    """A version that was published before; 0 is what was there before anything was published."""

    number: Number


@router.post("/dags/{dag_id}/fields/restore")
async def restore(request: Request, dag_id: str, visitor: Editor, version: Version) -> Told:
    """Write a version that was published before into the connector's Variable again."""
    words = wording(request)

    def chosen() -> tuple[Connector, Engine, str]:
        one, ledger = connector_of(dag_id), connections.ledger()
        if version.number == BEFORE_ALL:
            text = text_before_all(ledger, one)
        else:
            found = find_publication(ledger, one.id, version.number)
            text = None if found is None else found.text_after
        if text is None:
            raise HTTPException(404, "web.no_such_version")
        try:
            connector_with(one, text, words.messages.language)
        except AmazonListingsError as error:
            raise HTTPException(422, error.worded(words.messages)) from None
        return one, ledger, text

    one, ledger, text = await run_in_threadpool(chosen)
    await _write_variable(request, one, text, visitor=visitor, ledger=ledger, words=words)
    return Told(words.t("version.restored"))


def text_before_all(ledger: Engine, one: Connector) -> str | None:
    """Return the text of a connector's Variable before anything was published; None if there was none.

    A file that had no Variable over it is brought back by one that changes nothing: those who may publish
    may write Variables, and not always delete them.
    """
    first = first_publication(ledger, one.id)
    if first is None or (first.text_before is None and one.where.path is None):
        return None
    return first.text_before or "{}"


@router.get("/dags/{dag_id}/fields.yaml")
def export(request: Request, dag_id: str, visitor: Reader) -> Response:
    """Return the connector's whole document with its draft, as a file for git."""
    words, one = wording(request), connector_of(dag_id)
    draft = find_draft(connections.ledger(), one.id)
    try:
        then = drafted(one, draft.mapping if draft else {}, words.messages.language)
    except AmazonListingsError as error:
        raise HTTPException(422, error.worded(words.messages)) from None
    text = yaml.safe_dump(then.document, sort_keys=False, allow_unicode=True, width=110)
    headers = {"Content-Disposition": f'attachment; filename="{one.id}.yaml"'}
    return Response(text, media_type="application/yaml", headers=headers)


@router.get("/dags/{dag_id}/fields.patch")
def patch(dag_id: str, visitor: Reader, *, layers: bool = False) -> Response:
    """Return the draft as a patch of the connector's file, or of the layers that its lines come from."""
    one = connector_of(dag_id)
    draft = find_draft(connections.ledger(), one.id)
    files: dict[Path, dict[str, Any]] = {}
    for key, value in (draft.mapping if draft else {}).items():
        layer = one.where.files.get(json_pointer.below("/mapping", key))
        path = Path(layer) if layer and layers else one.where.path
        if path is not None:
            files.setdefault(path, {})[key] = value
    if not files:
        raise HTTPException(404, "web.no_patch")
    parts = []
    for path, changes in files.items():
        before = path.read_text(encoding="utf-8")
        parts.append(difference(_below_root(path), before, with_lines(before, changes)))
    headers = {"Content-Disposition": f'attachment; filename="{one.id}.patch"'}
    return Response("".join(parts), media_type="text/x-diff; charset=utf-8", headers=headers)


def _below_root(path: Path) -> str:
    """Return a file's path below the root of its repository, or below the folder of connectors."""
    folder = settings().connectors.resolve()
    root = next((one for one in path.resolve().parents if (one / ".git").exists()), folder)
    return path.resolve().relative_to(root).as_posix() if path.resolve().is_relative_to(root) else path.name


def refuse_stale(change: Any, words: Wording) -> None:
    """Change a draft; where another person did meanwhile, say who."""
    try:
        change()
    except AmazonListingsError as error:
        raise HTTPException(409, error.worded(words.messages)) from None


def _to_publish(dag_id: str, revision: int, words: Wording) -> tuple[Connector, Engine, str]:
    one, ledger = connector_of(dag_id), connections.ledger()
    draft = find_draft(ledger, one.id)
    unchanged = draft is None and not revision and new_connector_of(dag_id) is not None
    if not unchanged and (draft is None or draft.revision != revision):
        refuse_stale(lambda: refuse_changed(ledger, one.id), words)
    changes = draft.mapping if draft else {}
    found = known_fields(one, words)
    try:
        compiled(drafted(one, changes, words.messages.language), found.definitions)
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
    if answer.status in _MEANWHILE:
        raise HTTPException(409, "web.variable_meanwhile")
    if answer.status >= 400:  # noqa: PLR2004 - what HTTP calls an error
        detail = answer.content.get("detail") if isinstance(answer.content, dict) else answer.content
        raise HTTPException(502, words.t("variable.refused", reason=json.dumps(detail)))
    await run_in_threadpool(record_publication, ledger, one.id, by=visitor.name, before=before, after=text)
    await _ask_to_parse(request, one.dag_id)


async def _ask_to_parse(request: Request, dag_id: str) -> None:
    """Ask Airflow, as the user, to parse the DAG's file now; else it does so after its interval."""
    try:
        found = await call("GET", f"/dags/{dag_id}", request.headers)
        token = found.content.get("file_token") if isinstance(found.content, dict) else None
        if token:
            await call("PUT", f"/parseDagFile/{token}", request.headers)
    except Exception:  # whatever fails in Airflow, the Variable is written
        log.warning("%s", log_line("log.parse_not_asked", dag=dag_id), exc_info=True)
