"""When connectors run by themselves: at the next time of their schedule, never for what is past.

Airflow's own timetable runs the last complete interval as soon as a DAG is unpaused, which may be hours
ago. Registered by the plugin, because the scheduler has to know the class.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.timetables.base import DagRunInfo
from airflow.timetables.interval import CronDataIntervalTimetable

if TYPE_CHECKING:
    from airflow.timetables.base import DataInterval, TimeRestriction, Timetable

#: So long after its time a run is still due: a DAG may be parsed before the scheduler has made the run.
GRACE = timedelta(minutes=5)


class UpcomingIntervalTimetable(CronDataIntervalTimetable):
    """A cron schedule whose first run after unpausing is the next one.

    Without catching up, an interval of the past is due only where it follows the last run without a gap:
    then it cannot be told whether the DAG was paused or the scheduler is late. Backfills, which ask for
    every interval, are as with Airflow's own timetable.
    """

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        """Return the timetable of serialised data; the same one for the same data.

        Airflow asks for it a dozen times for each DAG that it has parsed, and to make one takes it half a
        millisecond, in which it words the cron expression.
        """
        return cls._kept(data["expression"], data["timezone"])

    @classmethod
    @lru_cache(maxsize=4096)
    def _kept(cls, expression: str, timezone: str | int) -> Timetable:
        return super().deserialize({"expression": expression, "timezone": timezone})

    def next_dagrun_info(
        self,
        *,
        last_automated_data_interval: DataInterval | None,
        restriction: TimeRestriction,
    ) -> DagRunInfo | None:
        """Return the next interval that is to be run."""
        now = pendulum.now("UTC")
        if restriction.catchup or self._is_continuous(last_automated_data_interval, now):
            return super().next_dagrun_info(
                last_automated_data_interval=last_automated_data_interval, restriction=restriction
            )
        start = self._align_to_prev(now - self._grace(now))
        if restriction.earliest is not None and restriction.earliest > start:
            start = self._align_to_next(restriction.earliest)
        if last_automated_data_interval is not None:
            start = max(start, self._align_to_next(last_automated_data_interval.end))
        if restriction.latest is not None and start > restriction.latest:
            return None
        return DagRunInfo.interval(start=start, end=self._get_next(start))

    def _is_continuous(self, last: DataInterval | None, now: pendulum.DateTime) -> bool:
        """Return whether the last complete interval follows the last run, or is its own."""
        return last is not None and last.end >= self._get_prev(self._align_to_prev(now))

    def _grace(self, now: pendulum.DateTime) -> timedelta:
        """Return for how long a run is still due: at most half an interval."""
        start = self._align_to_prev(now)
        interval: timedelta = self._get_next(start) - start
        return min(GRACE, interval / 2)
