"""Whatever is asked of the sandbox within or just beside Amazon's models, its answers are within them.

Once as we think of requests (with values that the sandbox knows, so that half of them get through), once as
Schemathesis does. `AMAZON_LISTINGS_GENERATED` is how many requests each makes; `make fuzz` makes 10,000.
"""

import json
import os
from collections import Counter
from functools import partial
from random import Random

import pytest
import requests
import schemathesis
from amazon_models import FILES, AmazonModels, shared
from generated_requests import generated
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from spapi_sandbox.server import running_sandbox

SEED = 20261128
COUNT = int(os.environ.get("AMAZON_LISTINGS_GENERATED", "240"))
ROTATION = "rotateApplicationClientSecret"


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(seed=5, quotas=False) as running:
        yield running


def token(sandbox, **grant):
    asked = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret, **grant}
    return requests.post(sandbox.token_url, data=asked, timeout=10).json()["access_token"]


@pytest.fixture(scope="module")
def models():
    return AmazonModels()


@pytest.fixture(scope="module")
def headers(sandbox, models):
    """What a request of an operation needs beside what its model says, by the operation's name."""
    seller = token(sandbox, grant_type="refresh_token", refresh_token=sandbox.refresh_token)
    grantless = token(sandbox, grant_type="client_credentials", scope="sellingpartnerapi::notifications")
    rotating = token(
        sandbox, grant_type="client_credentials", scope="sellingpartnerapi::client_credential:rotation"
    )

    def of(name):
        whose = grantless if models.operations[name].grantless else seller
        return {
            "x-amz-access-token": rotating if name == ROTATION else whose,
            "user-agent": "Conformance/1.0 (Language=Python)",
        }

    return of


def faults(models, name, path, answer):
    """What is wrong with an answer."""
    entry = {
        "status": answer.status_code, "answer": answer.text,
        "headers": {key.lower(): value for key, value in answer.headers.items()},
    }  # fmt: skip
    found = [f"status {answer.status_code}"] if answer.status_code >= 500 else []
    try:
        found += models.answer_problems(models.operations[name], entry)
    except ValueError as error:
        return [*found, f"the answer is not JSON: {error}"]
    if answer.status_code == 404 and "%2F" in path:
        return [one for one in found if not one.startswith("rate limit")]  # no operation's path
    return found


def test_no_answer_is_outside_of_amazons_models(sandbox, models, headers):
    # A rotated secret would end the grants of the others.
    operations = sorted(set(models.operations) - {ROTATION})
    found, statuses = [], Counter()
    with requests.Session() as session:
        for number in range(COUNT):
            random = Random(f"{SEED} {number}")
            name = random.choice(operations)
            request = generated(random, models.operations[name], models.paths[name])
            sent = headers(name)
            content = (
                request.body if isinstance(request.body, bytes | None) else json.dumps(request.body).encode()
            )
            if content is not None:
                sent["content-type"] = "application/json"
            asked = {"params": request.query, "data": content, "headers": sent, "timeout": 30}
            answer = session.request(request.method, sandbox.url + request.path, **asked)
            statuses[answer.status_code] += 1
            wrong = faults(models, name, request.path, answer)
            if wrong:
                found.append(f"{number}: {request} → {answer.status_code} {answer.text[:200]}: {wrong}")
    assert found == [], "\n".join(found[:20]) + f"\n({len(found)} of {COUNT})"
    assert statuses[200] > COUNT / 20


def described(mode):
    """Every operation as Schemathesis reads it, by name: of which it can make requests of that kind.

    Anything is right where a request is but a path, and nothing can be wrong.
    """
    for name in FILES:
        model = json.loads((shared() / "amazon" / "models" / f"{name}.json").read_text(encoding="utf-8"))
        for operation in schemathesis.openapi.from_dict(model).get_all_operations():
            one = operation.ok()
            where = {parameter["in"] for parameter in one.definition.raw.get("parameters", [])}
            if where - {"path"} or (where and mode is GenerationMode.POSITIVE):
                yield one.definition.raw["operationId"], one


def asked(operation, mode, count, ask):
    """Ask what Schemathesis makes of an operation, so many times."""

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def generated(case):
        ask(case)

    generated()


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
def test_nor_is_an_answer_to_schemathesis(sandbox, models, headers, mode):
    operations = dict(described(mode))
    assert len(operations) >= 15
    found, statuses = [], Counter()

    def ask(name, case):
        answer = case.call(base_url=sandbox.url, session=session, headers=headers(name), timeout=30)
        statuses[answer.status_code] += 1
        wrong = faults(models, name, answer.request.url, answer)
        if wrong:
            sent = f"{answer.request.method} {answer.request.url} {answer.request.body!r:.300}"
            found.append(f"{sent} → {answer.status_code} {answer.text[:200]}: {wrong}")

    with requests.Session() as session:
        for name, operation in operations.items():
            asked(operation, mode, COUNT // (2 * len(operations)) + 1, partial(ask, name))
    assert found == [], "\n".join(found[:20]) + f"\n({len(found)} of {sum(statuses.values())})"
    assert sum(statuses.values()) >= COUNT / 2, statuses
