"""Clients that others wrote, as they are installed, against the sandbox under Amazon's own addresses.

Each runs in a process of its own (`foreign_clients/`), tells the same story, and prints what it saw. Amazon's
own Python SDK is in `test_official_sdk.py`.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from amazon_hosts import amazon_hosts
from amazon_models import AmazonModels

from spapi_sandbox.server import running_sandbox

HERE = Path(__file__).resolve().parent
FR = "A13V1IB3VIYZZH"
SKU = "LAMP/1 é+%"
#: How each is run, and whether it keeps to Amazon's models; if not, the sandbox tolerates what Amazon does.
CLIENTS = {
    "python-amazon-sp-api": ([sys.executable, "by_python_amazon_sp_api.py"], False),
    "amzn-selling-partner": ([sys.executable, "by_amzn_selling_partner.py"], True),
    "amazon-sp-api": (["node", "by_amazon_sp_api.cjs"], True),
}


def lamp():
    text = (HERE.parent / "data" / "lamp.json").read_text(encoding="utf-8")
    return json.loads(text.replace("MARKETPLACE", FR).replace("LANGUAGE", "fr_FR").replace("CURRENCY", "EUR"))


def story(sandbox):
    message = {"operationType": "UPDATE", "productType": "LAMP"}
    feed = {
        "header": {"sellerId": sandbox.seller_id, "version": "2.0", "issueLocale": "fr_FR"},
        "messages": [
            {"messageId": 1, "sku": "F1", "attributes": lamp(), **message},
            {"messageId": 2, "sku": "F2", "attributes": {"brand": []}, **message},
        ],
    }
    patch = {
        "op": "merge", "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 0}],
    }  # fmt: skip
    return {
        "seller": sandbox.seller_id, "sku": SKU, "market": FR, "attributes": lamp(), "wrong": {"brand": []},
        "patches": [patch], "feed": json.dumps(feed), "refresh_token": sandbox.refresh_token,
        "client_id": sandbox.client_id, "client_secret": sandbox.client_secret,
    }  # fmt: skip


SEEN = {
    "types": ["LAMP"], "title": "Nom du produit", "domains": ["www.amazon.fr"], "plan": "PROFESSIONAL",
    "preview": "VALID", "unknown": 404, "wrong": "INVALID", "put": "ACCEPTED", "patch": "ACCEPTED",
    "stock": 0, "search": [SKU], "delete": "ACCEPTED", "gone": 404, "feed": "DONE", "report": 1,
    "elsewhere": 403,
}  # fmt: skip


@pytest.mark.parametrize("name", CLIENTS)
def test_a_foreign_client_sees_amazon(name, tmp_path):
    (program, script), careful = CLIENTS[name]
    if program == "node" and not (
        shutil.which("node") and (HERE / "foreign_clients" / "node_modules").is_dir()
    ):
        pytest.skip("Node and its packages are not installed (tests/install.sh installs them where npm is)")
    with running_sandbox(seed=7, quotas=False) as sandbox:
        sandbox.state.region, sandbox.state.lenient = "EU", not careful
        sandbox.control("recording", on=True)
        with amazon_hosts(sandbox.state, tmp_path) as environment:
            done = subprocess.run(
                [program, HERE / "foreign_clients" / script], input=json.dumps(story(sandbox)),
                env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == SEEN
        problems = AmazonModels().problems(sandbox.requests())
        assert [one for one in problems if careful or " answer " in one] == []
