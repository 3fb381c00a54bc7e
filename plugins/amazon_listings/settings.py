"""Every setting of the installation, read once from the environment (`AMAZON_LISTINGS_…`).

What belongs to one connector is in its document; what
is secret is in an Airflow connection.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[2]

#: The setting `ledger` of an installation that keeps the ledger's address in an Airflow connection.
LEDGER_IN_AIRFLOW = "airflow"


class Settings(BaseSettings):
    """Settings of the installation; each is an environment variable `AMAZON_LISTINGS_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="AMAZON_LISTINGS_", frozen=True)

    connectors: Path = Field(
        default=PROJECT / "include" / "connectors", description="Folder of connector files (*.yaml)."
    )
    storage: str = Field(
        default=str(PROJECT / "var" / "runs"),
        description="Where items, definitions and reports are kept: a folder, or a URL such as s3://…",
    )
    storage_connection: str | None = Field(
        default=None, description="Airflow connection id for the object storage, if it needs one."
    )
    ledger: str = Field(
        default=f"sqlite:///{PROJECT / 'var' / 'ledger.db'}",
        description="SQLAlchemy URL of the ledger; `airflow`: in the connection `amazon_listings_ledger`.",
    )
    retention_days: int = Field(
        default=400,
        ge=1,
        description="Days for which the ledger keeps runs, submissions, before-images and resolved issues.",
    )
    feed_poll: float = Field(
        default=60, gt=0, description="Seconds between two questions whether a feed is through."
    )
    part_size: int = Field(default=2000, ge=1, description="Items per file of an extract.")


@cache
def settings() -> Settings:
    """The settings, read on first use."""
    return Settings()
