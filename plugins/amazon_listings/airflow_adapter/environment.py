"""Connections and Variables of the environment, and whether there is an Airflow to ask for more.

A command whose connections are in the environment (`AIRFLOW_CONN_…`) runs without importing Airflow, which
takes longer than most commands. A process that has imported Airflow, as each task has, asks Airflow itself.
"""

from __future__ import annotations

import configparser
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from amazon_listings.settings import airflow_home

_CONNECTION, _VARIABLE = "AIRFLOW_CONN_", "AIRFLOW_VAR_"
#: The fields that Airflow knows in the JSON of a connection.
_FIELDS = frozenset(
    ("conn_type", "description", "host", "login", "password", "schema", "port", "extra"),
)
#: Where a secrets backend can be configured that is asked before the environment.
_SECRETS = ("secrets", "workers")


def airflow_is_imported() -> bool:
    """Return whether Airflow runs in this process: then it is asked, with all its backends."""
    return "airflow" in sys.modules


def has_airflow() -> bool:
    """Return whether an Airflow is configured, whose database or backends may know more."""
    named = any(name.startswith(("AIRFLOW__DATABASE__", "AIRFLOW__SECRETS__")) for name in os.environ)
    return named or _settings_file().exists() or (airflow_home() / "airflow.db").exists()


def connection(connection_id: str) -> dict[str, Any] | None:
    """Return the fields of a connection as the environment has them, in JSON.

    Returns:
        Its fields; None where Airflow must be asked: there is none in the environment, it is a URI or not
        what Airflow takes, Airflow runs in this process, or a secrets backend comes first.
    """
    text = _asked_first(f"{_CONNECTION}{connection_id.upper()}")
    if text is None or not text.lstrip().startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    texts = {name: value for name, value in fields.items() if name not in {"port", "extra"}}
    if not _FIELDS.issuperset(fields) or not all(
        value is None or isinstance(value, str) for value in texts.values()
    ):
        return None
    port = fields.get("port")
    return None if port and not isinstance(port, int) else fields


def declares(connection_id: str) -> bool:
    """Return whether the environment has a connection, whatever its text is."""
    return f"{_CONNECTION}{connection_id.upper()}" in os.environ


def variable(name: str) -> str | None:
    """Return the text of a Variable of the environment; None where Airflow must be asked."""
    return _asked_first(f"{_VARIABLE}{name.upper()}")


def _asked_first(name: str) -> str | None:
    """Return the text of an environment variable that Airflow, too, would take."""
    if airflow_is_imported() or name not in os.environ or _has_backend(_settings_file()):
        return None
    return os.environ[name]


def _settings_file() -> Path:
    named = os.environ.get("AIRFLOW_CONFIG")
    return Path(os.path.expandvars(named)).expanduser() if named else airflow_home() / "airflow.cfg"


@cache
def _has_backend(file: Path) -> bool:
    """Return whether a secrets backend is configured, in the environment or in Airflow's settings."""
    if any(name.startswith(("AIRFLOW__SECRETS__", "AIRFLOW__WORKERS__SECRETS")) for name in os.environ):
        return True
    known = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        known.read(file, encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        return True
    return any(
        value.strip()
        for section in _SECRETS
        if known.has_section(section)
        for option, value in known.items(section)
        if option.removesuffix("_cmd").removesuffix("_secret") in {"backend", "secrets_backend"}
    )
