"""docker-compose.yaml's topology without Docker: PostgreSQL, Redis, Celery workers, and S3 by moto."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import boto3
import celery
import pytest
import requests
import sqlalchemy
from moto.server import ThreadedMotoServer

from local_airflow import airflow as local
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox
from support.airflow import (
    FAMILIES,
    RARE_PARSING,
    Run,
    amazon_connection,
    demo_connector,
    pim_connection,
    sent,
)

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed"),
]

BUCKET = "listings-of-the-test"
WORKERS = ("first", "second")


@contextmanager
def running_redis(folder):
    """Redis with a password on a free port; its URL."""
    port, password = local.free_port(), secrets.token_hex(8)
    options = {"port": port, "bind": "127.0.0.1", "requirepass": password, "save": "", "dir": folder}
    process = subprocess.Popen(
        ["redis-server", *(word for name, value in options.items() for word in (f"--{name}", str(value)))],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running_s3():
    """A bucket in moto's server, over a real socket; Airflow's connection to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access = {"endpoint_url": f"http://{host}:{port}", "region_name": "eu-west-1"}
    keys = {"aws_access_key_id": "AKIAOFTHETEST", "aws_secret_access_key": "aws-secret-of-the-test"}
    bucket = boto3.resource("s3", **access, **keys).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    connection = {
        "conn_type": "aws",
        "login": keys["aws_access_key_id"],
        "password": keys["aws_secret_access_key"],
        "extra": access,
    }
    try:
        yield bucket, connection
    finally:
        server.stop()


class Topology:
    """The running components."""

    def __init__(self, airflow, sandbox, bucket, broker, databases):
        self.airflow = airflow
        self.sandbox = sandbox
        self.bucket = bucket
        self.celery = celery.Celery(broker=broker)
        self.metadata, self.ledger = databases


def environment(home, port, *, sandbox, broker, databases, aws):
    folder = home / "connectors"
    folder.mkdir()
    chosen = f"{{{{ item.reference[:8] in {list(FAMILIES)} }}}}"
    document = demo_connector(
        "de_backpacks", "packs", sales_layer={"filter": chosen}, sync={"schedule": None, "operation": "live"}
    )
    (folder / "packs.yaml").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    metadata, ledger = databases
    ledger_connection = sqlalchemy.make_url(ledger)
    return local.environment(home / "airflow", port=port, all_admins=True) | {
        **RARE_PARSING,
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{metadata}",
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
        "AIRFLOW_CONN_DEMO_AMAZON": json.dumps(amazon_connection(sandbox)),
        "AIRFLOW_CONN_DEMO_SALES_LAYER": json.dumps(pim_connection(sandbox)),
        "AIRFLOW_CONN_BUCKET": json.dumps(aws),
        "AIRFLOW_CONN_AMAZON_LISTINGS_LEDGER": json.dumps(
            {
                "conn_type": "postgres",
                "host": ledger_connection.host,
                "port": ledger_connection.port,
                "login": ledger_connection.username,
                "schema": ledger_connection.database,
            }
        ),
        "AMAZON_LISTINGS_CONNECTORS": str(folder),
        "AMAZON_LISTINGS_LEDGER": "airflow",  # in the connection above, as production keeps its password
        "AMAZON_LISTINGS_STORAGE": f"s3://{BUCKET}/runs",
        "AMAZON_LISTINGS_STORAGE_CONNECTION": "bucket",
        "AMAZON_LISTINGS_PART_SIZE": "2",
    }


@pytest.fixture(scope="module")
def topology(tmp_path_factory, postgresql):
    home = tmp_path_factory.mktemp("topology")
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox())
        broker = stack.enter_context(running_redis(home))
        bucket, aws = stack.enter_context(running_s3())
        databases = postgresql.new_database(), postgresql.new_database()
        port = local.free_port()
        env = environment(home, port, sandbox=sandbox, broker=broker, databases=databases, aws=aws)

        def start(name, *command):
            with (home / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "airflow", *command],
                    env=env,
                    cwd=PROJECT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            stack.callback(local.stop, process.pid)
            return process

        assert start("migrate", "db", "migrate").wait(300) == 0, (home / "migrate.log").read_text()
        server = start("api-server", "api-server")
        for name in ("scheduler", "dag-processor", "triggerer"):
            start(name, name)
        for name in WORKERS:
            start(
                f"worker-{name}", "celery", "worker", "--celery-hostname", f"{name}@%h", "--skip-serve-logs"
            )
        airflow = local.LocalAirflow(f"http://127.0.0.1:{port}", server, home / "api-server.log")
        airflow.wait_until_healthy(600)
        yield Topology(airflow, sandbox, bucket, broker, databases)


