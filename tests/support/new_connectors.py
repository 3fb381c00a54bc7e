"""An installation of its own, in which `connectors new` writes its first connector."""

from __future__ import annotations

import json
from contextlib import contextmanager

import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.settings import settings
from support.airflow import amazon_connection, pim_connection
from support.ledgers import ledger_in


@contextmanager
def installed_in(folder, monkeypatch, sandbox):
    """Let connectors, storage and ledger lie in a folder, with connections to the sandbox."""
    known = {"demo_amazon": amazon_connection(sandbox), "demo_sales_layer": pim_connection(sandbox)}
    for name, one in known.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(one))
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(folder / "connectors"))
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(folder / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{folder / 'ledger.db'}")
    ledger_in(folder).dispose()
    settings.cache_clear()
    yield
    settings.cache_clear()


def run(*arguments, answers=None):
    return CliRunner().invoke(app, ["--language", "en", *map(str, arguments)], input=answers)


def written(home, name="fr_lamp"):
    """Return the text and the content of a connector file."""
    text = (home / "connectors" / f"{name}.yaml").read_text(encoding="utf-8")
    return text, yaml.safe_load(text)
