"""What the connectors of one account share: Amazon's quota, and a client secret that expires."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_listings.fleet.findings import named, warning_of
from amazon_listings.ledger.connectors.keys import find_keys
from amazon_listings.ledger.runs.overview import states_by_connector
from amazon_listings.runs.secret_age import secret_warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.fleet.findings import Finding
    from amazon_listings.messages import Catalogue
    from amazon_listings.selling_partner.account import Account

#: Calls of one account that Amazon takes in an hour: 5 per second (Listings Items API).
_CALLS_AN_HOUR = 5 * 3600


def secret_findings(
    accounts: Iterable[tuple[Connector, Account | None]], messages: Catalogue
) -> Iterator[Finding]:
    """Yield the accounts whose client secret expires soon, or has; each with one of its connectors."""
    today = datetime.now(UTC).date()
    for connector, account in accounts:
        warning = secret_warning(account, today) if account is not None else None
        if warning is not None:
            yield warning_of("secret", connector, messages.word(warning))


@dataclass(frozen=True)
class Collision:
    """Scheduled connectors of one account that start in the same hours, UTC, with the items known of each."""

    connection: str
    connectors: tuple[Connector, ...]
    items: tuple[int, ...]
    hours: tuple[int, ...]


def collisions(connectors: Iterable[Connector], ledger: Engine | None) -> list[Collision]:
    """Return the connectors of one account that start in the same hours, two or more of them."""
    hours: dict[tuple[str, int], list[Connector]] = defaultdict(list)
    for connector in connectors:
        if connector.enabled and connector.sync.schedule:
            for hour in _hours(connector.sync.schedule, connector.sync.timezone):
                hours[connector.amazon.connection, hour].append(connector)
    sizes = _sizes([one for found in hours.values() if len(found) > 1 for one in found], ledger)
    same: dict[tuple[str, ...], list[int]] = {}
    together: dict[tuple[str, ...], list[Connector]] = {}
    for (connection, hour), found in sorted(hours.items()):
        if len(found) > 1:
            key = (connection, *(one.id for one in found))
            same.setdefault(key, []).append(hour)
            together[key] = found
    return [
        Collision(key[0], tuple(found), tuple(sizes.get(one.id, 0) for one in found), tuple(same[key]))
        for key, found in together.items()
    ]


def schedule_findings(found: Iterable[Collision], messages: Catalogue) -> Iterator[Finding]:
    """Yield the hours in which the connectors of one account need more calls than Amazon takes."""
    for one in found:
        if (calls := sum(one.items)) > _CALLS_AN_HOUR:
            sentence = messages.phrase(
                "check.schedules",
                connectors=named([each.id for each in one.connectors]),
                hours=", ".join(f"{hour:02}:00" for hour in one.hours),
                connection=one.connection,
                items=calls,
                most=_CALLS_AN_HOUR,
            )
            yield warning_of("schedule", one.connectors[0], sentence, pointer="/sync/schedule")


def of_unknown_size(found: Iterable[Collision]) -> list[str]:
    """Return the connectors that start with others, and of which no item is known."""
    unknown = {
        each.id for one in found for each, items in zip(one.connectors, one.items, strict=True) if not items
    }
    return sorted(unknown)


def _sizes(connectors: Iterable[Connector], ledger: Engine | None) -> dict[str, int]:
    """Return how many items are known of connectors, by their id; those that never ran are left out."""
    if ledger is None:
        return {}
    counts = states_by_connector(ledger)
    keys = find_keys(ledger, {one.id: one.was for one in connectors})
    return {name: sum(counts.get(key, {}).values()) for name, key in keys.items()}


@lru_cache(maxsize=512)
def _hours(schedule: str, timezone: str) -> frozenset[int]:
    """Return the hours of a day, UTC, in which a schedule starts a connector; those of a day in winter."""
    import datetime as dt  # noqa: PLC0415 - with croniter, only here
    import zoneinfo  # noqa: PLC0415

    import croniter  # type: ignore[import-untyped]  # noqa: PLC0415

    zone = zoneinfo.ZoneInfo(timezone)
    begin = dt.datetime(2026, 1, 5, tzinfo=zone)  # a Monday
    try:
        times = croniter.croniter(schedule, begin - dt.timedelta(seconds=1))
    except (ValueError, KeyError):
        return frozenset()
    found: set[int] = set()
    for _ in range(24 * 7):
        moment: Any = times.get_next(dt.datetime)
        if moment >= begin + dt.timedelta(days=7):
            break
        found.add(moment.astimezone(dt.UTC).hour)
    return frozenset(found)
