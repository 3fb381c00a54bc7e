"""What `make up` and `make demo` write can be read by its owner only, whatever the umask."""

import os
import stat
import sys

import pytest

from local_airflow import airflow, installation


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(installation, "PROJECT", tmp_path)
    before = os.umask(0)
    yield installation.folder_of("up")
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_of_passwords_and_databases_is_its_owners(home):
    assert mode(home) == 0o700
    home.chmod(0o755)  # as an earlier version made it
    assert mode(installation.folder_of("up")) == 0o700


def test_secrets_and_the_shell_file_are_their_owners(home):
    airflow.secret_of(home, "jwt_secret")
    assert mode(home / ".jwt_secret") == 0o600
    names = (
        *("AIRFLOW_HOME", "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__CORE__PLUGINS_FOLDER"),
        *("AIRFLOW__CORE__LOAD_EXAMPLES", "AIRFLOW__CORE__TEST_CONNECTION"),
        *("AMAZON_LISTINGS_CONNECTORS", "AMAZON_LISTINGS_STORAGE", "AMAZON_LISTINGS_LEDGER"),
    )
    shell = installation.shell_file(home, dict.fromkeys(names, "x"))
    assert mode(shell) == 0o600
    assert "secret" not in shell.read_text().lower()


def test_what_a_started_airflow_writes_is_its_owners(home):
    written = home / "passwords.json"
    program = f"open({str(written)!r}, 'w').close()"
    assert airflow.start(os.environ, home / "airflow.log", [sys.executable, "-c", program]).wait(60) == 0
    assert mode(written) == 0o600
