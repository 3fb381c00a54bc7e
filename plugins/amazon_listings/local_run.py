"""A whole run in one process, without Airflow: the steps of the pipeline, one after the other."""

from __future__ import annotations

import getpass
import hashlib
import ipaddress
import itertools
import json
import time
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from amazon_listings import pipeline
from amazon_listings.connectors.languages import language_of
from amazon_listings.errors import AmazonListingsError
from amazon_listings.messages import catalogue, message
from amazon_listings.remarks import remark_as_is
from amazon_listings.runs.heap import settled_heap
from amazon_listings.runs.outcomes import counted_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Message
    from amazon_listings.pipeline import Installation
    from amazon_listings.runs.context import RunContext
    from amazon_listings.runs.plan import Plan
    from amazon_listings.runs.records import TestedIndex
    from amazon_listings.selling_partner.account import Account


class Decision(Enum):
    """What is decided about a plan: all of it is sent, or what needs no answer any more, or nothing."""

    SEND = "send"
    SEND_APPROVED = "send approved"
    WAIT = "waiting"
    REFUSE = "refused"


def run_connector(
    connector: Connector,
    installation: Installation,
    params: Mapping[str, Any],
    *,
    decide: Callable[[RunContext, str], Decision],
    progress: Callable[[str, str], None] = lambda *_: None,
    poll: Callable[[float], None] = time.sleep,
) -> tuple[RunContext, dict[str, Any]]:
    """Run a connector from the definitions to the report.

    Args:
        connector: The connector, with its key.
        installation: What the run works with.
        params: `operation`, `selection`, `skus`, `force`, as the trigger form has them.
        decide: Decides, given the run and the hash of its plan, whether a live run sends anything.
        progress: Called with the name of each step and what came of it.
        poll: Waits so many seconds for feeds.

    Returns:
        The run's context and the report's summary; its `failure` says why the run did not come to its end.

    Raises:
        RunAbortedError, RetryableError, ActionRequiredError: the run could not begin, or its outcomes
            could not be resolved.
    """
    run_id = f"local__{datetime.now(UTC).isoformat()}"
    with settled_heap():
        run = pipeline.begin(
            connector, installation, run_id=run_id, attempt=0, params=params, asked_by=getpass.getuser()
        )
    messages = catalogue(language_of(run.connector))
    progress("refresh_definition", run.scope.in_words(messages.language))
    unfinished: list[str] = []
    for step, call in _steps(run, installation, decide, poll):
        try:
            with settled_heap():
                done = call()
            progress(step, messages.word(done))
        except AmazonListingsError as error:
            _note_failure(run, step, error)
            unfinished.append(step)
            break
    with settled_heap():
        summary = pipeline.finish(run, installation, unfinished=unfinished)
    progress("report", messages.word(counted_outcomes(summary["counts"])))
    return run, summary


def _steps(
    run: RunContext,
    installation: Installation,
    decide: Callable[[RunContext, str], Decision],
    poll: Callable[[float], None],
) -> Iterator[tuple[str, Callable[[], Message]]]:
    """Yield the steps after the first, each with the call that carries it out and says what came of it.

    Where the extract leaves nothing to do, it is the last one.
    """
    from amazon_listings.runs.notes import ExtractNote  # noqa: PLC0415 - with the rest of a run

    yield (
        "extract_products",
        lambda: message("local.extracted", count=pipeline.extract(run, installation).extracted),
    )
    if run.folder.noted(ExtractNote) is None or pipeline.is_idle(run, installation):
        return
    yield (
        "check_quality",
        lambda: message("local.blocked", count=pipeline.check_quality(run, installation)["blocked"]),
    )
    note = run.folder.noted(ExtractNote)  # the check may have brought items back
    parts = note.parts if note is not None else ()
    yield (
        "map_fields",
        lambda: message("local.mapped", count=sum(pipeline.map_part(run, part)["mapped"] for part in parts)),
    )
    yield "test_sync", lambda: counted_outcomes(pipeline.test(run, installation))
    if run.scope.operation == "live":
        yield "approve", lambda: _approve(run, installation, decide)
        yield "live_sync", lambda: _live(run, installation, poll)
    else:
        yield (
            "approve",
            lambda: message("local.foreseen", count=pipeline.foresee(run, installation).waiting),
        )


