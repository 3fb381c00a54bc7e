"""Great Expectations' noise and telemetry, seen from a fresh process as a task is."""

import json
import subprocess
import sys

import pytest

SCRIPT = r"""
import gc, json, logging, sys, warnings
warnings.simplefilter("always")
sockets = []
sys.addaudithook(lambda event, args: sockets.append(event) if event in
                 ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname") else None)
records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append((record.name, record.levelname, record.getMessage()[:200]))
collected = []
def note_collection(phase, info):
    if getattr(getattr(sys.modules.get("great_expectations"), "__spec__", None), "_initializing", False):
        collected.append(info["generation"])
gc.callbacks.append(note_collection)
logging.basicConfig(level=logging.DEBUG, handlers=[Keep()])
from pathlib import Path
from amazon_listings.checks.expectations import Expected
from amazon_listings.checks.quality.project import opened
from amazon_listings.checks.quality.suite import Suite, frame_of
expected = [Expected("expect_column_values_to_not_be_null", {"column": "a"}, "sku_missing"),
            Expected("expect_column_values_to_be_unique", {"column": "a"}, "sku_missing")]
with opened(Path(sys.argv[1])) as project:
    suite = Suite(project, "items", expected, "here")
    for _ in range(3):
        frame = frame_of(["pim_id", "a"], [["1", None], ["2", "x"], ["3", "x"]], inferred=False)
        results = list(suite.check(frame, "run"))
print(json.dumps({"sockets": sockets, "records": records, "collected": collected, "on": gc.isenabled(),
                  "results": len(results),
                  "telemetry": [name for name in sys.modules if name.startswith("posthog")]}))
"""


def test_the_task_log_stays_quiet_and_nobody_is_called(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path], capture_output=True, text=True, check=True
    )
    seen = json.loads(child.stdout)  # nothing else was printed
    assert child.stderr == ""  # no progress bar, no warning
    assert seen["sockets"] == []
    assert seen["telemetry"] == []
    assert [one for one in seen["records"] if one[0].startswith("great_expectations")] == []
    assert [one for one in seen["records"] if one[1] in {"INFO", "WARNING", "ERROR"}] == []
    assert seen["results"] == 2
    assert (seen["collected"], seen["on"]) == ([], True)


@pytest.mark.airflow
def test_what_checks_no_quality_imports_no_great_expectations():
    script = """
import importlib, sys
from pathlib import Path
import amazon_listings
(root,) = amazon_listings.__path__
for path in sorted(Path(root).rglob("*.py")):
    steps = path.relative_to(Path(root).parent).with_suffix("").parts
    if not {"quality", "migrations", "__main__"}.intersection(steps):
        importlib.import_module(".".join(steps).removesuffix(".__init__"))
print([name for name in sys.modules if name.split(".")[0] in {"great_expectations", "pandas"}])
"""
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert child.stdout.splitlines()[-1] == "[]"
