"""Each distribution, built as a wheel and installed into an empty environment outside the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from local_airflow.installation import connections
from local_airflow.project import PROJECT

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1200)]

UV = Path(sys.executable).with_name("uv")
EXAMPLES = PROJECT / "packages" / "amazon-product-types" / "examples"


def run(*command, timeout=600, **more):
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False, **more
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@dataclass
class Environment:
    """A virtual environment, and the empty folder in which its commands run."""

    folder: Path
    home: Path
    variables: dict[str, str]

    def program(self, name):
        return self.folder / "bin" / name

    def run(self, name, *arguments):
        return run(self.program(name), *arguments, cwd=self.home, env=self.variables)

    def installed(self):
        listed = run(UV, "pip", "list", "--python", self.program("python"), "--format", "json")
        return {one["name"] for one in json.loads(listed)}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """The folder of the wheels, each made from its source distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    run(UV, "build", "--quiet", "--all-packages", "--directory", PROJECT, "--out-dir", folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory, wheels):
    """Make an environment with that distribution and what it depends on, in the pinned versions."""

    def environment(name):
        root = tmp_path_factory.mktemp(name)
        home = root / "home"
        home.mkdir()
        run(UV, "venv", "--quiet", "--python", sys.executable, root / "venv")
        (wheel,) = wheels.glob(f"{name.replace('-', '_')}-*.whl")
        pins = ("--constraint", PROJECT / "requirements-dev.txt", "--find-links", wheels)
        python = root / "venv" / "bin" / "python"
        run(UV, "pip", "install", "--quiet", "--python", python, *pins, wheel)
        variables = {
            "PATH": f"{root / 'venv' / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
        }
        return Environment(root / "venv", home, variables)

    return environment


@pytest.fixture(scope="module")
def sandbox(environment):
    return environment("spapi-sandbox")


@contextmanager
def serving(environment):
    """The sandbox's address, while it runs."""
    process = subprocess.Popen(
        [environment.program("spapi-sandbox")],
        cwd=environment.home,
        env=environment.variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield re.search(r"http://\S+", process.stdout.readline()).group()
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def airflow(environment):
    """An Airflow home that `amazon-listings init` has filled."""
    made = environment("airflow-provider-amazon-listings")
    made.variables |= {
        "AIRFLOW_HOME": str(made.home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONWARNINGS": "ignore",
    }
    made.printed = made.run("amazon-listings", "init")
    return made


def test_the_library_validates_a_payload_alone(environment):
    made = environment("amazon-product-types")
    assert not made.installed() & {"apache-airflow", "airflow-provider-amazon-listings", "spapi-sandbox"}
    for name in ("lamp.json", "payloads.jsonl"):
        shutil.copy(EXAMPLES / name, made.home)
    judged = subprocess.run(
        [made.program("amazon-product-types"), "validate", "lamp.json", "payloads.jsonl"],
        cwd=made.home,
        env=made.variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert judged.returncode == 1, judged.stderr  # some are invalid
    assert "LAMP-1" in judged.stdout
    assert "Color Temperature" in judged.stdout


def test_the_sandbox_serves_alone(sandbox):
    assert not sandbox.installed() & {
        "apache-airflow",
        "airflow-provider-amazon-listings",
        "amazon-product-types",
    }
    with serving(sandbox) as url:
        credentials = connections(url)["demo_amazon"]
        grant = {
            "grant_type": "refresh_token",
            "client_id": credentials["login"],
            "client_secret": credentials["password"],
            "refresh_token": credentials["extra"]["refresh_token"],
        }
        token = requests.post(f"{url}/auth/o2/token", data=grant, timeout=30).json()["access_token"]
        definition = requests.get(
            f"{url}/definitions/2020-09-01/productTypes/LAMP",
            params={"marketplaceIds": "A13V1IB3VIYZZH", "locale": "fr_FR"},
            headers={"x-amz-access-token": token},
            timeout=30,
        ).json()
        assert definition["displayName"] == "Lampe"
        pim = connections(url)["demo_sales_layer"]
        page = requests.get(
            f"{pim['host']}/Products", headers={"X-API-KEY": pim["password"]}, timeout=30
        ).json()
        assert page["value"]


def test_airflow_finds_the_provider_and_the_plugin_once(airflow):
    providers = json.loads(airflow.run("airflow", "providers", "list", "--output", "json"))
    assert "airflow-provider-amazon-listings" in {one["package_name"] for one in providers}
    plugins = json.loads(airflow.run("airflow", "plugins", "--output", "json"))
    assert [one["name"] for one in plugins].count("amazon_listings") == 1
    hooks = json.loads(airflow.run("airflow", "providers", "hooks", "--output", "json"))
    assert {"amazon_selling_partner", "sales_layer"} <= {one["connection_type"] for one in hooks}


def test_a_plugins_folder_beside_the_distribution_does_not_register_the_plugin_twice(airflow):
    shutil.copytree(PROJECT / "plugins", airflow.home / "plugins", symlinks=False)
    try:
        plugins = json.loads(airflow.run("airflow", "plugins", "--output", "json"))
    finally:
        shutil.rmtree(airflow.home / "plugins")
    assert [one["name"] for one in plugins].count("amazon_listings") == 1


def test_the_sandbox_and_local_chores_are_not_installed(airflow):
    assert "spapi-sandbox" not in airflow.installed()
    commands = airflow.run("amazon-listings", "--help")
    assert "connectors" in commands
    assert not re.search(r"^ +(sandbox|demo|up|down) ", commands, re.MULTILINE)


def test_init_writes_a_project_and_keeps_what_is_there(airflow):
    connector = airflow.home / "include" / "connectors" / "fr_lamps.yaml"
    assert f"written  {connector}" in airflow.printed
    changed = connector.read_text("utf-8") + "# ours\n"
    connector.write_text(changed, encoding="utf-8")
    printed = airflow.run("amazon-listings", "init")
    assert f"kept     {connector}, which differs" in printed
    assert "written" not in printed
    assert connector.read_text("utf-8") == changed


def test_the_connector_of_init_passes_the_check(airflow):
    assert "fr_lamps" in airflow.run("amazon-listings", "connectors", "check")


def test_the_connector_of_init_runs(airflow, sandbox):
    with serving(sandbox) as url:
        airflow.variables |= {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in connections(url).items()
        }
        airflow.run("airflow", "db", "migrate")
        airflow.run("airflow", "dags", "reserialize")
        conf = json.dumps({"selection": "everything"})
        airflow.run("airflow", "dags", "test", "amazon_fr_lamps", "--conf", conf)
    kept = airflow.home / "amazon_listings"
    (report,) = kept.glob("runs/fr_lamps/**/report/report.json")
    summary = json.loads(report.read_text("utf-8"))["summary"]
    assert summary["counts"]["ready"] > 0
    assert (kept / "ledger.db").exists()
