"""What waits for Amazon while no worker is occupied."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.selling_partner import feeds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from amazon_listings.selling_partner.client import SellingPartner

log = logging.getLogger(__name__)


class FeedsTrigger(BaseTrigger):
    """Fires when all of some feeds are through, or when it is time to stop waiting.

    It says only that it is time to look; the task then asks Amazon itself. So nothing but names is
    kept of it in Airflow's database.

    Args:
        connection_id: The Airflow connection of the account.
        country: Whose marketplace.
        feed_ids: The feeds. None of them: fires after one interval.
        interval: Seconds between two questions; the first comes after one interval.
        until: When to stop waiting (ISO 8601).
    """

    def __init__(
        self, *, connection_id: str, country: str, feed_ids: list[str], interval: float, until: str
    ) -> None:
        super().__init__()
        self.connection_id = connection_id
        self.country = country
        self.feed_ids = feed_ids
        self.interval = interval
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What Airflow keeps of it."""
        names = ("connection_id", "country", "feed_ids", "interval", "until")
        kwargs = {name: getattr(self, name) for name in names}
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ask in a thread, because the client blocks; the event loop is every trigger's."""
        open_feeds = list(self.feed_ids)
        client: SellingPartner | None = None
        until = datetime.fromisoformat(self.until)
        while datetime.now(UTC) < until:
            await asyncio.sleep(self.interval)
            try:
                if client is None:
                    client = await asyncio.to_thread(self._client)
                open_feeds = await asyncio.to_thread(_still_open, client, open_feeds)
            except RetryableError as error:
                log.warning("%s", error)
                continue
            except ActionRequiredError as error:
                # The task meets it too, and explains it.
                log.warning("%s", error)
                break
            if not open_feeds:
                break
        yield TriggerEvent({"through": [one for one in self.feed_ids if one not in open_feeds]})

    def _client(self) -> SellingPartner:
        return SellingPartnerHook(self.connection_id, self.country).get_conn()


def _still_open(client: SellingPartner, feed_ids: list[str]) -> list[str]:
    """Those that are not through, or are without a report."""
    still = []
    for feed_id in feed_ids:
        feed = feeds.get(client, feed_id)
        if not feed.finished or (feed.state == "DONE" and feed.report_id is None):
            still.append(feed_id)
    return still
