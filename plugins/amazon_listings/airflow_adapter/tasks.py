"""The tasks of a connector's DAG: each opens what a step needs and calls the step.

Parameters and results are references and counts; items are in the run's folder. Heavy modules are
imported when a task runs, because Airflow imports this module whenever it parses the DAGs.
"""

from __future__ import annotations

import functools
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from amazon_listings.airflow_adapter.configured import connector_named
from amazon_listings.airflow_adapter.failures import explained
from amazon_listings.errors import ActionRequiredError, AmazonListingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope
    from amazon_listings.writes.live_sync import LiveSync

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Run:
    """The run a task belongs to."""

    connector: Connector
    ledger: Engine
    run_id: str
    folder: RunFolder
    context: Mapping[str, Any]

    @property
    def scope(self) -> Scope:
        from amazon_listings.runs.scope import Scope

        return Scope.from_json(self.folder.noted("scope") or {})


@contextmanager
def _run(connector_id: str) -> Iterator[_Run]:
    """The current run; a failure of ours is kept in its folder, for the report."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.ledger.connectors import keyed
    from amazon_listings.messages import catalogue
    from amazon_listings.runs.folder import RunFolder

    context = get_current_context()
    run_id = context["run_id"]
    folder = RunFolder.of(connections.storage(), connector_id, run_id)
    messages = catalogue()
    try:
        connector = connector_named(connector_id)
        messages = catalogue(language_of(connector))
        ledger = connections.ledger()
        connector = keyed(ledger, connector)
        yield _Run(connector, ledger, run_id, folder, context)
    except AmazonListingsError as error:
        task_id = context["ti"].task_id
        folder.note(f"failure-{task_id}", {"task": task_id, "sentence": error.worded(messages)})
        raise


@explained
def refresh_definition(connector_id: str) -> dict[str, Any]:
    """Fetch Amazon's definitions if they changed; decide the run's scope.

    Returns:
        What later tasks load the definitions by, and the version that judges.
    """
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.definitions.stored import DefinitionDamaged, NoDefinition
    from amazon_listings.ledger.runs import last_run, next_attempt, start_run
    from amazon_listings.messages import catalogue
    from amazon_listings.runs.definitions import refresh_definitions
    from amazon_listings.runs.related_tables import keep_tables
    from amazon_listings.runs.scope import decide
    from amazon_listings.watch.drift import drift_since_last_run

    with _run(connector_id) as run:
        run.folder.clear_all()
        connector, ledger = run.connector, run.ledger
        params = run.context["params"]
        attempt = next_attempt(ledger, connector.key, run.run_id, run.context["dag_run"].clear_number)
        enter = functools.partial(
            start_run,
            ledger,
            connector_key=connector.key,
            run_id=run.run_id,
            attempt=attempt,
            fingerprint=connector.fingerprint,
        )
        # Before anything can fail: later tasks belong to this attempt, however it ends.
        enter(operation=params["operation"])
        client = SellingPartnerHook(connector.amazon.connection, connector.amazon.country).get_conn()
        storage = connections.storage()
        definitions = refresh_definitions(connector, client, storage)
        try:
            drift = drift_since_last_run(
                connector, definitions, storage=storage, ledger=ledger, run_id=run.run_id
            )
        except (NoDefinition, DefinitionDamaged) as error:
            drift = None  # the run itself does not need to know
            definitions["warnings"].append(error.worded(catalogue(language_of(connector))))
        if drift is not None:
            run.folder.note("changes", drift.to_json())
            for line in drift.told():
                log.info("%s", line)
        connector = keep_tables(connector, connections.tables(connector), run.folder)
        scope = decide(
            connector,
            params=params,
            interval=_backfill_interval(run.context),
            last=last_run(ledger, connector.key, params["operation"]),
            definition=definitions["checksum"],
        )
        run.folder.note("scope", scope.to_json())
        run.folder.note("definitions", definitions)
        enter(operation=scope.operation, scope=scope.kind, definition=definitions["checksum"])
        log.info("Scope: %s.", scope.in_words("en"))
        return definitions


@explained
def extract_products(connector_id: str) -> dict[str, Any]:
    """Read the PIM into the run's folder; counts and the names of the parts."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.runs.extract import extract_products as extract
    from amazon_listings.settings import settings
    from amazon_listings.sources.extraction import read_items

    with _run(connector_id) as run:
        summary = extract(
            run.connector,
            run.scope,
            read=functools.partial(read_items, connections.source(run.connector)),
            folder=run.folder,
            part_size=settings().part_size,
        )
        log.info(
            "%s items extracted, %s out of scope, %s unreadable.",
            summary["extracted"],
            summary["out_of_scope"],
            summary["unreadable"],
        )
        return summary


@explained
def check_quality(connector_id: str, definition: Mapping[str, Any], extract: Mapping[str, Any]) -> list[str]:
    """Check the extract with Great Expectations; the names of the parts, for mapping."""
    if not extract["parts"]:
        log.info("Nothing was extracted, so there is nothing to check.")
        return []
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.checks.quality import check_quality as check
    from amazon_listings.runs.definitions import load_definitions
    from amazon_listings.runs.item_states import stored_items

    with _run(connector_id) as run:
        storage = connections.storage()
        documents = load_definitions(definition, storage)
        present = functools.partial(stored_items, connections.ledger(), run.connector.key, run.connector)
        counts = check(run.connector, documents, run.folder, storage=storage, present=present)
        log.info("%s items checked, %s blocked.", f"{counts['checked']:,}", f"{counts['blocked']:,}")
        return list(extract["parts"])


