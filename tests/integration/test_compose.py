"""docker-compose.yaml, read by docker-compose itself; no Docker engine is needed for that."""

import json
import re
import shutil
import subprocess
from pathlib import PurePosixPath

import pytest
import yaml

from local_airflow.project import PROJECT
from spapi_sandbox.sales_layer.credentials import API_KEY
from spapi_sandbox.server import Sandbox

pytestmark = pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="docker-compose is not installed (tests/install.sh)"
)

SECRETS = {
    "AIRFLOW_FERNET_KEY": "fernet-of-the-test",
    "AIRFLOW_API_SECRET": "api-secret-of-the-test",
    "AIRFLOW_JWT_SECRET": "jwt-secret-of-the-test",
    "POSTGRES_PASSWORD": "postgres-of-the-test",
    "REDIS_PASSWORD": "redis-of-the-test",
}
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}
#: They end before the others start.
ONE_SHOT = {"permissions", "migrate"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the project, so that nobody's .env is read."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("docker-compose.yaml", "include"):
        (folder / name).symlink_to(PROJECT / name)
    return folder


@pytest.fixture(scope="module")
def config(folder):
    """Run `docker-compose config` with that environment."""

    def config(**environment):
        return subprocess.run(
            ["docker-compose", "--project-directory", str(folder), "config"],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return config


@pytest.fixture(scope="module")
def services(config):
    """The services as docker-compose understands them."""
    read = config(**SECRETS)
    assert read.returncode == 0, read.stderr
    return yaml.safe_load(read.stdout)["services"]


def test_the_topology(services):
    assert set(services) == AIRFLOW | ONE_SHOT | {"postgres", "redis", "sandbox"}
    assert [name for name, one in services.items() if "profiles" in one] == ["sandbox"]


@pytest.mark.parametrize("missing", SECRETS)
def test_without_a_secret_it_refuses(config, missing):
    """An empty one, as in the example file, is as good as none."""
    read = config(**SECRETS | {missing: ""})
    assert read.returncode != 0
    assert missing in read.stderr
    assert ".env" in read.stderr


def test_every_lasting_service_has_a_health_check(services):
    for name, service in services.items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
        else:
            assert service["healthcheck"]["test"], name


def test_the_order_of_starting(services):
    found = services
    for name in AIRFLOW:
        assert found[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert found["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert found["migrate"]["depends_on"]["permissions"] == {"condition": "service_completed_successfully"}


def test_every_airflow_service_has_the_same_settings(services):
    found = services
    settings = [found[name]["environment"] for name in sorted(AIRFLOW | {"migrate"})]
    assert all(one == settings[0] for one in settings)
    assert settings[0]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert settings[0]["AIRFLOW__CORE__FERNET_KEY"] == SECRETS["AIRFLOW_FERNET_KEY"]
    database = f"postgresql+psycopg2://airflow:{SECRETS['POSTGRES_PASSWORD']}@postgres"
    assert settings[0]["AMAZON_LISTINGS_LEDGER"] == f"{database}/amazon_listings"
    assert settings[0]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"{database}/airflow"
    # Without a named driver SQLAlchemy 2.1 takes one that is not installed.
    assert settings[0]["AIRFLOW__CELERY__RESULT_BACKEND"] == f"db+{database}/airflow"


def test_the_ledgers_database_is_created(services, folder):
    mounted = [volume for volume in services["postgres"]["volumes"] if "initdb" in volume]
    assert mounted == [f"{folder}/include/postgres:/docker-entrypoint-initdb.d:ro"]
    script = (PROJECT / "include" / "postgres" / "create_ledger.sql").read_text("utf-8")
    assert script.strip() == "CREATE DATABASE amazon_listings;"


def test_no_password_is_written_down():
    """Every password, secret and key of the file is a variable without a default."""
    text = (PROJECT / "docker-compose.yaml").read_text("utf-8")
    for line in text.splitlines():
        if re.search(r"password|secret|fernet|requirepass", line, re.IGNORECASE) and ":" in line:
            for name, default in re.findall(r"\$\{(\w+)(:-[^}]*)?", line):
                assert not default, f"{name} has a default: {line.strip()}"
    for service in yaml.safe_load(text)["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD$|SECRET$|_KEY$|REDISCLI_AUTH", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name


def test_the_example_names_every_variable_and_holds_no_secret():
    text = (PROJECT / "docker-compose.yaml").read_text("utf-8")
    example = dict(
        line.split("=", 1)
        for line in (PROJECT / ".env.example").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert set(re.findall(r"\$\{(\w+)", text)) == set(example)
    assert {name for name, value in example.items() if not value} >= set(SECRETS)


def test_connections_come_from_a_file_of_ones_own(services, config, folder):
    assert "AIRFLOW_CONN_AMAZON_FR" not in services["worker"]["environment"]
    (folder / "connections.env").write_text('AIRFLOW_CONN_AMAZON_FR={"conn_type": "x"}\n')
    found = yaml.safe_load(config(**SECRETS, AIRFLOW_ENV_FILE="connections.env").stdout)["services"]
    for name in AIRFLOW:
        assert found[name]["environment"]["AIRFLOW_CONN_AMAZON_FR"] == '{"conn_type": "x"}'


def test_the_sandbox_profile_knows_the_sandbox_and_nothing_else(config):
    read = config(**SECRETS, AIRFLOW_ENV_FILE="include/sandbox/airflow.env")
    found = yaml.safe_load(read.stdout)["services"]
    assert found["sandbox"].get("environment", {}) == {}
    assert all(port.startswith("127.0.0.1:") for port in found["sandbox"]["ports"])
    known = found["worker"]["environment"]
    amazon = json.loads(known["AIRFLOW_CONN_DEMO_AMAZON"])
    assert (amazon["login"], amazon["password"]) == (Sandbox.client_id, Sandbox.client_secret)
    assert amazon["extra"]["refresh_token"] == Sandbox.refresh_token
    assert json.loads(known["AIRFLOW_CONN_DEMO_SALES_LAYER"])["password"] == API_KEY


def test_commands_and_health_checks_name_what_the_image_has(services):
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8")
    installed = re.search(r"install --yes --no-install-recommends (.+?) \\", dockerfile)[1].split()
    assert {"curl", "tini"} <= set(installed)
    for name in AIRFLOW | {"migrate"}:
        assert services[name]["command"][0] == "airflow"


def test_every_editable_package_of_the_image_is_compiled():
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8")
    compiled = " ".join(re.findall(r"python -m compileall -q ([^&\\\n]+)", dockerfile)).split()
    editable = re.findall(r"--editable (\S+)", dockerfile)
    sources = ["plugins" if package == "." else package for package in editable]
    assert sources
    assert all(any(PurePosixPath(source).is_relative_to(one) for one in compiled) for source in sources)


def test_the_example_environment_file_sets_nothing():
    lines = (PROJECT / "include" / "airflow.env").read_text("utf-8").splitlines()
    assert all(line.startswith("#") for line in lines)
