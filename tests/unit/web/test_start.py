import json
import subprocess
import sys

import pytest

#: Milliseconds of work and megabytes that the plugin may add to the start of the API server.
MOST_WORK, MOST_MEMORY = 300, 20
STARTED = """
import json, sys, time
import fastapi.testclient, airflow.plugins_manager, airflow.timetables.interval

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4 / 1024

before, began = resident(), time.process_time()
from amazon_listings.web.plugin import AmazonListingsPlugin

AmazonListingsPlugin.on_load()
app = AmazonListingsPlugin.fastapi_apps[0]["app"]
with fastapi.testclient.TestClient(app, raise_server_exceptions=False) as client:
    work, memory = 1000 * (time.process_time() - began), resident() - before
    pages = "amazon_listings.web.app" in sys.modules
    answered = client.get("/static/icon.svg").status_code
print(json.dumps([work, memory, pages, answered]))
"""

#: Objects that a full garbage collection of the prepared server looks at; there are hundreds of thousands.
MOST_SEARCHED = 20_000
PREPARED = """
import gc, json, time
import fastapi.testclient
from amazon_listings.web import plugin

plugin._START = 0
with fastapi.testclient.TestClient(plugin.AmazonListingsPlugin.fastapi_apps[0]["app"]):
    loaded, until = len(gc.get_objects()), time.monotonic() + 60
    while not gc.get_freeze_count() and time.monotonic() < until:
        time.sleep(0.1)
    print(json.dumps([loaded, len(gc.get_objects())]))
"""


@pytest.mark.airflow
def test_the_plugin_adds_next_to_nothing_to_the_start_of_the_api_server():
    done = subprocess.run([sys.executable, "-c", STARTED], check=True, capture_output=True, text=True)
    work, memory, pages, answered = json.loads(done.stdout.splitlines()[-1])
    assert work < MOST_WORK
    assert memory < MOST_MEMORY
    assert not pages  # they are for the first reader, or for later
    assert answered == 200


@pytest.mark.airflow
def test_garbage_collections_of_the_prepared_server_leave_out_what_it_has_loaded():
    done = subprocess.run([sys.executable, "-c", PREPARED], check=True, capture_output=True, text=True)
    loaded, searched = json.loads(done.stdout.splitlines()[-1])
    assert searched < MOST_SEARCHED < loaded
