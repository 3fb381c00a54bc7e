"""What runs leave behind in Airflow and its folder: small XComs, and no secret anywhere."""

from spapi_sandbox.sales_layer.credentials import API_KEY


def check_xcoms(runs):
    """XComs hold references and counts, never items."""
    assert runs
    for run in runs:
        for entry in run.xcoms:
            assert entry["key"] == "return_value"
            assert len(str(entry["value"])) < 6000, entry


def check_written(house):
    """No file of the installation holds a secret: logs, databases, storage, ledger."""
    issued = set(house.sandbox.state.tokens._bearers)
    assert issued
    hushed = {
        house.sandbox.client_secret,
        house.sandbox.refresh_token,
        "amzn1.oa2-cs.v1.wrong",
        API_KEY,
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


def check_shown(runs):
    """The page of no task shows a secret among its rendered fields."""
    assert runs
    for run in runs:
        for one in run.tasks:
            shown = str(one["rendered_fields"])
            assert "Atz" not in shown
            assert "oa2-cs" not in shown
            assert API_KEY not in shown
