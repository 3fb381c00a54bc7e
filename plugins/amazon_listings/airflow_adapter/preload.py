"""Imports what the tasks of connectors use, so that a process forked afterwards starts its task at once.

Airflow starts a process for each task, and importing our modules is most of the work of a task that has
nothing to do. The scheduler's forkserver imports this module first where the configuration says so
(docs/operations.md). Great Expectations is left out: it is large, and an unchanged run does without it.
"""

import airflow.executors.local_executor
import airflow.sdk.execution_time.task_runner  # noqa: F401 - imported for the processes that are forked

import amazon_listings.airflow_adapter.connector_dags
import amazon_listings.airflow_adapter.installation
import amazon_listings.airflow_adapter.rollbacks
import amazon_listings.airflow_adapter.triggers
import amazon_listings.approvals.decisions
import amazon_listings.checks.check_items
import amazon_listings.ledger.documents
import amazon_listings.pipeline
import amazon_listings.runs.affected
import amazon_listings.runs.extract
import amazon_listings.runs.finish
import amazon_listings.runs.heap
import amazon_listings.runs.map_fields
import amazon_listings.runs.related_tables
import amazon_listings.runs.scope
import amazon_listings.runs.secret_age
import amazon_listings.watch.drift
import amazon_listings.writes.live_sync  # noqa: F401
