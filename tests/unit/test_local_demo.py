"""`make demo` starts at once, and says at once what cannot start."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from local_airflow import installation
from local_airflow.__main__ import app
from local_airflow.airflow import LocalAirflow
from local_airflow.parts import Database
from local_airflow.project import PROJECT

pytestmark = pytest.mark.process


def test_airflow_is_not_waited_for_where_the_sandbox_cannot_start(tmp_path, monkeypatch):
    def waited(*_):
        pytest.fail("the demo waited for Airflow")

    monkeypatch.setattr(LocalAirflow, "wait_until_healthy", waited)
    monkeypatch.setattr(installation, "PROJECT", tmp_path)
    (installation.folder_of("demo") / "sandbox.db").write_text("no database", encoding="utf-8")
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 1
    assert "The sandbox did not start" in done.stderr
    assert "sandbox.log" in done.stderr


def test_only_what_starts_airflow_and_the_sandbox_is_imported_before_they_start():
    program = "import sys, local_airflow.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert "requests" in imported
    assert not imported & {"airflow", "amazon_listings", "fastapi", "jinja2", "pydantic", "sqlalchemy"}


def test_a_database_is_migrated_again_once_it_is_another_one(tmp_path):
    file = tmp_path / "airflow.db"
    database = Database(f"sqlite:///{file}")
    assert not database.is_migrated()
    assert not file.exists()
    file.touch()
    assert not database.is_migrated()
    database.note_migration()
    assert Database(f"sqlite:///{file}").is_migrated()
    file.unlink()
    assert not database.is_migrated()
    server = Database("postgresql://localhost/airflow")
    server.note_migration()
    assert not server.is_migrated()
