"""Stops: find out, between two batches of writes, whether a run may go on sending."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amazon_listings.ledger.connectors.stops import ALL, stop_of
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Message

#: An Airflow Variable that stops connectors: `all`, or their ids.
VARIABLE = "amazon_listings_stop"
_EVERY = frozenset({"all", "true", "yes", "1", "*"})


def entries_that_stop(text: str | None, connector_id: str) -> list[str]:
    """Return the entries of the Variable that stop a connector: its id, a word for all, or both."""
    names = (name.strip(" \t\r\n\"'[]") for name in re.split(r"[\s,]+", text or ""))
    return [name for name in names if name == connector_id or name.lower() in _EVERY]


def switched_off(began: Connector, now: Connector | None) -> Message | None:
    """Return why a connector that was edited while its run sends must not send any more; None if it may.

    Args:
        began: The connector as its run began.
        now: The connector as it is configured now; None if it is not there any more.
    """
    if now is None:
        return message("approval.stopped_gone", connector=began.id)
    if not now.enabled:
        return message("approval.stopped_disabled", connector=began.id)
    if began.sync.operation == "live" and now.sync.operation == "test":
        return message("approval.stopped_test", connector=began.id)
    return None


def brake(
    ledger: Engine, connector: Connector, configured: Callable[[], Message | None]
) -> Callable[[], Message | None]:
    """Return what says whether a connector may send: None, or the message that says why not.

    Args:
        ledger: The open ledger.
        connector: The connector as its run began.
        configured: Says the same, from how the connector is configured now.
    """

    def stopped() -> Message | None:
        stop = stop_of(ledger, connector.key)
        if stop is None:
            return configured()
        code = "approval.stopped_all" if stop.connector_key == ALL else "approval.stopped"
        return message(code, connector=connector.id, who=stop.stopped_by or "?", moment=stop.stopped_at)

    return stopped
