"""The command `rollback`."""

from __future__ import annotations

import getpass
import json

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import refresh_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.runs.definitions import definition_key
from amazon_listings.settings import settings
from local_airflow.project import PROJECT
from support.airflow import amazon_connection
from support.sellers import FR, priced


@pytest.mark.airflow
def test_the_command_shows_and_then_sends(seller, sandbox, ledger, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DEMO_AMAZON", json.dumps(amazon_connection(sandbox)))
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", str(ledger.url))
    settings.cache_clear()
    (connector,) = load_connectors(PROJECT / "include" / "connectors", {}, only="fr_lamps").connectors
    key = definition_key(connector, seller.client.account.seller_id)
    refresh_pair(seller.client, DefinitionStore(tmp_path / "storage" / "definitions"), key, FR)
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    before = seller.held("S1")
    seller.put(second, "S1", priced(99.0))
    try:
        shown = CliRunner().invoke(app, ["rollback", "--run", str(second)])
        assert shown.exit_code == 0, shown.output
        assert "1 reading, less than a minute; 1 update, less than a minute at most." in shown.stdout
        assert "PATCH S1" in shown.stdout
        assert "our_price: 15" in shown.stdout
        assert "1 to restore" in shown.stdout
        assert "Nothing was sent" in shown.stdout
        assert seller.held("S1") != before
        sent = CliRunner().invoke(app, ["rollback", "--run", str(second), "--sku", "S1", "--yes"])
        assert sent.exit_code == 0, sent.output
        assert "ACCEPTED S1" in sent.stdout
        assert "fr_lamps sends the same again" in sent.stdout
        assert seller.held("S1") == before
        assert recent_runs(ledger, "fr_lamps")[0].asked_by == getpass.getuser()
        again = CliRunner().invoke(app, ["rollback", "--run", str(second), "--yes"])
        assert again.exit_code == 1
        assert "took it back already" in again.stdout
        assert "sends the same again" not in again.stdout
    finally:
        settings.cache_clear()
