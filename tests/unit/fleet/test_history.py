"""`connectors history`: the versions that runs used."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.ledger.connectors import keyed
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.runs import start_run
from amazon_listings.runs.context import begin_run, resume_run
from tests.unit.fleet.conftest import LAMPS, write


def test_each_version_with_its_runs_and_files(folder, storage, tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    for run_id, brand in (("one", "Acme"), ("two", "Acme"), ("three", "ACME")):
        write(folder, lamps=LAMPS + f"  brand: {brand}\n")
        (connector,) = load_connectors(folder, {}, only="fr_lamp").connectors
        connector = keyed(ledger, connector)
        start_run(
            ledger,
            connector_key=connector.key,
            run_id=run_id,
            operation="test",
            fingerprint=connector.fingerprint,
        )
        begun = begin_run(connector, run_id, 0, storage)
        # Whatever is edited since, the run goes on with what it began with.
        write(folder, lamps=LAMPS)
        again = resume_run(connector.key, run_id, 0, storage).connector
        assert (again, again.parts, again.where) == (begun.connector, connector.parts, connector.where)
    result = CliRunner().invoke(app, ["connectors", "history", "fr_lamp", "--json"])
    assert result.exit_code == 0, result.output
    newest, oldest = json.loads(result.stdout)
    assert [one["run_id"] for one in newest["runs"]] == ["three"]
    assert [one["run_id"] for one in oldest["runs"]] == ["two", "one"]
    assert [one.rpartition("/")[2] for one in newest["files"]] == [
        "lamps.yaml",
        "company.yaml",
        "lighting.yaml",
    ]
    assert "from " in CliRunner().invoke(app, ["connectors", "history", "fr_lamp"]).stdout
    assert CliRunner().invoke(app, ["connectors", "history", "nobody"]).exit_code == 1
