"""Whatever is asked of the sandbox within or just beside Amazon's models, its answers are within them.

`AMAZON_LISTINGS_GENERATED` is how many requests are made; `make fuzz` makes ten thousand.
"""

import json
import os
from collections import Counter
from random import Random

import pytest
import requests
from amazon_models import AmazonModels
from generated_requests import generated

from spapi_sandbox.server import running_sandbox

SEED = 20261128
COUNT = int(os.environ.get("AMAZON_LISTINGS_GENERATED", "400"))
#: Who asks for what: these two take a grantless token.
GRANTLESS = {
    "createDestination",
    "getDestinations",
    "getDestination",
    "deleteDestination",
    "rotateApplicationClientSecret",
}


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(seed=5, quotas=False) as running:
        yield running


def token(sandbox, **grant):
    asked = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret, **grant}
    return requests.post(sandbox.token_url, data=asked, timeout=10).json()["access_token"]


def test_no_answer_is_outside_of_amazons_models(sandbox):
    models = AmazonModels()
    # A rotated secret would end the grants of the others.
    operations = sorted(set(models.operations) - {"rotateApplicationClientSecret"})
    seller = token(sandbox, grant_type="refresh_token", refresh_token=sandbox.refresh_token)
    grantless = token(sandbox, grant_type="client_credentials", scope="sellingpartnerapi::notifications")
    found, statuses = [], Counter()
    with requests.Session() as session:
        for number in range(COUNT):
            random = Random(f"{SEED} {number}")
            name = random.choice(operations)
            request = generated(random, models.operations[name], models.paths[name])
            headers = {
                "x-amz-access-token": grantless if name in GRANTLESS else seller,
                "user-agent": "Conformance/1.0 (Language=Python)",
            }
            content = (
                request.body if isinstance(request.body, bytes | None) else json.dumps(request.body).encode()
            )
            if content is not None:
                headers["content-type"] = "application/json"
            asked = {"params": request.query, "data": content, "headers": headers, "timeout": 30}
            answer = session.request(request.method, sandbox.url + request.path, **asked)
            entry = {
                "status": answer.status_code, "answer": answer.text,
                "headers": {key.lower(): value for key, value in answer.headers.items()},
            }  # fmt: skip
            statuses[answer.status_code] += 1
            try:
                wrong = models.answer_problems(models.operations[name], entry)
                if answer.status_code == 404 and "%2F" in request.path:
                    wrong = [one for one in wrong if not one.startswith("rate limit")]  # no operation's path
            except ValueError as error:
                wrong = [f"the answer is not JSON: {error}"]
            if answer.status_code >= 500 or wrong:
                found.append(f"{number}: {request} → {answer.status_code} {answer.text[:200]}: {wrong}")
    assert found == [], "\n".join(found[:20]) + f"\n({len(found)} of {COUNT})"
    assert statuses[200] > COUNT / 20
