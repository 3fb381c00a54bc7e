"""The installations of `demo` and `up`: folder, settings, sandbox, and connections to it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests

from local_airflow.airflow import PRIVATE, LocalAirflowError, kept_port, stop
from local_airflow.project import PROJECT
from spapi_sandbox.account.accounts import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SELLER_ID
from spapi_sandbox.sales_layer.credentials import API_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping


def folder_of(name: str) -> Path:
    """Return the folder of an installation; create it if it does not exist."""
    home = PROJECT / "var" / name
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # passwords, secrets and databases lie in it
    return home


def forget(home: Path) -> None:
    """Remove what earlier runs left: the sandbox's state, the ledger, the runs' files."""
    for name in ("storage", "ledger.db", "ledger.db-wal", "ledger.db-shm", "sandbox.db"):
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def connections(sandbox: str) -> dict[str, dict[str, Any]]:
    """Return the Airflow connections of the demo connectors, which lead to the sandbox."""
    amazon = {
        "conn_type": "amazon_selling_partner",
        "login": CLIENT_ID,
        "password": CLIENT_SECRET,
        "extra": {
            "refresh_token": REFRESH_TOKEN,
            "seller_id": SELLER_ID,
            "country": "FR",
            "endpoint": sandbox,
            "lwa_url": f"{sandbox}/auth/o2/token",
        },
    }
    sales_layer = {
        "conn_type": "sales_layer",
        "host": f"{sandbox}/sales_layer/rest/Catalog",
        "password": API_KEY,
        "extra": {"api": "rest"},
    }
    return {"demo_amazon": amazon, "demo_sales_layer": sales_layer}


def settings(home: Path, sandbox: str) -> dict[str, str]:
    """Return the settings of the installation, as environment variables.

    Pages may show the pictures of the sandbox's PIM, and ask nothing else of this machine.
    """
    return {
        "AMAZON_LISTINGS_HTTP_HOSTS": urlsplit(sandbox).netloc,
        "AMAZON_LISTINGS_CONNECTORS": str(PROJECT / "include" / "connectors"),
        "AMAZON_LISTINGS_STORAGE": str(home / "storage"),
        "AMAZON_LISTINGS_LEDGER": f"sqlite:///{home / 'ledger.db'}",
    }


def shell_file(home: Path, env: Mapping[str, str]) -> Path:
    """Write the file that a shell sources so that commands act on this Airflow; it contains no secret."""
    kept = (
        "AIRFLOW_HOME",
        "AIRFLOW__CORE__DAGS_FOLDER",
        "AIRFLOW__CORE__PLUGINS_FOLDER",
        "AIRFLOW__CORE__LOAD_EXAMPLES",
        "AIRFLOW__CORE__TEST_CONNECTION",
        "AMAZON_LISTINGS_CONNECTORS",
        "AMAZON_LISTINGS_STORAGE",
        "AMAZON_LISTINGS_LEDGER",
    )
    lines = [f"export {name}={shlex.quote(env[name])}" for name in kept]
    lines.append(f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"')
    shell = home / "shell.sh"
    shell.touch(mode=0o600)
    shell.chmod(0o600)
    shell.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return shell


class Sandbox(NamedTuple):
    """The sandbox of an installation: its process, its address and its log."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


def start_sandbox(home: Path) -> Sandbox:
    """Start the sandbox of an installation; `wait_for_sandbox` waits until it answers."""
    # The same port every time: it is in the addresses of the pictures, and a new one changes every item.
    port = kept_port(home / "sandbox.port")
    log = home / "sandbox.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "spapi_sandbox",
                "--port",
                str(port),
                "--state",
                str(home / "sandbox.db"),
                "--with-existing",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE,
        )
    return Sandbox(process, f"http://127.0.0.1:{port}", log)


def wait_for_sandbox(sandbox: Sandbox) -> None:
    """Wait until a sandbox answers that was started, and stop it if it does not.

    Raises:
        LocalAirflowError: it did not start.
    """
    answers = False
    try:
        answers = _answers(sandbox)
    finally:  # also where Ctrl-C ends the waiting
        if not answers:
            stop(sandbox.process.pid)
    if not answers:
        raise LocalAirflowError(
            f"The sandbox did not start; its log: {sandbox.log}. If its file was written by another version, "
            f"`make demo FRESH=1` starts with an empty one."
        )


def _answers(sandbox: Sandbox) -> bool:
    """Wait until the sandbox answers; returns whether it does."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and sandbox.process.poll() is None:
        try:
            requests.get(f"{sandbox.url}/_control/counters", timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.2)
        else:
            return True
    return False