def wait_for(found, wanted, complaint):
    deadline = time.monotonic() + 300
    while not wanted(now := found()):
        assert time.monotonic() < deadline, f"{complaint}: {now}"
        time.sleep(1)
    return now


@pytest.fixture(scope="module")
def workers(topology):
    """The answers of the workers that are up."""
    inspect = topology.celery.control.inspect(timeout=5, limit=len(WORKERS))
    return wait_for(lambda: inspect.ping() or {}, lambda up: len(up) == len(WORKERS), "workers missing")


@pytest.fixture(scope="module")
def run(topology, workers):
    topology.airflow.wait_for_dag("amazon_packs", timeout=600)
    run_id = topology.airflow.trigger("amazon_packs", {"selection": "everything", "operation": "live"})
    run = Run(topology.airflow, "amazon_packs", run_id, "")
    run.state = topology.airflow.wait_for_run("amazon_packs", run_id, timeout=900)
    return run


def test_both_workers_are_up(workers):
    assert sorted(name.split("@")[0] for name in workers) == sorted(WORKERS)


def test_every_part_of_airflow_is_healthy(topology):
    def unhealthy():
        health = requests.get(f"{topology.airflow.url}/api/v2/monitor/health", timeout=60).json()
        return {name for name, part in health.items() if part["status"] != "healthy"}

    wait_for(unhealthy, lambda found: not found, "unhealthy")


def test_a_connector_runs_to_the_end(topology, run):
    assert run.state == "success"
    counts = run.result("report")["counts"]
    assert sent(counts) > 0
    assert counts["failed"] == 0


def test_the_tasks_ran_on_both_workers(topology, run):
    stats = topology.celery.control.inspect(timeout=10, limit=len(WORKERS)).stats()
    done = {name.split("@")[0]: sum(one["total"].values()) for name, one in stats.items()}
    assert set(done) == set(WORKERS)
    assert all(done.values()), done
    tasks = [one for one in run.tasks if one["state"] == "success"]
    assert sum(done.values()) >= len(tasks)
    assert len([one for one in tasks if one["task_id"] == "map_fields"]) > 1


def test_the_ledger_is_in_postgresql(topology, run):
    ledger = sqlalchemy.create_engine(topology.ledger)
    with ledger.connect() as connection:
        runs = connection.execute(
            sqlalchemy.text(
                "SELECT current_id, attempt, state FROM runs JOIN connectors ON key = connector_key"
            )
        ).all()
        accepted = connection.scalar(
            sqlalchemy.text("SELECT count(*) FROM submissions WHERE status = 'ACCEPTED'")
        )
    assert [tuple(row) for row in runs] == [("packs", 0, "settled")]
    assert accepted == sent(run.result("report")["counts"])


def test_items_and_reports_are_in_s3(topology, run):
    kept = {entry.key.split("/")[-2] for entry in topology.bucket.objects.all()}
    assert kept >= {"extract", "mapped", "tested", "live", "report"}
    places = run.result("report")["files"]
    assert all(place.startswith(f"s3://bucket@{BUCKET}/runs/runs/packs/") for place in places.values())


def test_the_databases_hold_no_secret(topology, run):
    for url in (topology.metadata, topology.ledger):
        with sqlalchemy.create_engine(url).connect() as connection:
            tables = connection.execute(
                sqlalchemy.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).scalars()
            for table in tables:
                rows = connection.execute(sqlalchemy.text(f'SELECT t::text FROM "{table}" t')).scalars()  # noqa: S608 - names are the database's own
                text = "\n".join(rows)
                for secret in (topology.sandbox.client_secret, "Atzr|", "Atza|", "aws-secret-of-the-test"):
                    assert secret not in text, table