@explained
def map_fields(connector_id: str, definition: Mapping[str, Any], part: str) -> dict[str, int]:
    """Map one part; counts of mapped items and of items with mapping errors."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.runs.definitions import load_definitions
    from amazon_listings.runs.map_fields import map_part

    with _run(connector_id) as run:
        documents = load_definitions(definition, connections.storage())
        counts = map_part(run.connector, documents, run.folder, part)
        log.info("%s: %s items mapped, %s with mapping errors.", part, counts["mapped"], counts["blocked"])
        return counts


@explained
def test_sync(connector_id: str, definition: Mapping[str, Any]) -> dict[str, int]:
    """Validate: locally, then by Amazon's preview. Nothing changes at Amazon. Counts by outcome."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
    from amazon_listings.checks.check_items import test_sync as run_test
    from amazon_listings.runs.definitions import load_definitions

    with _run(connector_id) as run:
        connector = run.connector
        client = SellingPartnerHook(connector.amazon.connection, connector.amazon.country).get_conn(
            preview_rate=connector.sync.preview_rate
        )
        summary = run_test(
            connector,
            run.scope,
            load_definitions(definition, connections.storage()),
            client=client,
            ledger=run.ledger,
            folder=run.folder,
        )
        log.info("Test sync: %s.", _in_words(summary))
        return summary


@explained
def live_sync(connector_id: str, definition: Mapping[str, Any], tested: Mapping[str, int]) -> dict[str, int]:
    """Submit what passed; skipped if the operation is test. Counts by outcome.

    Raises:
        TaskDeferred: feeds are awaited; to go on with `collect_feeds`.
    """
    with _run(connector_id) as run:
        if run.scope.operation == "test":
            raise AirflowSkipException("The operation is test: nothing is submitted.")
        log.info("%s of the tested items are ready to be submitted.", tested["ready"])
        sync = _live_sync_of(run, definition)
        return _ended(run.connector, sync, sync.send())


@explained
def collect_feeds(connector_id: str, definition: Mapping[str, Any]) -> dict[str, int]:
    """Enter the answers of the feeds that `live_sync` started, and send what waited for them.

    Raises:
        TaskDeferred: feeds are awaited; to be called again.
    """
    with _run(connector_id) as run:
        sync = _live_sync_of(run, definition)
        return _ended(run.connector, sync, sync.collect())


def _live_sync_of(run: _Run, definition: Mapping[str, Any]) -> LiveSync:
    """Return the live sync of a run that the ledger knows."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
    from amazon_listings.ledger.runs import run_number
    from amazon_listings.runs.definitions import load_definitions
    from amazon_listings.writes import live_sync as writes

    connector, ledger = run.connector, run.ledger
    number = run_number(ledger, connector.key, run.run_id)
    if number is None:
        raise ActionRequiredError("airflow.run_unknown")
    return writes.live_sync(
        connector,
        load_definitions(definition, connections.storage()),
        client=SellingPartnerHook(connector.amazon.connection, connector.amazon.country).get_conn(),
        ledger=ledger,
        run=number,
        folder=run.folder,
    )


def _ended(connector: Connector, sync: LiveSync, counts: dict[str, int]) -> dict[str, int]:
    """Return the counts, or leave the worker until the feeds of the run are through."""
    from amazon_listings.airflow_adapter.triggers import FeedsTrigger
    from amazon_listings.settings import settings
    from amazon_listings.writes.feeds.submit import PATIENCE

    log.info("Live sync: %s.", _in_words(counts))
    awaited = sync.awaited()
    if not awaited:
        return counts
    trigger = FeedsTrigger(
        connection_id=connector.amazon.connection,
        country=connector.amazon.country,
        feed_ids=[feed.feed_id for feed in awaited if feed.feed_id],
        interval=settings().feed_poll,
        until=(min(feed.created_at for feed in awaited) + PATIENCE).isoformat(),
    )
    raise TaskDeferred(trigger=trigger, method_name="resume")


@explained
def report(connector_id: str) -> dict[str, Any]:
    """Settle the run and write its report; fails if an earlier task failed.

    Returns:
        Counts by outcome, calls made, and `files`: where the report lies. What the PIM says stays there.
    """
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.messages import catalogue
    from amazon_listings.runs.finish import close_run
    from amazon_listings.runs.secret_age import secret_warning

    with _run(connector_id) as run:
        connector = run.connector
        try:
            account = connections.account(connector.amazon.connection, connector.amazon.country)
            messages = catalogue(language_of(connector))
            warnings = [secret_warning(account, datetime.now(UTC).date(), messages)]
        except ActionRequiredError:
            warnings = []  # the task that needed the account has said what is wrong with it
        summary = close_run(
            connector,
            ledger=run.ledger,
            folder=run.folder,
            run_id=run.run_id,
            warnings=[warning for warning in warnings if warning],
            unfinished=_unfinished(run.context),
        )
        for warning in summary["warnings"]:
            log.warning("%s", warning)
        log.info("Outcomes: %s.", _in_words(summary["counts"]))
        for name, place in summary["files"].items():
            log.info("%s: %s", name, place)
        if summary["failure"]:
            raise ActionRequiredError("airflow.run_failed", failure=summary["failure"])
        return {key: summary[key] for key in ("operation", "extracted", "counts", "calls", "files")}


def _unfinished(context: Mapping[str, Any]) -> list[str]:
    """Ids of the run's tasks that failed, as Airflow knows them."""
    ti = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[context["run_id"]])
    return sorted(
        task
        for task, state in states.get(context["run_id"], {}).items()
        if state in {"failed", "upstream_failed"}
    )


def _backfill_interval(context: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    run = context["dag_run"]
    if run.run_type != "backfill":
        return None
    return run.data_interval_start, run.data_interval_end


def _in_words(counts: Mapping[str, int]) -> str:
    told = (f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number)
    return ", ".join(told) or "no items"
