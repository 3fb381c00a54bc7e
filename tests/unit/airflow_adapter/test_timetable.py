"""When a connector runs by itself, with every boundary, pause and delay of a scheduler simulated."""

import pendulum
import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables import interval as airflow_interval
from airflow.timetables.base import DataInterval, TimeRestriction

from amazon_listings.airflow_adapter import timetable
from amazon_listings.airflow_adapter.timetable import UpcomingIntervalTimetable
from amazon_listings.web.plugin import AmazonListingsPlugin

ALWAYS = TimeRestriction(earliest=pendulum.datetime(2024, 1, 1), latest=None, catchup=False)


@pytest.fixture
def at(monkeypatch):
    """Return the next run as Airflow computes it at a moment, given the end of the last run's interval."""

    def at(now, last_end=None, *, cron="0 * * * *", zone="UTC", restriction=ALWAYS):
        moment = pendulum.parse(now)
        monkeypatch.setattr(timetable.pendulum, "now", lambda *_: moment)
        monkeypatch.setattr(airflow_interval, "utcnow", lambda: moment)
        table = UpcomingIntervalTimetable(cron, timezone=zone)
        last = None
        if last_end:
            end = pendulum.parse(last_end)
            last = DataInterval(start=table._get_prev(end), end=end)
        found = table.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        return found and (found.data_interval.start.isoformat()[:16], found.run_after.isoformat()[:16])

    return at


def test_a_dag_that_never_ran_waits_for_its_next_time(at):
    assert at("2026-11-28T10:35") == ("2026-11-28T10:00", "2026-11-28T11:00")


def test_a_run_stays_due_until_the_scheduler_has_made_it(at):
    """The DAG may be parsed again between its time and the scheduler's look."""
    assert at("2026-11-28T11:00:01") == ("2026-11-28T10:00", "2026-11-28T11:00")
    assert at("2026-11-28T11:04:59") == ("2026-11-28T10:00", "2026-11-28T11:00")
    assert at("2026-11-28T11:05:01") == ("2026-11-28T11:00", "2026-11-28T12:00")


@pytest.mark.parametrize("minute", ["00:01", "04:59", "05:01", "40:00", "59:59"])
def test_after_a_run_the_next_interval_follows_and_is_never_lost(at, minute):
    assert at(f"2026-11-28T11:{minute}", "2026-11-28T11:00") == ("2026-11-28T11:00", "2026-11-28T12:00")
    # The scheduler is late: it cannot be told from a pause over one boundary.
    assert at(f"2026-11-28T12:{minute}", "2026-11-28T11:00") == ("2026-11-28T11:00", "2026-11-28T12:00")


def test_a_longer_pause_runs_nothing_of_the_past(at):
    assert at("2026-11-28T13:35", "2026-11-28T11:00") == ("2026-11-28T13:00", "2026-11-28T14:00")
    assert at("2026-11-30T13:35", "2026-11-28T11:00") == ("2026-11-30T13:00", "2026-11-30T14:00")


def test_of_short_intervals_a_run_is_due_for_half_of_one(at):
    assert at("2026-11-28T11:00:20", cron="* * * * *") == ("2026-11-28T10:59", "2026-11-28T11:00")
    assert at("2026-11-28T11:00:40", cron="* * * * *") == ("2026-11-28T11:00", "2026-11-28T11:01")


def test_every_minute_runs_once_whenever_the_dag_is_parsed(at):
    """A minute's schedule, parsed every 7 s, made by the scheduler up to 20 s late."""
    start = pendulum.datetime(2026, 11, 28, 11, 0, 1)
    last, runs = None, []
    for step in range(80):
        now = start.add(seconds=7 * step)
        due = at(now.isoformat(), last, cron="* * * * *")
        if pendulum.parse(due[1]).add(seconds=step % 20) <= now:
            runs.append(due[1][-5:])
            last = due[1]
    assert runs == [f"11:0{minute}" for minute in range(10)][: len(runs)]
    assert len(runs) >= 9


def test_summer_time_ends_and_begins(at):
    """A day of 25 and one of 23 hours; midnight is midnight in the connector's zone."""
    zone = {"cron": "0 0 * * *", "zone": "Europe/Madrid"}
    assert at("2026-10-24T23:30", **zone) == ("2026-10-24T22:00", "2026-10-25T23:00")
    assert at("2026-03-28T23:30", **zone) == ("2026-03-28T23:00", "2026-03-29T22:00")


def test_not_before_the_first_day_nor_after_the_last(at):
    late = TimeRestriction(earliest=pendulum.datetime(2026, 12, 24), latest=None, catchup=False)
    assert at("2026-11-28T10:35", restriction=late) == ("2026-12-24T00:00", "2026-12-24T01:00")
    over = TimeRestriction(earliest=None, latest=pendulum.datetime(2026, 11, 1), catchup=False)
    assert at("2026-11-28T10:35", restriction=over) is None


@pytest.fixture
def serialised():
    """Return the DAG of a schedule as the scheduler has it."""

    def serialised(cron, zone):
        schedule = UpcomingIntervalTimetable(cron, timezone=zone)
        dag = DAG("one", schedule=schedule, start_date=pendulum.datetime(2024, 1, 1))
        return DagSerialization.from_dict(DagSerialization.to_dict(dag))

    return serialised


def test_a_backfill_has_every_interval(serialised):
    since, until = pendulum.datetime(2026, 11, 1), pendulum.datetime(2026, 11, 4)
    found = serialised("0 0 * * *", "UTC").iter_dagrun_infos_between(since, until)
    intervals = [one.data_interval for one in found]
    assert [one.start.day for one in intervals] == [1, 2, 3, 4]
    assert all(one.end == one.start.add(days=1) for one in intervals)


def test_the_scheduler_reads_it_back_from_the_serialised_dag(serialised):
    assert UpcomingIntervalTimetable in AmazonListingsPlugin.timetables
    read = serialised("30 5 * * 1-5", "Europe/Madrid").timetable
    assert type(read) is UpcomingIntervalTimetable
    assert (read.summary, str(read._timezone)) == ("30 5 * * 1-5", "Europe/Madrid")


def test_a_timetable_is_made_once_for_each_schedule():
    kept = [
        UpcomingIntervalTimetable("5 * * * *", timezone=zone).serialize() for zone in ("UTC", "Europe/Paris")
    ]
    paris = UpcomingIntervalTimetable.deserialize(kept[1])
    assert paris is UpcomingIntervalTimetable.deserialize(dict(kept[1]))
    assert paris == UpcomingIntervalTimetable("5 * * * *", timezone="Europe/Paris")
    assert paris.description == UpcomingIntervalTimetable("5 * * * *", timezone="UTC").description
    assert UpcomingIntervalTimetable.deserialize(kept[0]) != paris
