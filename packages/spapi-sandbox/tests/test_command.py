import re
import signal
import subprocess
import sys

import pytest
import requests
import typer
from typer.testing import CliRunner

from spapi_sandbox.command import sandbox

COMMAND = [sys.executable, "-m", "spapi_sandbox"]


@pytest.mark.process
def test_it_says_where_it_is_and_serves(tmp_path):
    state = tmp_path / "state.db"
    with subprocess.Popen(
        [*COMMAND, "--state", str(state), "--no-quotas"], stdout=subprocess.PIPE, text=True
    ) as run:
        try:
            printed = ""
            while "Sales Layer API" not in printed:
                printed += run.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", printed).group()
            asked = {
                "grant_type": "refresh_token",
                "client_id": re.search(r"client id +(\S+)", printed).group(1),
                "client_secret": re.search(r"client secret +(\S+)", printed).group(1),
                "refresh_token": re.search(r"refresh token +(\S+)", printed).group(1),
            }
            token = requests.post(f"{url}/auth/o2/token", data=asked, timeout=10).json()["access_token"]
            participations = f"{url}/sellers/v1/marketplaceParticipations"
            answers = [
                requests.get(participations, headers={"x-amz-access-token": token}, timeout=10).status_code
                for _ in range(16)
            ]
            assert answers == [200] * 16  # one more than the burst, but quotas are off
            key = {"X-API-KEY": "sandbox-pim-key"}
            page = requests.get(f"{url}/sales_layer/rest/Catalog/Products", headers=key, timeout=10)
            assert page.json()["value"]
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(timeout=20)
    assert state.exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--definitions", "/nowhere"], "The folder of definitions /nowhere does not exist."),
        (["--state", "/nowhere/state.db"], "The folder of the state file /nowhere/state.db does not exist."),
        (["--region", "AS"], "There is no region 'AS'; the regions are NA, EU and FE."),
        (["--host", "203.0.113.1"], "Cannot listen on 203.0.113.1:0:"),
    ],
)
def test_mistakes_are_one_sentence(arguments, reason):
    app = typer.Typer()
    app.command()(sandbox)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(reason)
    assert "Traceback" not in result.output
