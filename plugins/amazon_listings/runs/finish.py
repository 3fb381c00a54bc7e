"""Close a run: settle its items, write its report, and enter the end in the ledger."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.languages import language_of
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.runs import finish_run, run_number
from amazon_listings.messages import catalogue
from amazon_listings.runs.folder import RunFilesGone
from amazon_listings.runs.issue_history import keep_history
from amazon_listings.runs.item_states import keep_states
from amazon_listings.runs.outcomes import OWED
from amazon_listings.runs.report import write_report
from amazon_listings.runs.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.folder import RunFolder

#: The order of the tasks, so that the first failure is the one told.
TASKS = (
    "refresh_definition",
    "extract_products",
    "check_quality",
    "map_fields",
    "test_sync",
    "live_sync",
)


def close_run(
    connector: Connector,
    *,
    ledger: Engine,
    folder: RunFolder,
    run_id: str,
    warnings: Sequence[str],
    unfinished: Sequence[str],
) -> dict[str, Any]:
    """Write the run's report and enter its outcome in the ledger.

    Args:
        connector: The connector that ran.
        ledger: The open ledger.
        folder: The run's folder.
        run_id: Airflow's DAG run id.
        warnings: Sentences about the installation (a secret that expires soon).
        unfinished: Ids of tasks that failed.

    Returns:
        The report's summary; `failure` is the sentence of the first task that failed, or None.

    Raises:
        RunAbortedError: the outcomes do not add up, or no task failed and the run's files are gone all the
            same; the ledger says so too.
    """
    scope_note = folder.noted("scope")
    scope = Scope.from_json(scope_note) if scope_note else None
    definitions = folder.noted("definitions") or {}
    calls: Counter[str] = Counter()
    for stage in ("tested", "live", "departed"):
        calls.update((folder.noted(stage) or {}).get("calls", {}))
    messages = catalogue(language_of(connector))
    failure = _failure(folder, unfinished, messages)
    facts = {
        "title": connector.title,
        "connector_id": connector.id,
        "country": connector.marketplace.country,
        "product_type": connector.amazon.product_type,
        "operation": scope.operation if scope else connector.sync.operation,
        "run_id": run_id,
        "reason": scope.in_words(language_of(connector)) if scope else "",
        "definition_version": definitions.get("version", "none"),
        "definition_fetched_at": definitions.get("fetched_at", "never"),
        "language": language_of(connector),
        "warnings": [*definitions.get("warnings", []), *warnings, *_warnings(folder)],
        "changes": folder.noted("changes"),
        "failure": failure,
        "calls": dict(calls),
    }
    number = run_number(ledger, connector.key, run_id)
    if number is not None:
        facts["history"] = keep_history(
            folder,
            ledger=ledger,
            connector_key=connector.key,
            run=number,
            complete=scope is not None and scope.kind == "everything" and not failure,
        )
    try:
        if failure is None and folder.noted("extract") is None:
            raise RunFilesGone
        summary = write_report(folder, facts)
    except RunAbortedError as error:
        if number is not None:
            finish_run(ledger, number, counts={}, calls=calls, cursor=None, failure=str(error))
        raise
    if number is not None:
        if scope is not None:
            keep_states(
                connector, scope, definitions, ledger=ledger, folder=folder, run=number, ended=not failure
            )
        extract = folder.noted("extract") or {}
        owed = any(summary["counts"][outcome] for outcome in OWED)
        complete = scope is not None and scope.moves_cursor and not owed
        finish_run(
            ledger,
            number,
            counts=summary["counts"],
            calls=calls,
            cursor=extract.get("cursor") if complete else None,
            failure=failure,
        )
    return summary


def _warnings(folder: RunFolder) -> list[str]:
    """What the steps of the run found worth knowing."""
    return [
        sentence
        for step in ("extract", "quality", "mapping")
        for sentence in (folder.noted(step) or {}).get("warnings", ())
    ]


def _failure(folder: RunFolder, unfinished: Sequence[str], messages: Catalogue) -> str | None:
    for task in TASKS:
        if any(failed.startswith(task) for failed in unfinished):
            note = folder.noted(f"failure-{task}")
            return note["sentence"] if note else messages.phrase("runs.task_failed", task=task)
    return None
