"""Imports and reads what the tasks of connectors use, so that a process forked afterwards starts at once.

Airflow starts a process for each task, and importing our modules is most of the work of a task that has
nothing to do. The scheduler's forkserver imports this module first where the configuration says so
(docs/operations.md). Great Expectations is left out: it is large, and a run does without it
if all that it would check is as it was.
"""

import airflow.dag_processing.dagbag
import airflow.executors.local_executor
import airflow.sdk.execution_time.supervisor
import airflow.sdk.execution_time.task_runner  # noqa: F401
import babel.dates
import babel.lists
import babel.numbers  # noqa: F401 - imported for the processes that are forked

import amazon_listings.airflow_adapter.connector_dags
import amazon_listings.airflow_adapter.installation
import amazon_listings.airflow_adapter.rollbacks
import amazon_listings.airflow_adapter.triggers
import amazon_listings.approvals.decisions
import amazon_listings.checks.check_items
import amazon_listings.checks.quality.former
import amazon_listings.ledger.runs.documents
import amazon_listings.pipeline
import amazon_listings.runs.affected
import amazon_listings.runs.extract.products
import amazon_listings.runs.extract.related_tables
import amazon_listings.runs.finish.ending
import amazon_listings.runs.heap
import amazon_listings.runs.idle
import amazon_listings.runs.map_fields
import amazon_listings.runs.scope
import amazon_listings.runs.secret_age
import amazon_listings.watch.drift
import amazon_listings.writes.live_sync  # noqa: F401
from amazon_listings.messages import catalogue, languages

# Each task words something, if only its log: messages, and how numbers and lists are written.
for _language in languages():
    catalogue(_language).locale.list_patterns  # noqa: B018 - is read from Babel's files
