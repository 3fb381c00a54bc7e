"""One DAG per connector.

Runs whenever Airflow parses a DAG file of connectors, so it does no work: it reads the connector's
document and lays out tasks. What the tasks do is in `tasks.py`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import DAG, Asset, Param, TriggerRule, task

from amazon_listings.airflow_adapter import tasks
from amazon_listings.airflow_adapter.dag_docs import dag_docs
from amazon_listings.airflow_adapter.failures import LONG_WORK, QUOTA_BOUND_WORK, task_defaults
from amazon_listings.airflow_adapter.live_sync_operator import LiveSyncOperator
from amazon_listings.airflow_adapter.timetable import UpcomingIntervalTimetable
from amazon_listings.connectors.languages import language_of
from amazon_listings.messages import catalogue
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from amazon_listings.connectors.model import BrokenConnector, Connector

#: Runs of a connector at a time: waiting for Amazon, by schedule, tests. Only sending is serialised.
RUNS = 4

#: A DAG needs a date before which it never runs; backfills may reach back to it.
FIRST_DAY = pendulum.datetime(2024, 1, 1, tz="UTC")


def build_dag(connector: Connector) -> DAG:
    """Build the DAG of a connector: id `amazon_<connector id>`, schedule and parameters from its document."""
    with DAG(
        dag_id=connector.dag_id,
        dag_display_name=connector.title,
        description=catalogue(language_of(connector)).phrase(
            "dag.description",
            product_type=connector.amazon.product_type,
            marketplace=connector.marketplace.shop,
        ),
        doc_md=dag_docs(connector),
        schedule=_schedule(connector),
        start_date=_start(connector),
        catchup=False,
        max_active_runs=RUNS,
        tags={
            "amazon-listings",
            connector.marketplace.country,
            connector.amazon.product_type,
            connector.sync.operation,
            *connector.tags,
        },
        default_args=task_defaults(connector.owner),
        fail_fast=False,
    ) as dag:
        _lay_out(connector.id)
    # After the tasks: each would keep a copy, and Airflow checks every copy's schema again and again while
    # it parses, which is most of the parse of many connectors.
    dag.params.update(_params(connector))
    return dag


def build_broken_dag(broken: BrokenConnector) -> DAG:
    """Return the DAG of a connector whose Variable is broken; its runs end with the sentence that says why.

    It has no schedule, and its documentation is the sentence.
    """
    say = catalogue(settings().language).phrase
    with DAG(
        dag_id=f"amazon_{broken.id}",
        description=say("dag.broken_description"),
        doc_md=f"### {broken.id}\n\n{say('dag.broken_doc')}\n\n{_quoted(broken.text)}",
        schedule=None,
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=1,
        tags={"amazon-listings", "broken"},
        default_args=task_defaults("amazon_listings"),
    ) as dag:
        _lay_out(broken.id)
    return dag


def _quoted(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def listings_asset(connector_id: str) -> Asset:
    """Return what stands for a connector's listings at Amazon: updated by every live sync."""
    # A name without a URI's scheme: for each scheme Airflow imports every provider to find who knows it.
    return Asset(name=f"listings_{connector_id}")


def _lay_out(connector_id: str) -> None:
    # What a task returns is one XCom; Airflow would add one for each of its keys.
    step = functools.partial(task, multiple_outputs=False)
    definition = step(task_id="refresh_definition")(tasks.refresh_definition)(connector_id)
    extract = step(task_id="extract_products", execution_timeout=LONG_WORK)(tasks.extract_products)(
        connector_id, definition
    )
    quality = step(task_id="check_quality")(tasks.check_quality)(connector_id, definition, extract)
    mapped = (
        step(task_id="map_fields", map_index_template="{{ task.op_kwargs['part'] }}")(tasks.map_fields)
        .partial(connector_id=connector_id, definition=definition)
        .expand(part=quality)
    )
    # Without items nothing is mapped, and there may still be listings to take off sale.
    unfailed = step(
        task_id="test_sync", trigger_rule=TriggerRule.NONE_FAILED, execution_timeout=QUOTA_BOUND_WORK
    )
    tested = unfailed(tasks.test_sync)(connector_id, definition)
    approved = step(task_id="approve")(tasks.approve)(connector_id, definition)
    sent = LiveSyncOperator(
        task_id="live_sync",
        execution_timeout=QUOTA_BOUND_WORK,
        # A run that waits for the lease would keep a worker; one that waits for a feed keeps none.
        max_active_tis_per_dag=1,
        outlets=[listings_asset(connector_id)],
        connector_id=connector_id,
        definition=definition,
    )
    closing = step(task_id="report", trigger_rule=TriggerRule.ALL_DONE, retries=0)
    report = closing(tasks.report)(connector_id, definition)
    mapped >> tested >> approved >> sent
    [definition, extract, quality, mapped, tested, approved, sent] >> report


def _schedule(connector: Connector) -> Any:
    """Return the schedule as data intervals, so that a backfill knows which changes are whose."""
    if connector.sync.schedule is None:
        return None
    presets = {
        "@hourly": "0 * * * *",
        "@daily": "0 0 * * *",
        "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *",
        "@quarterly": "0 0 1 */3 *",
        "@yearly": "0 0 1 1 *",
    }
    cron = presets.get(connector.sync.schedule, connector.sync.schedule)
    return _timetable(cron, connector.sync.timezone)


@functools.lru_cache(maxsize=4096)
def _timetable(cron: str, timezone: str) -> UpcomingIntervalTimetable:
    """Return the timetable of a schedule; many connectors share one, and to make it takes Airflow time."""
    return UpcomingIntervalTimetable(cron, timezone=timezone)


def _start(connector: Connector) -> pendulum.DateTime:
    if connector.sync.start_date is None:
        return FIRST_DAY
    return pendulum.parse(connector.sync.start_date, tz=connector.sync.timezone)  # type: ignore[return-value]


def _params(connector: Connector) -> dict[str, Param]:
    messages = catalogue(language_of(connector))

    def param(name: str, default: object, **schema: Any) -> Param:
        text = messages.phrase(f"dag.{name}_help", operation=connector.sync.operation)
        return Param(default, title=messages.phrase(f"dag.{name}"), description_md=text, **schema)

    return {
        "operation": param("operation", "test", type="string", enum=["test", "live"]),
        "selection": param(
            "selection", "changed", type="string", enum=["changed", "everything", "affected", "approved"]
        ),
        "skus": param("skus", [], type=["array", "null"], items={"type": "string"}),
        "force": param("force", default=False, type="boolean"),
    }
