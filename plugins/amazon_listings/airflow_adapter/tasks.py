"""The tasks of a connector's DAG: each opens the run's context and calls a step of the pipeline.

Parameters and results are references and counts; items are in the run's folder. Heavy modules are
imported when a task runs, because Airflow imports this module whenever it parses the DAGs.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseXCom, get_current_context
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped, TaskDeferred

from amazon_listings.airflow_adapter.configured import connector_named
from amazon_listings.airflow_adapter.failures import explained
from amazon_listings.errors import ActionRequiredError, AmazonListingsError
from amazon_listings.messages import catalogue, log_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from amazon_listings.airflow_adapter.installation import AirflowInstallation
    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.context import RunContext
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.writes.live_sync import LiveSync

log = logging.getLogger(__name__)

#: The tasks that deal with what was extracted: a run that has nothing to do skips them.
WITH_ITEMS = ("check_quality", "map_fields", "test_sync", "approve", "live_sync")


@contextmanager
def _run(connector_id: str, attempt: int) -> Iterator[tuple[RunContext, AirflowInstallation]]:
    """Open the current run; a failure of ours is kept in its folder, for the report."""
    from amazon_listings.airflow_adapter.installation import AirflowInstallation
    from amazon_listings.runs.context import resume_run
    from amazon_listings.runs.heap import settled_heap

    installation = AirflowInstallation()
    context = get_current_context()
    with _failures_kept(connector_id, context, attempt, installation) as key, settled_heap():
        yield resume_run(key, context["run_id"], attempt, installation.storage), installation


@contextmanager
def _failures_kept(
    connector_id: str, context: Mapping[str, Any], attempt: int, installation: AirflowInstallation
) -> Iterator[str]:
    """Keep a failure in the run's folder; yield the key by which the folder is found.

    The ledger knows that key. One that does not answer is waited for once: then nothing can be kept.
    """
    from amazon_listings.ledger.connectors.keys import folder_key
    from amazon_listings.remarks import remark_as_is
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.notes import FailureNote

    try:
        key = folder_key(installation.ledger, connector_id)
    except AmazonListingsError as error:
        error.language = _language(None, connector_id)
        raise
    try:
        yield key
    except AmazonListingsError as error:
        task_id = context["ti"].task_id
        folder = RunFolder.of(installation.storage, key, context["run_id"], attempt)
        error.language = _language(folder, connector_id)
        folder.note(FailureNote(failed=task_id, why=remark_as_is(error)), task_id)
        raise


def _language(folder: RunFolder | None, connector_id: str) -> str:
    """Return the language of a run's report; English where neither the run nor its connector is known."""
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.messages import DEFAULT
    from amazon_listings.runs.context import language_of_run

    try:
        known = language_of_run(folder) if folder is not None else None
        return known or language_of(connector_named(connector_id))
    except AmazonListingsError:
        return DEFAULT


@explained
def refresh_definition(connector_id: str) -> dict[str, Any]:
    """Begin the attempt: bring Amazon's definitions up to date, and decide the run's scope.

    Returns:
        `attempt`, by which later tasks find the run's context, and the `checksum` and `version` of the
        definition that judges.
    """
    from amazon_listings import pipeline
    from amazon_listings.airflow_adapter.installation import AirflowInstallation
    from amazon_listings.ledger.connectors.keys import keyed
    from amazon_listings.ledger.runs.history import next_attempt

    context, installation = get_current_context(), AirflowInstallation()
    cleared = _clear_number(context)
    with _failures_kept(connector_id, context, cleared, installation):
        connector = keyed(installation.ledger, connector_named(connector_id))
        # A task that is cleared alone keeps the attempt that this one has determined.
        attempt = next_attempt(installation.ledger, connector.key, context["run_id"], cleared)
        if began := _began_before(connector, context, installation):
            log.info("%s", log_line("log.began_before"))
            return began
    with _failures_kept(connector_id, context, attempt, installation):
        run = pipeline.begin(
            connector,
            installation,
            run_id=context["run_id"],
            attempt=attempt,
            params=_params(context, connector),
            interval=_backfill_interval(context),
            asked_by=getattr(context["dag_run"], "triggering_user_name", None),
        )
        note = run.definitions
        return {"attempt": attempt, "checksum": note.checksum, "version": note.version}


def _began_before(
    connector: Connector, context: Mapping[str, Any], installation: AirflowInstallation
) -> dict[str, Any] | None:
    """Return what this task returned in an attempt that ended, if it was cleared without the report.

    Nothing would follow that brings another attempt to its end.

    Raises:
        ActionRequiredError: that attempt had not begun, or its files are gone.
    """
    from amazon_listings.ledger.runs.history import find_attempt
    from amazon_listings.runs.context import resume_run
    from amazon_listings.runs.damage import RunFilesGone

    found = find_attempt(installation.ledger, connector.key, context["run_id"])
    if found is None or _states(context).get("report") not in {"success", "failed"}:
        return None
    try:
        run = resume_run(connector.key, context["run_id"], found[1], installation.storage)
        note = run.definitions
    except RunFilesGone as error:
        raise ActionRequiredError("airflow.begins_alone") from error
    return {"attempt": run.attempt, "checksum": note.checksum, "version": note.version}


