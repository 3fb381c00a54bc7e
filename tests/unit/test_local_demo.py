"""`make demo` says at once that the sandbox did not start, without waiting for Airflow."""

import pytest
from typer.testing import CliRunner

from local_airflow import installation
from local_airflow.__main__ import app
from local_airflow.airflow import LocalAirflow

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