def _approve(
    run: RunContext, installation: Installation, decide: Callable[[RunContext, str], Decision]
) -> Message:
    """Decide what may go; what is asked is answered at once, by the decision about the plan."""
    from amazon_listings.approvals.answers import answer_run  # noqa: PLC0415 - with the rest of a run

    note = pipeline.approve(run, installation)
    decision = decide(run, plan_hash(run))
    if decision is Decision.SEND:
        by = getpass.getuser()
        if answer_run(run.folder, installation.ledger, run.connector.key, approved=True, by=by):
            note = pipeline.approve(run, installation)
    elif decision is not Decision.SEND_APPROVED:
        refused = decision is Decision.REFUSE
        if refused:
            answer_run(
                run.folder, installation.ledger, run.connector.key, approved=False, by=getpass.getuser()
            )
        note = msgspec.structs.replace(note, decision="refused" if refused else "waiting")
        run.folder.note(note)
    return message("local.approvals", ready=note.ready, waiting=note.waiting, refused=note.refused)


def _live(run: RunContext, installation: Installation, poll: Callable[[float], None]) -> Message:
    """Send what may go, and wait for feeds until they are through."""
    from amazon_listings.runs.notes import ApprovalNote  # noqa: PLC0415 - with the rest of a run
    from amazon_listings.settings import settings  # noqa: PLC0415 - with the rest of a run

    note = run.folder.noted(ApprovalNote)
    if note is not None and note.decision:
        return message("local.nothing_sent")
    sync = pipeline.live_sync_of(run, installation)
    counts = sync.send()
    while sync.awaited():
        poll(settings().feed_poll)
        counts = sync.collect()
    return counted_outcomes(counts)


def due_items(run: RunContext) -> Iterator[TestedIndex]:
    """Yield the items that a live run sends, or would send."""
    from amazon_listings.runs.records import TESTED  # noqa: PLC0415 - with the rest of a run

    for part in run.folder.parts(TESTED):
        yield from (item for item in run.folder.index(TESTED, part) if item.due)


def due_plans(run: RunContext, most: int) -> list[tuple[str, Plan | None]]:
    """Return the SKUs of the first items that a live run sends, or would send, with their plans."""
    from amazon_listings.runs.records import TESTED  # noqa: PLC0415 - with the rest of a run
    from amazon_listings.runs.tested_plans import TestedPlans  # noqa: PLC0415 - with the rest of a run

    plans = TestedPlans(run.connector, pipeline.definitions_of(run), run.folder)
    found: list[tuple[str, Plan | None]] = []
    for part in run.folder.parts(TESTED):
        due = (item for item in run.folder.read(TESTED, part) if item.due)
        items = list(itertools.islice(due, most - len(found)))
        told = plans.of(part, items)
        found += [(item.sku or "", told.get(item.pim_id)) for item in items]
        if len(found) == most:
            break
    return found


def removals_due(run: RunContext) -> int:
    """Return how many listings a live run takes off, or would take off, because their items left."""
    from amazon_listings.runs.notes import TestedNote  # noqa: PLC0415 - with the rest of a run

    note = run.folder.noted(TestedNote)
    return note.removed if note is not None else 0


def plan_hash(run: RunContext) -> str:
    """Return the hash of what the run sends: SKUs, payloads and removals; the same in test and live runs."""
    from amazon_listings.runs.records import TESTED  # noqa: PLC0415 - with the rest of a run

    folder = run.folder
    parts = folder.parts(TESTED)
    wanted = sorted(
        [item.sku or "", item.hash] for part in parts for item in folder.index(TESTED, part) if item.due
    )
    left = removals_due(run)
    removals = [run.connector.sync.when_removed, left] if left else []
    account = [run.connector.key, run.connector.marketplace.id, run.connector.sync.full_replace]
    return hashlib.sha256(json.dumps([account, wanted, removals]).encode()).hexdigest()[:16]


def is_sandbox_here(account: Account) -> bool:
    """Return whether an account's endpoint and token address are of a sandbox on this machine."""
    return all(url is not None and _is_loopback(url) for url in (account.endpoint, account.token_url))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _note_failure(run: RunContext, step: str, error: AmazonListingsError) -> None:
    from amazon_listings.runs.notes import FailureNote  # noqa: PLC0415 - with the rest of a run

    run.folder.note(FailureNote(failed=step, why=remark_as_is(error)), step)
