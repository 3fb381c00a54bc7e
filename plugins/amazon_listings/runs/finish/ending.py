"""Finish a run: resolve its outcomes, write its report, and enter the end in the ledger."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.languages import language_of
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.columns import SKU
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import finish_run as end_in_ledger
from amazon_listings.ledger.runs.history import run_number
from amazon_listings.ledger.writes.feeds import writes_made
from amazon_listings.ledger.writes.submissions import count_accepted, sent_in_run, skus_accepted
from amazon_listings.ledger.writes.sweeps import skus_gone
from amazon_listings.messages import catalogue
from amazon_listings.remarks import remark, remark_as_is, sentences, worded
from amazon_listings.runs.context import RunNote
from amazon_listings.runs.damage import RunFilesGone
from amazon_listings.runs.extract.notations import NotationsNote
from amazon_listings.runs.extract.pim_contract import breach_sentences
from amazon_listings.runs.finish.issue_history import keep_resolved, renew_resolved
from amazon_listings.runs.finish.item_states import keep_states
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.notes import (
    ChangesNote,
    DefinitionsNote,
    ExtractNote,
    FailureNote,
    ForeseenNote,
    LiveNote,
    MappingNote,
    QualityNote,
    RemovalsNote,
    ReportNote,
    TestedNote,
)
from amazon_listings.runs.records import RESOLVED
from amazon_listings.runs.report import NAMED, write_report
from amazon_listings.runs.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue, Message
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.folder import RunFolder

#: The order of the tasks, so that the first failure is the one reported.
TASKS = (
    "refresh_definition",
    "extract_products",
    "check_quality",
    "map_fields",
    "test_sync",
    "approve",
    "live_sync",
)


def finish_run(
    connector: Connector,
    *,
    ledger: Engine,
    folder: RunFolder,
    run_id: str,
    attempt: int | None = None,
    seller_id: str | None = None,
    warnings: Sequence[Message],
    unfinished: Sequence[str],
) -> dict[str, Any]:
    """Write the run's report and enter its outcome in the ledger.

    Args:
        connector: The connector that ran.
        ledger: The open ledger.
        folder: The run's folder.
        run_id: Airflow's DAG run id.
        attempt: Which pass through the run this is, from 0; None: the latest.
        seller_id: The account's; None: it is not known.
        warnings: What is to be said of the installation (a secret that expires soon).
        unfinished: Ids of tasks that failed.

    Returns:
        The report's summary; `failure` is the sentence of the first task that failed, or None.

    Raises:
        RunAbortedError: the outcomes do not add up, or the run's files are damaged or gone; the ledger and
            the report say so too.
    """
    number = run_number(ledger, connector.key, run_id, attempt)
    calls = _calls(folder, {} if number is None else writes_made(ledger, number))
    try:
        summary, failure, error = _reported(
            connector,
            calls,
            ledger=ledger,
            number=number,
            folder=folder,
            run_id=run_id,
            seller_id=seller_id,
            warnings=warnings,
            unfinished=unfinished,
        )
    except RunAbortedError as damaged:
        if number is not None:
            end_in_ledger(ledger, number, counts={}, calls=calls, cursor=None, failure=remark_as_is(damaged))
        raise
    if number is not None:
        cursor = None if error is not None else _cursor(folder)
        counts = summary["counts"]
        end_in_ledger(ledger, number, counts=counts, calls=calls, cursor=cursor, failure=failure)
    if error is not None:
        raise error
    return summary


def renew_report(folder: RunFolder, resolver: Resolver) -> dict[str, Any] | None:
    """Write the report of a run again from what was seen since; None if it has none.

    Raises:
        RunAbortedError: the outcomes do not add up to what was extracted.
    """
    note = folder.noted(ReportNote)
    if note is None:
        return None
    renew_resolved(resolver, folder)
    return write_report(folder, note.summary)


def _reported(
    connector: Connector,
    calls: Counter[str],
    *,
    ledger: Engine,
    number: int | None,
    folder: RunFolder,
    run_id: str,
    seller_id: str | None,
    warnings: Sequence[Message],
    unfinished: Sequence[str],
) -> tuple[dict[str, Any], Remarks, RunAbortedError | None]:
    """Resolve the outcomes and write the report.

    Returns:
        The summary; why the run did not come to its end; the error that kept outcomes from being resolved, if
        no task had failed before.
    """
    scope, changes = folder.noted(Scope), folder.noted(ChangesNote)
    messages = catalogue(language_of(connector))
    failure = _failure(folder, unfinished)
    sent = None if number is None else partial(sent_in_run, ledger, number)
    resolver = Resolver(folder, sent)
    history, error = None, None
    try:
        if not failure and folder.noted(ExtractNote) is None:
            raise RunFilesGone
        complete = scope is not None and scope.kind == "everything" and not failure
        history = _resolve(
            resolver, folder, ledger=ledger, connector_key=connector.key, number=number, complete=complete
        )
    except RunAbortedError as damaged:
        error = damaged
    accepted: set[str] = set()
    if number is not None and error is None and count_accepted(ledger, number) != resolver.accepted:
        accepted = skus_accepted(ledger, number)
    why = failure or remark_as_is(error)
    facts = _heading(connector, folder, run_id, messages) | {
        "warnings": [
            *_known_before(folder, warnings, messages),
            *breach_sentences(connector, folder, messages),
            *_foreseen(folder, messages),
            *_unpreviewed(folder, scope, messages),
            *_vanished(connector, ledger, messages),
            *_sent_before(folder, accepted, messages),
            *dict.fromkeys(damaged.worded(messages) for damaged in resolver.damage),
        ],
        "changes": changes.drift if changes else None,
        "failure": worded(why, messages) or None,
        "calls": dict(calls),
    }
    if history is not None:
        facts["history"] = history
    summary = write_report(folder, facts)
    if number is not None and scope is not None and error is None:
        keep_states(
            connector,
            scope,
            folder.noted(DefinitionsNote),
            ledger=ledger,
            listings=_listings(connector, seller_id),
            folder=folder,
            run=number,
            ended=not failure,
            awaited=resolver.removals_awaited,
        )
    return summary, why, None if failure else error


def _resolve(
    resolver: Resolver,
    folder: RunFolder,
    *,
    ledger: Engine,
    connector_key: str,
    number: int | None,
    complete: bool,
) -> dict[str, int] | None:
    """Resolve the outcomes of a run, and keep their issues in the ledger if it knows the run.

    Returns:
        What became of issues, counted; None if the ledger does not know the run.

    Raises:
        RunAbortedError: the outcomes do not add up, or the run's files are damaged.
    """
    if number is None:
        renew_resolved(resolver, folder)
        return None
    return keep_resolved(
        resolver, folder, ledger=ledger, connector_key=connector_key, run=number, complete=complete
    )


def _heading(connector: Connector, folder: RunFolder, run_id: str, messages: Catalogue) -> dict[str, Any]:
    """Return what the report says of the run before its outcomes: what ran, why, and with what."""
    scope, definitions = folder.noted(Scope), folder.noted(DefinitionsNote)
    began = folder.noted(RunNote)
    return {
        "title": connector.title,
        "connector_id": connector.id,
        "country": connector.marketplace.country,
        "product_type": connector.amazon.product_type,
        "operation": scope.operation if scope else connector.sync.operation,
        "run_id": run_id,
        "reason": _covered(folder, scope, messages),
        "document": began.hash[:12] if began is not None else "",
        "software": began.software if began is not None else "",
        "definition_version": definitions.version if definitions else None,
        "definition_fetched_at": definitions.fetched_at if definitions else None,
        "language": language_of(connector),
    }


def _foreseen(folder: RunFolder, messages: Catalogue) -> list[str]:
    """Return a sentence about what a live run would ask a person, if it would."""
    note = folder.noted(ForeseenNote)
    if note is None or not note.waiting:
        return []
    reasons = [
        f"{messages.phrase(f'approval.reason_{name}')} ({messages.value(count)})"
        for name, count in sorted(note.reasons.items(), key=lambda one: (-one[1], one[0]))
    ]
    return [messages.phrase("report.would_ask", count=note.waiting, reasons=reasons)]


def _covered(folder: RunFolder, scope: Scope | None, messages: Catalogue) -> str:
    """Return what the run covered and why, with how many items it did not look at again."""
    if scope is None:
        return ""
    extract = folder.noted(ExtractNote)
    left = extract.unchanged if extract is not None else 0
    words = scope.in_words(messages.language)
    return f"{words}; {messages.phrase('report.left_unchanged', count=left)}" if left else words


def _listings(connector: Connector, seller_id: str | None) -> ListingScope | None:
    return None if seller_id is None else ListingScope.of(connector, seller_id)


def _unpreviewed(folder: RunFolder, scope: Scope | None, messages: Catalogue) -> list[str]:
    """Return a sentence about the items that a test judged without a preview, if there are any."""
    tested = folder.noted(TestedNote)
    if tested is None or not tested.unpreviewed or scope is None or scope.operation != "test":
        return []
    return [messages.phrase("report.unpreviewed", count=tested.unpreviewed)]


def _vanished(connector: Connector, ledger: Engine, messages: Catalogue) -> list[str]:
    """Return a sentence about listings that were deleted by hand at Amazon, if there are any."""
    count, skus = skus_gone(ledger, connector.key, limit=NAMED)
    more = f" … (+{messages.value(count - len(skus))})" if count > len(skus) else ""
    return [messages.phrase("report.vanished", skus=", ".join(skus) + more)] if skus else []


def _sent_before(folder: RunFolder, accepted: set[str], messages: Catalogue) -> list[str]:
    """Return a sentence about items that only an earlier try of the attempt has read and sent, if any.

    Args:
        folder: The folder of the attempt; its outcomes are resolved.
        accepted: SKUs of which Amazon accepted a write of the attempt.
        messages: To word it.
    """
    for part in folder.parts(RESOLVED) if accepted else ():
        accepted.difference_update(SKU.fitted(one.sku) for one in folder.read(RESOLVED, part) if one.sku)
    if not accepted:
        return []
    count = len(accepted)
    more = f" … (+{messages.value(count - NAMED)})" if count > NAMED else ""
    return [
        messages.phrase("report.sent_before", count=count, skus=", ".join(sorted(accepted)[:NAMED]) + more)
    ]


#: What the calls of single writes are called, by method.
_KINDS = {"feeds": "feeds", "PUT": "creations", "PATCH": "updates", "DELETE": "deletions"}


def _calls(folder: RunFolder, made: Mapping[str, int]) -> Counter[str]:
    """Return the calls of the run by kind.

    A try that was killed, or of which a task was made again, noted none; the ledger knows what was sent.
    """
    calls: Counter[str] = Counter()
    for note in (folder.noted(TestedNote), folder.noted(LiveNote), folder.noted(RemovalsNote)):
        calls.update(note.calls if note is not None else {})
    for method, kind in _KINDS.items():
        if made.get(method, 0) > calls[kind]:
            calls[kind] = made[method]
    return calls


def _cursor(folder: RunFolder) -> str | None:
    """Return where the next run continues in the PIM; None if this run did not cover the change set."""
    scope, extract = folder.noted(Scope), folder.noted(ExtractNote)
    return extract.cursor if extract is not None and scope is not None and scope.moves_cursor else None


def _known_before(folder: RunFolder, warnings: Sequence[Message], messages: Catalogue) -> list[str]:
    """Return the warnings of the definitions, of the installation, and of the run's steps."""
    steps = (
        folder.noted(ExtractNote),
        folder.noted(NotationsNote),
        folder.noted(QualityNote),
        folder.noted(MappingNote),
    )
    definitions = folder.noted(DefinitionsNote)
    return [
        *(sentences(definitions.warnings, messages) if definitions else ()),
        *map(messages.word, warnings),
        *(sentence for note in steps if note is not None for sentence in sentences(note.warnings, messages)),
    ]


def _failure(folder: RunFolder, unfinished: Sequence[str]) -> Remarks:
    """Return why the first task that failed did; nothing if none did."""
    for task in TASKS:
        if any(failed.startswith(task) for failed in unfinished):
            note = folder.noted(FailureNote, task)
            return note.why if note else remark("runs.task_failed", task=task)
    return ()
