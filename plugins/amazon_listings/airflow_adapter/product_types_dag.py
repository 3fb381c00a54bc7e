"""The daily DAG `amazon_product_types`: refreshes the product types in use, and says what changed.

Each pair of documents that connectors work with is refreshed once, in a mapped task of its own, so that
one that fails does not keep the others from being looked at.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, TriggerRule, get_current_context, task

from amazon_listings.airflow_adapter.dag_docs import runbook
from amazon_listings.airflow_adapter.dag_factory import FIRST_DAY
from amazon_listings.airflow_adapter.failures import explained, task_defaults
from amazon_listings.errors import ActionRequiredError
from amazon_listings.messages import catalogue, log_line, write_log_in
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.messages import Catalogue

log = logging.getLogger(__name__)


def product_types_dag() -> DAG:
    """Return the DAG; which connectors there are is only asked when it runs."""
    messages = catalogue(settings().language)
    with DAG(
        dag_id="amazon_product_types",
        dag_display_name=messages.phrase("types_dag.title"),
        description=messages.phrase("types_dag.description"),
        doc_md=_docs(messages),
        schedule="0 3 * * *",
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=1,
        tags={"amazon-listings", "product-types"},
        default_args=task_defaults("amazon_listings"),
        fail_fast=False,
    ) as dag:
        step = functools.partial(task, multiple_outputs=False)
        pairs = step(task_id="list_product_types")(list_product_types)()
        looked = step(
            task_id="refresh_product_type",
            map_index_template="{{ task.op_kwargs['connectors'] | join(', ') }}",
        )(refresh_product_type).expand(connectors=pairs)
        told = step(task_id="report", trigger_rule=TriggerRule.ALL_DONE, retries=0)(report)(pairs)
        looked >> told
    return dag


def _docs(messages: Catalogue) -> str:
    """Return the DAG's runbook in Markdown."""
    tasks = (
        ("list_product_types", "types_dag.list_fails", "types_dag.administrator"),
        ("refresh_product_type", "types_dag.amazon_fails", "dag.doc.passes"),
        ("", "types_dag.refused", "dag.doc.amazon_owner"),
        ("report", "types_dag.report_fails", "types_dag.see_log"),
    )
    return runbook(messages, "types_dag", tasks)


@explained
def list_product_types() -> list[list[str]]:
    """Return the ids of the connectors that share a pair of documents, for each pair."""
    from amazon_listings.airflow_adapter.configured import declared
    from amazon_listings.watch.product_types import pairs

    loaded = declared()
    for broken in loaded.broken:
        log.warning("%s", log_line("log.connector_broken", connector=broken.id))
    return pairs(loaded.connectors)


@explained
def refresh_product_type(connectors: Sequence[str]) -> dict[str, Any]:
    """Refresh one pair of documents; what it is, and how many changes and people it takes."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.airflow_adapter.configured import connector_named
    from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.watch.product_types import look, needs_a_person

    found = [connector_named(name) for name in connectors]
    amazon = found[0].amazon
    client = SellingPartnerHook(amazon.connection, amazon.country).get_conn()
    told, drift = look(
        found, client, connections.storage(), connections.ledger(), get_current_context()["run_id"]
    )
    write_log_in(language_of(found[0]))
    names = ("product_type", "country", "version")
    log.info("%s", log_line("log.product_type", **{name: told[name] for name in names}))
    for warning in told["warnings"]:
        log.warning("%s", warning)
    for line in drift.told() if drift else [log_line("log.nothing_changed")]:
        log.info("%s", line)
    return {name: told[name] for name in ("product_type", "country", "locale", "version", "connectors")} | {
        "changes": len(drift.changes) if drift else 0,
        "person": len(list(needs_a_person(told["changes"] or {}))),
    }


@explained
def report(pairs: Sequence[Sequence[str]] | None) -> dict[str, Any]:
    """Write the look's page; what needs a person is a warning, and nothing else is.

    Raises:
        ActionRequiredError: some product types could not be refreshed.
    """
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.watch.product_types import write_look

    found = write_look(connections.storage(), get_current_context()["run_id"], pairs or [])
    for sentence in found["person"]:
        log.warning("%s", sentence)
    if not found["person"]:
        log.info("%s", log_line("log.no_action_needed"))
    log.info("report.html: %s", found["file"])
    if pairs is None or found["missing"]:
        raise ActionRequiredError(
            "airflow.product_types_missing" if found["missing"] else "airflow.connectors_unread",
            missing=found["missing"],
        )
    return {"person": found["person"], "file": found["file"]}
