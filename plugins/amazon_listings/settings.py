"""The settings of the installation, read once from the environment (`AMAZON_LISTINGS_…`).

A connector's own settings are in its document; secrets are in Airflow connections.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from amazon_listings.errors import ActionRequiredError
from amazon_listings.messages import DEFAULT, languages, message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.messages import Message

PREFIX = "AMAZON_LISTINGS_"
#: The setting `ledger` of an installation that keeps the ledger's address in an Airflow connection.
LEDGER_IN_AIRFLOW = "airflow"
#: The largest number of days, or of items in a file, that a setting may be.
_LARGEST = 100_000
#: The shortest and the longest wait between two questions, in seconds.
_SHORTEST_WAIT, _LONGEST_WAIT = 0.1, 3600
#: Characters of a wrong value that its sentence repeats.
_SHOWN = 60


def airflow_home() -> Path:
    """Return the folder of the Airflow installation: `AIRFLOW_HOME`, or `~/airflow` as Airflow has it."""
    return Path(os.path.expandvars(os.environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser()


@dataclass(frozen=True)
class Settings:
    """Settings of the installation; each is an environment variable `AMAZON_LISTINGS_<NAME>`.

    What is not set lies in the folder of the Airflow installation (`airflow_home`).

    Attributes:
        connectors: Folder of connector files (*.yaml); by default `include/connectors` in AIRFLOW_HOME.
        storage: Where items, definitions and reports are kept: a folder, or a URL such as s3://…; by
            default `amazon_listings` in AIRFLOW_HOME.
        storage_connection: Airflow connection id for the object storage, if it needs one.
        ledger: SQLAlchemy URL of the ledger, or `airflow` for the one in the Airflow connection
            `amazon_listings_ledger`; by default an SQLite file in AIRFLOW_HOME.
        retention_days: Days for which the ledger keeps runs, submissions, before-images and resolved
            issues.
        feed_poll: Seconds between two questions whether a feed is through, at most an hour.
        language: Language of what has no connector, such as `fr`: commands, the Test buttons of
            connections, the DAGs for all connectors. What is about a connector is in its own language.
        part_size: Items per file of an extract.
        http_hosts: Hosts, separated by commas, that connections may name with plain http, such as a
            sandbox in a network of containers; this machine may always. Pictures may be fetched from them
            too, or from one port of them (`127.0.0.1:8080`).
    """

    connectors: Path
    storage: str
    storage_connection: str | None
    ledger: str
    retention_days: int
    feed_poll: float
    language: str
    part_size: int
    http_hosts: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    Raises:
        ActionRequiredError: one of them has a value that it cannot have.
    """
    given = {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.upper().startswith(PREFIX) and value
    }
    home = airflow_home()
    return Settings(
        connectors=Path(given.get("connectors") or home / "include" / "connectors"),
        storage=given.get("storage") or str(home / "amazon_listings"),
        storage_connection=given.get("storage_connection"),
        ledger=given.get("ledger") or f"sqlite:///{home / 'amazon_listings' / 'ledger.db'}",
        retention_days=_whole(given, "retention_days", 400),
        feed_poll=_seconds(given, "feed_poll", 60),
        language=_language(given),
        part_size=_whole(given, "part_size", 2000),
        http_hosts=given.get("http_hosts", ""),
    )


@cache
def settings() -> Settings:
    """Return the settings, read on first use.

    Raises:
        ActionRequiredError: one of them has a value that it cannot have.
    """
    return read_settings(os.environ)


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    number = int(text) if text.strip().isdecimal() and len(text) <= len(str(_LARGEST)) else 0
    if not 1 <= number <= _LARGEST:
        raise _wrong(name, text, message("settings.whole_number", least=1, most=_LARGEST))
    return number


def _seconds(given: Mapping[str, str], name: str, default: float) -> float:
    text = given.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not _SHORTEST_WAIT <= number <= _LONGEST_WAIT:
        raise _wrong(name, text, message("settings.seconds", least=_SHORTEST_WAIT, most=_LONGEST_WAIT))
    return number


def _language(given: Mapping[str, str]) -> str:
    text = given.get("language", DEFAULT)
    known = languages()
    if text.replace("-", "_").partition("_")[0].lower() not in known:
        raise _wrong("language", text, message("settings.language", languages=known))
    return text


def _wrong(name: str, value: str, expected: Message) -> ActionRequiredError:
    return ActionRequiredError(
        "settings.wrong", name=f"{PREFIX}{name.upper()}", value=value[:_SHOWN], expected=expected
    )
