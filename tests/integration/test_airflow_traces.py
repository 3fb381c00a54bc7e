"""What the runs of the other modules left behind: small XComs, and no secret anywhere."""

import pytest

from support.airflow import PIM_KEY

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def runs(house, failing):
    """Every run there was; at least those that failed."""
    for run in failing.values():
        house.finish(run)
    return [*failing.values(), *house.runs("packs", "scheduled"), *house.runs("packs", "manual")]


def test_xcom_holds_references_and_counts(runs):
    for run in runs:
        for entry in run.xcoms:
            assert entry["key"] == "return_value"
            assert len(str(entry["value"])) < 6000, entry


def test_no_secret_in_anything_that_was_written(house, runs):
    issued = set(house.sandbox.state.tokens._bearers)
    assert issued
    hushed = {
        house.sandbox.client_secret,
        house.sandbox.refresh_token,
        "amzn1.oa2-cs.v1.wrong",
        PIM_KEY,
        "Atza|",
        *issued,
    }
    # The secrets backend's own file and Airflow's encrypted connections are where secrets belong.
    written = [path for path in house.home.rglob("*") if path.is_file() and path.name != "vault.json"]
    assert len(written) > 50
    for path in written:
        content = path.read_bytes()
        for secret in hushed:
            assert secret.encode() not in content, f"{secret} in {path}"


def test_no_secret_in_what_airflow_shows(runs):
    for run in runs:
        for one in run.tasks:
            shown = str(one["rendered_fields"])
            assert "Atz" not in shown
            assert "oa2-cs" not in shown
            assert PIM_KEY not in shown
