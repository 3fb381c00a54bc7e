"""What `connectors check` says where Amazon was asked for a definition and gave none."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.settings import settings
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection
from support.ledgers import ledger_in

CONNECTOR = {
    "amazon": {"connection": "demo_amazon", "country": "FR", "product_type": "LAMP"},
    "files": {"path": "p.csv", "languages": ["fr"]},
    "mapping": {"Marque": "{{ item.brand }}"},
}


@pytest.fixture(scope="module")
def connection():
    with running_sandbox() as sandbox:
        yield amazon_connection(sandbox)


@pytest.fixture
def check(connection, tmp_path, monkeypatch):
    """Checks connectors of one account; returns what is found."""

    def check(*types, version=None, **changes):
        monkeypatch.setenv("AIRFLOW_CONN_DEMO_AMAZON", json.dumps(connection | changes))
        folder = tmp_path / "connectors"
        folder.mkdir()
        for number, product_type in enumerate(types):
            amazon = CONNECTOR["amazon"] | {"product_type": product_type}
            amazon |= {"product_type_version": version} if version else {}
            made = CONNECTOR | {"id": f"c{number}", "amazon": amazon}
            (folder / f"c{number}.yaml").write_text(yaml.safe_dump(made))
        found = CliRunner().invoke(app, ["connectors", "check", "--json", "--folder", str(folder)])
        return json.loads(found.stdout)

    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    ledger_in(tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    settings.cache_clear()
    yield check
    settings.cache_clear()


def why_not(found):
    """Why definitions are not compared, each with its connectors."""
    listed = found["not_checked"]
    return {one["why"]: one["connectors"] for one in listed if one["what"] == "definition"}


def test_a_connection_that_amazon_refuses_is_told_as_that(check):
    found = check("LAMP", "BACKPACK", password="amzn1.oa2-cs.v1.wrong")
    ((why, connectors),) = why_not(found).items()
    assert "does not accept the client id with this client secret" in why
    assert "AIRFLOW_CONN" not in why
    assert connectors == ["c0", "c1"]
    assert found["findings"] == []


def test_a_product_type_that_amazon_does_not_have_is_an_error_at_its_line(check, tmp_path):
    found = check("LAMPP", "LAMP", "ZZZZZZZZZZ")
    assert why_not(found) == {}
    near, far = found["findings"]
    assert (near["rule"], near["severity"], near["connector"]) == ("product_type", "error", "c0")
    assert near["message"] == "amazon.product_type: Amazon has no product type 'LAMPP' on amazon.fr."
    assert near["suggestion"] == "LAMP"
    assert near["text"].count("Did you mean") == 1
    line = (tmp_path / "connectors" / "c0.yaml").read_text().splitlines()[near["line"] - 1]
    assert line.strip() == "product_type: LAMPP"
    assert (far["connector"], far["suggestion"]) == ("c2", "")
    assert "product-types search" in far["text"]


def test_a_pinned_version_that_amazon_does_not_have_is_an_error_at_its_line(check, tmp_path):
    found = check("LAMP", version="NOSUCHPIN")
    assert why_not(found) == {}
    assert found["right"] == []
    (wrong,) = found["findings"]
    assert (wrong["rule"], wrong["severity"], wrong["connector"]) == ("version", "error", "c0")
    assert "not its version 'NOSUCHPIN'" in wrong["message"]
    assert "LATEST" in wrong["text"]
    line = (tmp_path / "connectors" / "c0.yaml").read_text().splitlines()[wrong["line"] - 1]
    assert line.strip() == "product_type_version: NOSUCHPIN"


def test_a_pinned_version_is_not_checked_without_a_connection(check, tmp_path, monkeypatch):
    assert check("LAMP", version="NOSUCHPIN")["findings"]
    monkeypatch.delenv("AIRFLOW_CONN_DEMO_AMAZON")
    offline = CliRunner().invoke(
        app, ["connectors", "check", "--json", "--folder", str(tmp_path / "connectors")]
    )
    assert offline.exit_code == 0
    found = json.loads(offline.stdout)
    assert (found["findings"], list(why_not(found).values())) == ([], [["c0"]])
