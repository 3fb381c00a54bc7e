"""The feeds: queue, states, documents, results."""

from __future__ import annotations

import gzip
import json
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from spapi_sandbox.account.accounts import BY_ID
from spapi_sandbox.feeds.documents import Document
from spapi_sandbox.feeds.processing import FeedRun
from spapi_sandbox.listings.state import ListingsState

if TYPE_CHECKING:
    from spapi_sandbox.account.accounts import Account
    from spapi_sandbox.feeds.documents import Documents
    from spapi_sandbox.storage import StateFile

DOCUMENT_SECONDS = 2 * 24 * 3600.0
FEED_SECONDS = 90 * 24 * 3600.0


class FeedsState(ListingsState, Protocol):
    """The part of `state.SandboxState` that feeds are processed with."""

    accounts: dict[str, Account]
    documents: Documents


@dataclass
class Outcome:
    """How a feed is made to end: state, share of its messages applied, with a report or without.

    `items` is whether the report shows the listings that the feed's header asks for.
    """

    state: str = "DONE"
    share: float = 1.0
    report: bool = True
    items: bool = True


@dataclass
class Feed:
    """One feed. `started_at` and `ended_at` are when the sandbox's clock reaches them."""

    feed_id: str
    feed_type: str
    account_ids: list[str]
    marketplace_ids: list[str]
    document_id: str
    created_at: float
    started_at: float
    ended_at: float
    cancelled: bool = False
    final: str = ""
    result: str | None = None
    outcome: Outcome = field(default_factory=Outcome)


class FeedQueue:
    """Takes feeds, processes them one after the other, tells their state.

    Args:
        state: The sandbox.
        state_file: Where feeds survive a restart; an unfinished one starts again.
    """

    def __init__(self, state: FeedsState, state_file: StateFile) -> None:
        self._state = state
        self._file = state_file
        self._lock = threading.RLock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="sandbox-feeds")
        self._uploads: dict[str, tuple[str, float]] = {}
        self._feeds: dict[str, Feed] = {}
        self._jobs: dict[str, Future[None]] = {}
        self._outcomes: deque[Outcome] = deque()
        for name, value in state_file.all("upload"):
            self._uploads[name] = (value[0], value[1])
        for name, value in state_file.all("feed"):
            self._feeds[name] = Feed(**{**value, "outcome": Outcome(**value["outcome"])})

    def clear(self) -> None:
        """No feeds, no documents, no outcomes arranged."""
        with self._lock:
            for entries in (self._uploads, self._feeds, self._jobs, self._outcomes):
                entries.clear()

    def close(self) -> None:
        """Lets the feed in work end and takes no more."""
        self._worker.shutdown(cancel_futures=True)

    def arrange(self, outcome: Outcome, times: int = 1) -> None:
        """Let the next `times` feeds end like this."""
        self._outcomes.extend([outcome] * times)

    def promise(self, name: str, content_type: str) -> None:
        """Allow a feed document to be uploaded under `name` with this content type, and used for 2 days."""
        value = (content_type, self._state.clock.now() + DOCUMENT_SECONDS)
        with self._lock:
            self._uploads[name] = value
        self._file.put("upload", name, value)

    def promised_content_type(self, name: str) -> str | None:
        """Return the content type an upload must have; `None` if nothing was promised under this name."""
        with self._lock:
            upload = self._uploads.get(name)
        return upload[0] if upload and upload[1] >= self._state.clock.now() else None

    def create(self, feed: Feed) -> None:
        """Queues a feed."""
        with self._lock:
            feed.outcome = self._outcomes.popleft() if self._outcomes else Outcome()
            feed.cancelled = feed.outcome.state == "CANCELLED"
            self._feeds[feed.feed_id] = feed
            self._keep(feed)
        self.settle()

    def cancel(self, feed: Feed) -> bool:
        """Cancels a feed that is still in the queue."""
        with self._lock:
            if self.status(feed) != "IN_QUEUE":
                return False
            feed.cancelled = True
            self._keep(feed)
            return True

    def find(self, feed_id: str) -> Feed | None:
        """Return the feed of that id; after 90 days it is gone."""
        self.settle()
        feed = self._feeds.get(feed_id)
        return feed if feed and feed.created_at + FEED_SECONDS > self._state.clock.now() else None

    def all(self) -> list[Feed]:
        """Return every feed, newest first."""
        self.settle()
        with self._lock:
            return sorted(
                self._feeds.values(), key=lambda feed: (feed.created_at, feed.feed_id), reverse=True
            )

    def status(self, feed: Feed) -> str:
        """`IN_QUEUE`, `IN_PROGRESS`, `DONE`, `CANCELLED` or `FATAL`."""
        now = self._state.clock.now()
        if feed.cancelled:
            return "CANCELLED"
        if now < feed.started_at:
            return "IN_QUEUE"
        if not feed.final or now < feed.ended_at:
            return "IN_PROGRESS"
        return feed.final

    def settle(self) -> None:
        """Hands every feed whose time has come to the worker."""
        now = self._state.clock.now()
        with self._lock:
            for feed in self._feeds.values():
                idle = feed.feed_id not in self._jobs and not feed.final and not feed.cancelled
                if idle and feed.started_at <= now:
                    self._jobs[feed.feed_id] = self._worker.submit(self._process, feed)

    def wait(self) -> None:
        """Returns when every feed whose time has come is processed."""
        self.settle()
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.result()

    def _process(self, feed: Feed) -> None:
        document = self._state.documents.find(feed.document_id)
        run = FeedRun(
            self._state,
            feed.feed_id,
            {name: self._state.accounts[name] for name in feed.account_ids},
            [BY_ID[marketplace_id] for marketplace_id in feed.marketplace_ids],
        )
        content = document.content if document else b""
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        report = run.process(content, share=feed.outcome.share)
        if not feed.outcome.items:
            report.pop("items", None)
            report["summary"].pop("itemSummary", None)
        if feed.outcome.report:
            name = f"amzn1.tortuga.{self._state.submission_id()}"
            packed = gzip.compress(json.dumps(report, ensure_ascii=False).encode(), mtime=0)
            self._state.documents.store(name, Document(packed, "application/json; charset=UTF-8", "gzip"))
            feed.result = name
        with self._lock:
            feed.final = feed.outcome.state
            self._keep(feed)

    def _keep(self, feed: Feed) -> None:
        self._file.put("feed", feed.feed_id, feed)


def described(feed: Feed, status: str, times: dict[str, Any]) -> dict[str, Any]:
    """Return a feed as the API shows it (model `Feed`)."""
    shown = {
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "marketplaceIds": feed.marketplace_ids,
        "processingStatus": status,
        **times,
    }
    if feed.result and status in {"DONE", "FATAL"}:
        shown["resultFeedDocumentId"] = feed.result
    return shown
