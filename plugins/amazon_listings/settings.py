"""The settings of the installation, read once from the environment (`AMAZON_LISTINGS_…`).

A connector's own settings are in its document; secrets are in Airflow connections.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

#: The setting `ledger` of an installation that keeps the ledger's address in an Airflow connection.
LEDGER_IN_AIRFLOW = "airflow"


def airflow_home() -> Path:
    """Return the folder of the Airflow installation: `AIRFLOW_HOME`, or `~/airflow` as Airflow has it."""
    return Path(os.path.expandvars(os.environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser()


class Settings(BaseSettings):
    """Settings of the installation; each is an environment variable `AMAZON_LISTINGS_<NAME>`.

    What is not set lies in the folder of the Airflow installation (`airflow_home`).
    """

    model_config = SettingsConfigDict(env_prefix="AMAZON_LISTINGS_", frozen=True)

    connectors: Path = Field(
        default_factory=lambda: airflow_home() / "include" / "connectors",
        description="Folder of connector files (*.yaml); by default `include/connectors` in AIRFLOW_HOME.",
    )
    storage: str = Field(
        default_factory=lambda: str(airflow_home() / "amazon_listings"),
        description="Where items, definitions and reports are kept: a folder, or a URL such as s3://…; "
        "by default `amazon_listings` in AIRFLOW_HOME.",
    )
    storage_connection: str | None = Field(
        default=None, description="Airflow connection id for the object storage, if it needs one."
    )
    ledger: str = Field(
        default_factory=lambda: f"sqlite:///{airflow_home() / 'amazon_listings' / 'ledger.db'}",
        description="SQLAlchemy URL of the ledger, or `airflow` for the one in the Airflow connection "
        "`amazon_listings_ledger`; by default an SQLite file in AIRFLOW_HOME.",
    )
    retention_days: int = Field(
        default=400,
        ge=1,
        description="Days for which the ledger keeps runs, submissions, before-images and resolved issues.",
    )
    feed_poll: float = Field(
        default=60, gt=0, description="Seconds between two questions whether a feed is through."
    )
    http_hosts: str = Field(
        default="",
        description="Hosts, separated by commas, that connections may name with plain http, such as a "
        "sandbox in a network of containers; this machine may always.",
    )
    part_size: int = Field(default=2000, ge=1, description="Items per file of an extract.")


@cache
def settings() -> Settings:
    """Return the settings, read on first use."""
    return Settings()
