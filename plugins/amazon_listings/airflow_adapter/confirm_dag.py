"""The DAG that confirms: one for all connectors.

It starts when a connector's listings were updated, and every 15 minutes. A run reads what is due until
nothing more comes due within its quarter of an hour; in between it occupies no worker.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import (
    DAG,
    AssetAny,
    AssetOrTimeSchedule,
    BaseOperator,
    CronTriggerTimetable,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import TaskDeferred

from amazon_listings.airflow_adapter.configured import connector_named, declared
from amazon_listings.airflow_adapter.dag_docs import runbook
from amazon_listings.airflow_adapter.dag_factory import FIRST_DAY, listings_asset
from amazon_listings.airflow_adapter.failures import explained, task_defaults
from amazon_listings.errors import AmazonListingsError
from amazon_listings.messages import catalogue, log_line, write_log_in
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import Asset, Context

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.definitions import Definitions

log = logging.getLogger(__name__)

DAG_ID = "amazon_confirm"
MINUTES = 15
INTERVAL = timedelta(minutes=MINUTES)
#: Seconds after which a listing that could not be read is tried again.
PAUSE = timedelta(minutes=1)


def confirm_dag() -> DAG:
    """Return the DAG `amazon_confirm`."""
    quarter_hourly = CronTriggerTimetable(f"*/{MINUTES} * * * *", timezone="UTC")
    assets = _assets()
    messages = catalogue(settings().language)
    with DAG(
        dag_id=DAG_ID,
        dag_display_name=messages.phrase("confirm_dag.title"),
        description=messages.phrase("confirm_dag.description"),
        doc_md=_docs(messages),
        schedule=AssetOrTimeSchedule(timetable=quarter_hourly, assets=AssetAny(*assets))
        if assets
        else quarter_hourly,
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={"amazon-listings", "confirm"},
        default_args=task_defaults("amazon_listings"),
    ) as dag:
        found = task(task_id="due", multiple_outputs=False)(due)()
        ConfirmOperator.partial(task_id="confirm", map_index_template="{{ task.connector_id }}").expand(
            connector_id=found
        )
    return dag


def _docs(messages: Catalogue) -> str:
    """Return the DAG's runbook in Markdown."""
    tasks = (
        ("due", "confirm_dag.due_fails", "dag.doc.passes"),
        ("confirm", "confirm_dag.amazon_fails", "dag.doc.passes"),
        ("", "confirm_dag.refused", "dag.doc.amazon_owner"),
    )
    return runbook(messages, "confirm_dag", tasks)


def _assets() -> list[Asset]:
    """Return what starts a run: the listings of every connector."""
    if get_parsing_context().dag_id:
        return []  # in a task the schedule does not matter, and reading every connector takes time
    try:
        connectors = declared().connectors
    except AmazonListingsError:
        return []  # the file of the connectors' DAGs says what is wrong
    return [listings_asset(connector.id) for connector in connectors if connector.enabled]


@explained
def due() -> list[str]:
    """Return the connectors that have listings to be read within the interval."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.ledger.writes.confirmations import next_due
    from amazon_listings.ledger.writes.sweeps import sweep_is_due

    ledger = connections.ledger()
    horizon = datetime.now(UTC) + INTERVAL
    keys = {one.id: find_key(ledger, one.id, one.was) for one in declared().connectors}
    moments = {name: next_due(ledger, key) for name, key in keys.items() if key is not None}
    now = datetime.now(UTC)
    unseen = {name for name, key in keys.items() if key is not None and sweep_is_due(ledger, key, now=now)}
    found = [
        name
        for name, moment in moments.items()
        if name in unseen or (moment is not None and moment <= horizon)
    ]
    log.info("%s", log_line("log.to_be_read", connectors=found) if found else log_line("log.none_to_be_read"))
    return found


class ConfirmOperator(BaseOperator):
    """Reads the listings of a connector that are due, then waits for the next ones, without a worker.

    Args:
        connector_id: Whose listings.
    """

    template_fields = ("connector_id",)

    def __init__(self, *, connector_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connector_id = connector_id

    def execute(self, context: Context) -> dict[str, int]:
        """Read what is due; defers if more comes due within the interval. Listings by state."""
        return look(self.connector_id, until=_end(context))

    def resume(self, context: Context, event: object) -> dict[str, int]:  # noqa: ARG002 - Airflow's signature
        """Read what has come due. Listings by state."""
        return look(self.connector_id, until=_end(context))


@explained
def look(connector_id: str, *, until: datetime) -> dict[str, int]:
    """Read the listings of a connector that are due.

    Raises:
        TaskDeferred: more come due before `until`.
    """
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
    from amazon_listings.confirm.checks import confirm
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.ledger.connectors.keys import keyed
    from amazon_listings.ledger.writes.confirmations import next_due
    from amazon_listings.runs.definitions import definition_key, stored_definitions
    from amazon_listings.runs.outcomes import counted_outcomes
    from amazon_listings.watch.sweep import sweep

    ledger, storage = connections.ledger(), connections.storage()
    connector = keyed(ledger, connector_named(connector_id))
    write_log_in(language_of(connector))
    client = SellingPartnerHook(connector.amazon.connection, connector.amazon.country).get_conn()
    key = definition_key(connector, client.account.seller_id)
    definitions = stored_definitions(key, connector.marketplace, storage)
    counts = confirm(
        connector,
        definitions,
        client=client,
        ledger=ledger,
        storage=storage,
        beside=lambda: _beside(connector, client.account.seller_id),
    )
    log.info("%s", log_line("log.read_back", counts=counted_outcomes(counts, "log.nothing_due")))
    swept = sweep(
        connector,
        client=client,
        ledger=ledger,
        now=datetime.now(UTC),
        beside=[one for one, _ in _beside(connector, client.account.seller_id)],
    )
    found = {name: swept.get(name, 0) for name in ("there", "gone", "missed")}
    log.info("%s", log_line("log.swept", **found))
    moment = next_due(ledger, connector.key)
    now = datetime.now(UTC)
    if moment is not None and now < until and moment <= until:
        wake = moment if moment > now else now + PAUSE
        raise TaskDeferred(trigger=DateTimeTrigger(moment=wake), method_name="resume")
    return counts


def _beside(connector: Connector, seller_id: str) -> Iterator[tuple[Connector, Definitions]]:
    """Yield the account's connectors in other marketplaces of the region, with their definitions."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.ledger.connectors.keys import find_key, keyed
    from amazon_listings.runs.definitions import definition_key, stored_definitions

    ledger, storage = connections.ledger(), connections.storage()
    here = connector.marketplace
    for one in declared().connectors:
        there = one.marketplace
        same = one.amazon.connection == connector.amazon.connection and there.region == here.region
        if not same or there.id == here.id or not one.enabled or find_key(ledger, one.id, one.was) is None:
            continue
        try:
            yield (
                keyed(ledger, one),
                stored_definitions(definition_key(one, seller_id), there, storage),
            )
        except AmazonListingsError:
            continue  # it never ran, or its own task says what is wrong


def _end(context: Context) -> datetime:
    """Return the end of the run's quarter of an hour."""
    started: datetime = context["dag_run"].start_date or datetime.now(UTC)
    return started + INTERVAL
