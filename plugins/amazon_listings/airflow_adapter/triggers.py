"""What waits for Amazon while no worker is occupied."""

from __future__ import annotations

import asyncio
import functools
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
from amazon_listings.airflow_adapter.installation import AirflowInstallation
from amazon_listings.approvals.stopping import brake as brake_of
from amazon_listings.errors import AmazonListingsError, RetryableError
from amazon_listings.runs.context import resume_run
from amazon_listings.selling_partner import feeds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.calls.client import SellingPartner

log = logging.getLogger(__name__)


class FeedsTrigger(BaseTrigger):
    """Fires when all of some feeds are through, when their connector was stopped, or when the time is over.

    It says only that it is time to look; the task then asks Amazon itself, and cancels feeds if it was
    stopped. So nothing but names is
    kept of it in Airflow's database.

    Args:
        connection_id: The Airflow connection of the account.
        country: Whose marketplace.
        feed_ids: The feeds. None of them: fires after one interval.
        interval: Seconds between two questions; the first comes after one interval.
        until: When to stop waiting (ISO 8601).
        connector_key: Whose run started the feeds; with `run_id` and `attempt` the run that a stop ends. None
            of them: it was stopped already, and only waits for what Amazon had begun.
        run_id: Airflow's DAG run id.
        attempt: Which attempt of the run.
    """

    def __init__(
        self,
        *,
        connection_id: str,
        country: str,
        feed_ids: list[str],
        interval: float,
        until: str,
        connector_key: str = "",
        run_id: str = "",
        attempt: int = 0,
    ) -> None:
        super().__init__()
        self.connection_id = connection_id
        self.country = country
        self.feed_ids = feed_ids
        self.interval = interval
        self.until = until
        self.connector_key = connector_key
        self.run_id = run_id
        self.attempt = attempt

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow keeps of it."""
        places = ("connection_id", "country", "feed_ids", "interval", "until")
        names = (*places, "connector_key", "run_id", "attempt")
        kwargs = {name: getattr(self, name) for name in names}
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ask in a thread, because the client blocks; the event loop is every trigger's."""
        open_feeds = list(self.feed_ids)
        client: SellingPartner | None = None
        brake: Callable[[], Message | None] | None = None
        until = datetime.fromisoformat(self.until)
        while datetime.now(UTC) < until:
            await asyncio.sleep(self.interval)
            try:
                if self.connector_key:
                    if brake is None:
                        brake = await asyncio.to_thread(self._brake)
                    if await asyncio.to_thread(brake) is not None:
                        break
                if client is None:
                    client = await asyncio.to_thread(self._client)
                open_feeds = await asyncio.to_thread(_still_open, client, open_feeds)
            except RetryableError as error:
                log.warning("%s", error)
                continue
            except AmazonListingsError as error:
                # The task meets it too, and explains it.
                log.warning("%s", error)
                break
            if not open_feeds:
                break
        yield TriggerEvent({"through": [one for one in self.feed_ids if one not in open_feeds]})

    def _client(self) -> SellingPartner:
        return SellingPartnerHook(self.connection_id, self.country).get_conn()

    def _brake(self) -> Callable[[], Message | None]:
        """Return what says why the run may not send any more; it reads the ledger and Airflow's Variables."""
        installation = AirflowInstallation()
        run = resume_run(self.connector_key, self.run_id, self.attempt, installation.storage)
        configured = functools.partial(installation.halted, run.connector)
        return brake_of(installation.ledger, run.connector, configured)


def _still_open(client: SellingPartner, feed_ids: list[str]) -> list[str]:
    """Return those that are not through, or are without a report."""
    still = []
    for feed_id in feed_ids:
        feed = feeds.get(client, feed_id)
        if not feed.finished or (feed.state == "DONE" and feed.report_id is None):
            still.append(feed_id)
    return still
