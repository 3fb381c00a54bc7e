"""Runs that Airflow ended before their report: killed, or marked by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.airflow_adapter.api_server import ended_runs
from amazon_listings.ledger.runs.history import abandon_run
from amazon_listings.ledger.runs.overview import runs_going_on
from amazon_listings.remarks import remark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector


def end_abandoned_runs(ledger: Engine, by_key: Mapping[str, Connector]) -> None:
    """End the runs in the ledger that Airflow has ended: no report ever will.

    Args:
        ledger: The open ledger.
        by_key: Of these connectors, by their keys.
    """
    going = {(by_key[run.connector_key].dag_id, run.run_id): run for run in runs_going_on(ledger, by_key)}
    for place in ended_runs(going) if going else ():
        run = going[place]
        abandon_run(ledger, run.number, remark("web.run.abandoned"))