def _params(context: Mapping[str, Any], connector: Connector) -> Mapping[str, Any]:
    """Return what was asked for: a run that no person triggered takes the connector's operation.

    The trigger form, which gives every run its parameters, preselects a test.
    """
    params: Mapping[str, Any] = context["params"]
    run = context["dag_run"]
    if run.run_type == "manual" or "operation" in (run.conf or {}):
        return params
    return {**params, "operation": connector.sync.operation}


@explained
def extract_products(connector_id: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Read the PIM into the run's folder; counts and the names of the parts.

    Raises:
        DownstreamTasksSkipped: there is nothing to do but to report.
    """
    from amazon_listings import pipeline
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.remarks import sentences

    with _run(connector_id, definition["attempt"]) as (run, installation):
        note = pipeline.extract(run, installation)
        returned = {
            "parts": list(note.parts),
            "extracted": note.extracted,
            "out_of_scope": note.out_of_scope,
            "unreadable": note.unreadable,
            "unchanged": note.unchanged,
            "cursor": note.cursor,
            "full": note.full,
            "removed": note.removed,
            "warnings": sentences(note.warnings, catalogue(language_of(run.connector))),
        }
        if not pipeline.is_idle(run, installation):
            return returned
    log.info("%s", log_line("log.nothing_to_do"))
    # What a task returns that skips others is lost.
    get_current_context()["ti"].xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=returned)
    raise DownstreamTasksSkipped(tasks=list(WITH_ITEMS))


@explained
def check_quality(connector_id: str, definition: Mapping[str, Any], extract: Mapping[str, Any]) -> list[str]:
    """Check the extract with Great Expectations; the names of the parts, for mapping."""
    from amazon_listings import pipeline
    from amazon_listings.runs.notes import ExtractNote

    with _run(connector_id, definition["attempt"]) as (run, installation):
        pipeline.check_quality(run, installation)
        note = run.folder.noted(ExtractNote)
        # The check may have brought items back that had left at the extract.
        return list(note.parts if note is not None else extract["parts"])


@explained
def map_fields(connector_id: str, definition: Mapping[str, Any], part: str) -> dict[str, int]:
    """Map one part; counts of mapped items and of items with mapping errors."""
    from amazon_listings import pipeline

    with _run(connector_id, definition["attempt"]) as (run, _):
        return pipeline.map_part(run, part)


@explained
def test_sync(connector_id: str, definition: Mapping[str, Any]) -> dict[str, int]:
    """Validate: locally, then by Amazon's preview. Nothing changes at Amazon. Counts by outcome."""
    from amazon_listings import pipeline

    with _run(connector_id, definition["attempt"]) as (run, installation):
        return pipeline.test(run, installation)


@explained
def approve(connector_id: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Decide what may go to Amazon now, and ask a person about the rest.

    If the operation is test, what a live run would ask is noted, and the task is skipped.

    Returns:
        How many items and removals may go, wait and are refused, and the number of the question asked.
    """
    from amazon_listings import pipeline

    with _run(connector_id, definition["attempt"]) as (run, installation):
        if run.scope.operation == "test":
            pipeline.foresee(run, installation)
            raise AirflowSkipException(str(log_line("log.test_asks_nothing")))
        note = pipeline.approve(run, installation)
        return {
            "ready": note.ready,
            "waiting": note.waiting,
            "refused": note.refused,
            "question": note.question,
        }


@explained
def live_sync(connector_id: str, definition: Mapping[str, Any]) -> dict[str, int]:
    """Submit what may go; skipped if the operation is test. Counts by outcome.

    Raises:
        TaskDeferred: feeds are awaited; to go on with `collect_feeds`.
    """
    from amazon_listings import pipeline

    with _run(connector_id, definition["attempt"]) as (run, installation):
        if run.scope.operation == "test":
            raise AirflowSkipException(str(log_line("log.test_submits_nothing")))
        sync = pipeline.live_sync_of(run, installation)
        return _ended(run, sync, sync.send())


@explained
def collect_feeds(connector_id: str, definition: Mapping[str, Any]) -> dict[str, int]:
    """Enter the answers of the feeds that `live_sync` started, and send what waited for them.

    Raises:
        TaskDeferred: feeds are awaited; to be called again.
    """
    from amazon_listings import pipeline

    with _run(connector_id, definition["attempt"]) as (run, installation):
        sync = pipeline.live_sync_of(run, installation)
        return _ended(run, sync, sync.collect())


def _ended(run: RunContext, sync: LiveSync, counts: dict[str, int]) -> dict[str, int]:
    """Return the counts, or leave the worker until the feeds of the run are through, or it is stopped."""
    from amazon_listings.airflow_adapter.triggers import FeedsTrigger
    from amazon_listings.runs.outcomes import counted_outcomes
    from amazon_listings.settings import settings
    from amazon_listings.writes.feeds.submit import PATIENCE

    log.info("%s", log_line("log.live_sync", counts=counted_outcomes(counts)))
    awaited = sync.awaited()
    if not awaited:
        return counts
    amazon = run.connector.amazon
    trigger = FeedsTrigger(
        connection_id=amazon.connection,
        country=amazon.country,
        feed_ids=[feed.feed_id for feed in awaited if feed.feed_id],
        interval=settings().feed_poll,
        until=(min(feed.created_at for feed in awaited) + PATIENCE).isoformat(),
        # What Amazon had begun when the run was stopped is only waited for.
        connector_key="" if sync.writer.is_stopped() else run.connector.key,
        run_id=run.run_id,
        attempt=run.attempt,
    )
    raise TaskDeferred(trigger=trigger, method_name="resume")


@explained
def report(connector_id: str, definition: Mapping[str, Any] | None) -> dict[str, Any]:
    """Finish the run: resolve its outcomes and write its report; fails if an earlier task failed.

    Returns:
        Counts by outcome, in words too as `note`; calls made, and `files`: where the report lies. What the
        PIM says stays there.
    """
    from amazon_listings import pipeline
    from amazon_listings.airflow_adapter.installation import AirflowInstallation
    from amazon_listings.connectors.languages import language_of

    context, installation = get_current_context(), AirflowInstallation()
    run = _finished(connector_id, context, definition, installation)
    summary = pipeline.finish(run, installation, unfinished=_unfinished(context))
    language = language_of(run.connector)
    returned = {key: summary[key] for key in ("operation", "extracted", "counts", "urgent", "calls", "files")}
    returned["note"] = _counted(summary["counts"], catalogue(language))
    if summary["failure"]:
        # What a failed task returns is lost, and the run's note is made of it.
        context["ti"].xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=returned)
        failed = ActionRequiredError("airflow.run_failed", failure=summary["failure"])
        failed.language = language
        raise failed
    return returned


def _counted(counts: Mapping[str, int], messages: Catalogue) -> str:
    """Return how many items came to which outcome, in words; those that were not asked for last."""
    ordered = sorted(counts.items(), key=lambda pair: pair[0] == "out_of_scope")
    return " · ".join(
        f"{messages.value(count)} {messages.message(f'outcome.{name}', messages.number_of(count)) or name}"
        for name, count in ordered
        if count
    )


def _finished(
    connector_id: str,
    context: Mapping[str, Any],
    definition: Mapping[str, Any] | None,
    installation: AirflowInstallation,
) -> RunContext:
    """Return the context of the run to report on; of one that could not begin, as far as it is known."""
    from amazon_listings.ledger.connectors.keys import folder_key, keyed
    from amazon_listings.ledger.runs.history import find_attempt
    from amazon_listings.runs.context import RunContext, resume_run
    from amazon_listings.runs.damage import RunFilesGone
    from amazon_listings.runs.folder import RunFolder

    run_id, storage, cleared = context["run_id"], installation.storage, _clear_number(context)
    key = folder_key(installation.ledger, connector_id)
    if definition is not None:
        attempt = definition["attempt"]
    else:
        connector = keyed(installation.ledger, connector_named(connector_id))
        found = find_attempt(installation.ledger, connector.key, run_id)
        attempt = cleared if found is None else max(found[1], cleared)
    try:
        return resume_run(key, run_id, attempt, storage)
    except RunFilesGone:
        connector = keyed(installation.ledger, connector_named(connector_id))
        folder = RunFolder.of(storage, connector.key, run_id, attempt)
        return RunContext(connector, run_id, attempt, storage, folder)


def _clear_number(context: Mapping[str, Any]) -> int:
    """Return how often Airflow cleared the run."""
    number: int = context["dag_run"].clear_number
    return number


def _unfinished(context: Mapping[str, Any]) -> list[str]:
    """Ids of the run's tasks that failed, as Airflow knows them."""
    return sorted(task for task, state in _states(context).items() if state in {"failed", "upstream_failed"})


def _states(context: Mapping[str, Any]) -> Mapping[str, str | None]:
    """Return the states of the run's tasks, as Airflow knows them."""
    ti = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[context["run_id"]])
    found: Mapping[str, str | None] = states.get(context["run_id"], {})
    return found


def _backfill_interval(context: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    run = context["dag_run"]
    if run.run_type != "backfill":
        return None
    return run.data_interval_start, run.data_interval_end
