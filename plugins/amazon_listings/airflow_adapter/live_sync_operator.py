"""The task `live_sync`: a task that leaves its worker while Amazon processes feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from amazon_listings.airflow_adapter import tasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context


class LiveSyncOperator(BaseOperator):
    """Submits what passed the test sync, one by one or by feeds.

    A try that is killed starts again at `execute`, and finds in the ledger what was sent.

    Args:
        connector_id: The connector that runs.
        definition: What `refresh_definition` returned.
    """

    template_fields: ClassVar[Sequence[str]] = ("definition",)

    def __init__(self, *, connector_id: str, definition: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connector_id = connector_id
        self.definition = definition

    def execute(self, context: Context) -> dict[str, int]:
        """Submit; defers while feeds are under way. Counts by outcome."""
        return self._told(context, tasks.live_sync(self.connector_id, self.definition))

    def resume(self, context: Context, event: Mapping[str, Any]) -> dict[str, int]:  # noqa: ARG002 - Airflow's signature
        """Go on when the feeds are through, or it is time to stop waiting. Counts by outcome."""
        return self._told(context, tasks.collect_feeds(self.connector_id, self.definition))

    def _told(self, context: Context, counts: dict[str, int]) -> dict[str, int]:
        """Return the counts, and let the events of the listings carry them."""
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {"counts": counts}
        return counts
