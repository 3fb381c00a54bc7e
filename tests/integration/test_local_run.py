"""A whole run without Airflow's scheduler: the command as people type it, against a sandbox."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from amazon_listings.messages import catalogue
from spapi_sandbox.server import running_sandbox
from support.airflow import FAMILIES, amazon_connection, demo_connector, pim_connection

COMMAND = [str(Path(sys.executable).parent / "amazon-listings"), "--language", "en", "run"]
CHOSEN = f"{{{{ item.reference[:8] in {FAMILIES!r} }}}}"
#: The command, which leaves the names of what it imported in a file.
IMPORTED = """
import atexit, sys
from pathlib import Path
from amazon_listings.cli import main
names = Path(sys.argv.pop(1))
atexit.register(lambda: names.write_text(" ".join(sys.modules)))
main()
"""
#: A SKU of the first family; the other families' begin otherwise.
NAMED = "LUM-B101-BLK"
PLAN = re.compile(r"plan ([0-9a-f]{16}): a live run would send (\d+) items")


@pytest.fixture(scope="module")
def shared():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


class Shell:
    """A shell with the connections of a sandbox in its environment, and an installation of its own."""

    def __init__(self, sandbox, home, **connection):
        folder = home / "connectors"
        folder.mkdir()
        document = demo_connector("de_backpacks", "packs", sales_layer={"filter": CHOSEN})
        (folder / "packs.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        self.home = home
        self.environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW_CONN_DEMO_AMAZON": json.dumps(amazon_connection(sandbox, **connection)),
            "AIRFLOW_CONN_DEMO_SALES_LAYER": json.dumps(pim_connection(sandbox)),
            "AMAZON_LISTINGS_CONNECTORS": str(folder),
            "AMAZON_LISTINGS_STORAGE": str(home / "storage"),
            "AMAZON_LISTINGS_LEDGER": f"sqlite:///{home}/ledger.db",
        }

    def run(self, *options, command=COMMAND, **environment):
        return subprocess.run(
            [*command, *options],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=self.environment | environment,
            timeout=300,
        )

    def due(self, connector):
        """Return the forecast of what is due."""
        command = [COMMAND[0], "forecast", connector, "--json"]
        done = subprocess.run(command, check=True, capture_output=True, env=self.environment, timeout=60)
        return json.loads(done.stdout)["due"]

    def imported(self, *options):
        """Run it, and return the packages that it imported, and our own modules."""
        names = self.home / "imported"
        command = [sys.executable, "-c", IMPORTED, names, *COMMAND[1:], *options]
        subprocess.run(command, check=True, capture_output=True, env=self.environment, timeout=300)
        found = names.read_text().split()
        ours = {name for name in found if name.startswith("amazon_listings.")}
        return {name.partition(".")[0] for name in found} | ours


@pytest.fixture
def shell(shared, tmp_path):
    shared.reset()
    shared.control("quotas", enabled=False)
    return Shell(shared, tmp_path)


def test_a_plan_is_tested_approved_and_sent(shell):
    tested = shell.run("packs")
    assert tested.returncode == 0, tested.stderr
    assert "extracted" in tested.stdout
    plan, count = PLAN.search(tested.stdout).groups()
    assert int(count) > 0
    foreseen = shell.due("packs")
    assert (foreseen["items"], foreseen["creations"]) == (int(count), int(count))

    refused = shell.run("packs", "--operation", "live")
    assert refused.returncode == 2
    assert "--approve HASH" in refused.stderr

    other = shell.run("packs", "--operation", "live", "--approve", "0123456789abcdef", "--json")
    assert other.returncode == 1
    assert "nothing was sent" in other.stderr
    items = [json.loads(line) for line in other.stdout.splitlines()]
    notes = [item["note"] for item in items if item["outcome"] == "waiting"]  # of a German connector
    assert notes == int(count) * [catalogue("en").phrase("note.plan_waiting")]

    sent = shell.run("packs", "--operation", "live", "--approve", plan, "--json")
    assert sent.returncode == 0, sent.stderr
    items = [json.loads(line) for line in sent.stdout.splitlines()]
    assert sum(item["outcome"] == "accepted" for item in items) == int(count)
    assert all(set(item) == {"sku", "outcome", "note", "asin", "issues"} for item in items)
    issue = next(issue for item in items for issue in item["issues"])
    assert set(issue) == {"code", "severity", "attribute", "path", "message", "action"}

    assert shell.due("packs")["items"] == 0

    after = shell.run("packs", "--everything")
    assert PLAN.search(after.stdout).group(2) == "0"


@pytest.mark.parametrize(("options", "output"), [((), "stdout"), (("--json",), "stderr")])
def test_a_run_says_what_its_report_warns_of(shell, options, output):
    path = shell.home / "connectors" / "packs.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    document["sync"]["preview"] = {"needed": 4}
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    assert "2 items were not previewed" in getattr(shell.run("packs", *options), output)
    assert "not previewed" not in getattr(shell.run("packs", "--force", *options), output)


def test_a_run_imports_no_airflow_and_one_that_finds_no_change_no_great_expectations(shell):
    first = shell.imported("packs")
    assert first >= {"great_expectations", "amazon_listings.mapping.mapping"}
    # What Airflow brings with it, and what Great Expectations would import without using it.
    assert not first & {"airflow", "altair", "boto3", "libcst", "narwhals", "s3transfer"}
    again = shell.imported("packs")
    assert not again & {"airflow", "alembic", "great_expectations", "numpy", "pandas"}
    assert "amazon_listings.mapping.mapping" not in again


def test_named_skus_in_another_language(shell):
    named = shell.run("packs", "--json", "--language", "fr", "--sku", NAMED)
    assert named.returncode == 0, named.stderr
    assert [json.loads(line)["sku"] for line in named.stdout.splitlines()] == [NAMED]
    (report,) = (shell.home / "storage").rglob("report.html")
    assert '<html lang="fr"' in report.read_text("utf-8")


def test_the_language_of_the_command_line_is_that_of_everything(shell):
    asked = shell.run("packs")  # of a German connector, as all commands here in English
    assert asked.returncode == 0, asked.stderr
    assert "Amazon suggests" in asked.stdout
    assert "gehört nicht" not in asked.stdout
    (report,) = (shell.home / "storage").rglob("report.html")
    assert '<html lang="en"' in report.read_text("utf-8")


def test_issues_are_in_the_language_of_the_report_where_amazon_has_no_labels_in_it(shell):
    """The sandbox has no Italian labels, and answers in English as Amazon does."""
    path = shell.home / "connectors" / "packs.yaml"
    document = yaml.safe_load(path.read_text("utf-8")) | {"mapping_locale": "de_DE"}
    document["amazon"]["locale"] = "it_IT"
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
    asked = shell.run("packs", command=[COMMAND[0], "run"])
    assert asked.returncode == 0, asked.stderr
    assert "articoli" in asked.stdout
    assert "Amazon suggests" not in asked.stdout


def test_a_sandbox_on_this_machine_needs_no_hash_and_amazon_does(shell, shared, tmp_path):
    sending = ("packs", "--operation", "live", "--approve", "sandbox", "--json")
    stopped = shell.run(*sending, AIRFLOW_VAR_AMAZON_LISTINGS_STOP="all")
    assert "amazon_listings_stop" in stopped.stderr, "what waits because of a stop is said to"
    assert "all" in stopped.stderr.split(":")[-1]
    assert "packs" not in stopped.stderr
    assert '"accepted"' not in stopped.stdout
    done = shell.run(*sending)
    assert done.returncode == 0, done.stderr
    outcomes = {json.loads(line)["outcome"] for line in done.stdout.splitlines()}
    assert "accepted" in outcomes
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    amazon = Shell(shared, elsewhere, extra={"endpoint": "https://sellingpartnerapi-eu.amazon.com"})
    refused = amazon.run("packs", "--operation", "live", "--approve", "sandbox")
    assert refused.returncode == 2
    assert "sandbox on this machine" in refused.stderr


def test_an_old_id_that_lives_again_is_refused_before_anything_is_taken_over(shell):
    folder = shell.home / "connectors"
    text = (folder / "packs.yaml").read_text("utf-8").replace("id: packs", "id: bags\nwas: packs", 1)
    (folder / "bags.yaml").write_text(text, encoding="utf-8")
    refused = shell.run("bags")
    assert refused.returncode == 1
    assert "'packs' is still declared in" in refused.stderr
    assert "packs.yaml" in refused.stderr
    (folder / "packs.yaml").unlink()
    assert shell.run("bags", "--sku", NAMED).returncode == 0


def test_misuse_is_told_apart_from_a_run_that_failed(shell):
    assert shell.run("packs", "--operation", "later").returncode == 2
    assert shell.run("packs", "--approve", "sandbox").returncode == 2
    assert shell.run("packs", "--language", "xx").returncode == 2
    assert "--sku is empty" in shell.run("packs", "--sku", "").stderr, "not a run of everything"
    unknown = shell.run("nobody")
    assert unknown.returncode == 1
    assert "nobody" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    failed = shell.run("packs", AIRFLOW_CONN_DEMO_SALES_LAYER=json.dumps({"conn_type": "sales_layer"}))
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
