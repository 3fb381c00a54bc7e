"""Feeds API 2021-06-30, for `JSON_LISTINGS_FEED`."""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spapi_sandbox.account.accounts import BY_ID
from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add
from spapi_sandbox.clock import timestamp
from spapi_sandbox.feeds.queue import Feed, described

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState

_MOST_MARKETPLACES = 25
_DOCUMENT = "amzn1.tortuga."


def create_router(state: SandboxState) -> APIRouter:
    """Return the six operations of the API."""
    router = APIRouter()
    handlers = {
        "createFeedDocument": _create_document,
        "getFeedDocument": _get_document,
        "createFeed": _create,
        "getFeeds": _list,
        "getFeed": _get,
        "cancelFeed": _cancel,
    }
    add(router, state, {name: functools.partial(handler, state) for name, handler in handlers.items()})
    return router


def _create_document(state: SandboxState, call: Call) -> dict[str, Any]:
    content_type = call.body.get("contentType")
    if not isinstance(content_type, str) or not content_type:
        raise Refusal(400, "Missing required 'contentType' in the request body.")
    name = f"{_DOCUMENT}{uuid.UUID(int=state.number(128))}"
    state.feeds.promise(name, content_type)
    return {"feedDocumentId": name, "url": state.documents.link(call.base, name, state.feed_link_seconds)}


def _get_document(state: SandboxState, call: Call) -> dict[str, Any]:
    name = call.path["feedDocumentId"]
    if not name.startswith(_DOCUMENT):
        raise Refusal(400, "Invalid 'feedDocumentId' provided.")
    document = state.documents.find(name)
    if document is None:
        raise Refusal(404, f"Feed document '{name}' not found.")
    in_header = call.query.get("enableContentEncodingUrlHeader") == "true"
    more = {"encoding": "header"} if in_header else {}
    answer = {
        "feedDocumentId": name,
        "url": state.documents.link(call.base, name, state.feed_link_seconds, **more),
    }
    if document.encoding:
        answer["compressionAlgorithm"] = "GZIP"
    return answer


def _create(state: SandboxState, call: Call) -> dict[str, Any]:
    feed_type, marketplace_ids = call.body.get("feedType"), call.body.get("marketplaceIds")
    document_id = call.body.get("inputFeedDocumentId")
    if feed_type != "JSON_LISTINGS_FEED":
        raise Refusal(400, "Invalid 'feedType' provided.")
    if not isinstance(marketplace_ids, list) or not 1 <= len(marketplace_ids) <= _MOST_MARKETPLACES:
        raise Refusal(400, "Invalid 'marketplaceIds' provided.")
    if any(not isinstance(entry, str) or entry not in BY_ID for entry in marketplace_ids):
        raise Refusal(400, "Invalid 'marketplaceIds' provided.")
    if len({BY_ID[entry].region for entry in marketplace_ids}) > 1:
        raise Refusal(403, details="The marketplaces you provided are not valid for region.")
    if not isinstance(document_id, str) or state.feeds.promised_content_type(document_id) is None:
        raise Refusal(400, "Invalid 'inputFeedDocumentId' provided.")
    now = state.clock.now()
    started = now + state.feed_queue_delay
    feed = Feed(
        feed_id=str(10**11 + state.number(36)),
        feed_type=feed_type,
        account_ids=list(call.bearer.account_ids),
        marketplace_ids=marketplace_ids,
        document_id=document_id,
        created_at=now,
        started_at=started,
        ended_at=started + state.feed_processing_delay,
    )
    state.feeds.create(feed)
    return {"feedId": feed.feed_id}


def _list(state: SandboxState, call: Call) -> dict[str, Any]:
    query = call.query
    if "nextToken" not in query and "feedTypes" not in query:
        raise Refusal(400, "Either 'feedTypes' or 'nextToken' is required.")
    never = float("inf")
    wanted = [
        feed
        for feed in state.feeds.all()
        if _owned(feed, call)
        and feed.feed_type in query.get("feedTypes", [feed.feed_type])
        and set(feed.marketplace_ids) & set(query.get("marketplaceIds", feed.marketplace_ids))
        and state.feeds.status(feed) in query.get("processingStatuses", [state.feeds.status(feed)])
        and query.get("createdSince", -never) <= feed.created_at <= query.get("createdUntil", never)
    ]
    start = int(query["nextToken"]) if query.get("nextToken", "").isdigit() else 0
    end = start + query.get("pageSize", 10)
    answer: dict[str, Any] = {"feeds": [_shown(state, feed) for feed in wanted[start:end]]}
    if end < len(wanted):
        answer["nextToken"] = str(end)
    return answer


def _get(state: SandboxState, call: Call) -> dict[str, Any]:
    return _shown(state, _found(state, call))


def _cancel(state: SandboxState, call: Call) -> None:
    feed = _found(state, call)
    if not state.feeds.cancel(feed):
        raise Refusal(400, f"Feed '{feed.feed_id}' cannot be cancelled: it is {state.feeds.status(feed)}.")


def _found(state: SandboxState, call: Call) -> Feed:
    if not call.path["feedId"].isdigit():
        raise Refusal(400, "Invalid 'feedId' provided.")
    feed = state.feeds.find(call.path["feedId"])
    if feed is None or not _owned(feed, call):
        raise Refusal(404, f"Feed '{call.path['feedId']}' not found.")
    return feed


def _owned(feed: Feed, call: Call) -> bool:
    return bool(set(feed.account_ids) & set(call.bearer.account_ids))


def _shown(state: SandboxState, feed: Feed) -> dict[str, Any]:
    status = state.feeds.status(feed)
    times = {"createdTime": timestamp(feed.created_at)}
    if status in {"IN_PROGRESS", "DONE", "FATAL"}:
        times["processingStartTime"] = timestamp(feed.started_at)
    if status in {"DONE", "FATAL"}:
        times["processingEndTime"] = timestamp(max(feed.ended_at, feed.started_at))
    return described(feed, status, times)
