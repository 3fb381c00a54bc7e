"""A short command is short: it imports nothing that it does not need."""

import resource
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import start_run
from support.ledger_rows import record_accepted
from support.ledgers import ledger_in

#: Each costs from a tenth of a second to two.
EXPENSIVE = {"airflow", "alembic", "babel", "jinja2", "pandas", "pydantic", "rich", "sqlalchemy", "yaml"}
#: Typer takes pydantic for parameters, SQLAlchemy is what reads the ledger.
OF_THE_LEDGER = {*EXPENSIVE, "requests", "sqlalchemy.dialects.postgresql"} - {
    "babel",
    "pydantic",
    "sqlalchemy",
}
SCRIPT = """
import sys
from amazon_listings.cli import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code
sys.stderr.write(" ".join(sys.modules))
"""
#: Seconds of processor time, several times what a machine takes that does nothing else.
GENEROUS = 4


@pytest.fixture
def ledger_url(tmp_path):
    """A ledger with one run of a connector, and one listing."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = ledger_in(tmp_path)
    key = resolve_key(ledger, "fr_home")
    start_run(ledger, connector_key=key, run_id="r", operation="live", scope="changed")
    row = {"sku": "a", "pim_id": "a", "hash": "h", "attributes": {}}
    record_accepted(ledger, ListingScope(key, "A1SELLER", "A13V1IB3VIYZZH", "HOME"), [row])
    ledger.dispose()
    return url


def ran(*arguments):
    """What a command prints, the modules it imports, and the processor time that it takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", SCRIPT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    imported = set(done.stderr.split())
    return done.stdout, imported | {name.partition(".")[0] for name in imported}, took


@pytest.mark.process
def test_help_lists_the_commands_and_imports_nothing_expensive():
    shown, imported, took = ran("--help")
    for command in ("connectors", "init", "sandbox", "validate"):
        assert f"  {command} " in shown
    assert EXPENSIVE & imported == set()
    assert took < GENEROUS / 2


@pytest.mark.process
@pytest.mark.parametrize("command", [["status"], ["history", "a"], ["status", "--connector", "fr_home"]])
def test_a_command_that_only_reads_the_ledger_imports_neither_airflow_nor_alembic(ledger_url, command):
    _, imported, took = ran(*command, "--ledger", ledger_url)
    assert OF_THE_LEDGER & imported == set()
    assert took < GENEROUS


def test_a_language_that_there_is_not_is_said_for_every_command():
    refused = CliRunner().invoke(app, ["--language", "xx", "connectors", "list"])
    assert refused.exit_code == 2
    assert "'xx'" in refused.output
