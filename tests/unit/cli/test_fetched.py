"""What `connectors check` says where Amazon was asked for a definition and gave none."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.settings import settings
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection

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
def not_checked(connection, tmp_path, monkeypatch):
    """Checks connectors of one account; returns why their definitions are not compared."""

    def check(*types, **changes):
        monkeypatch.setenv("AIRFLOW_CONN_DEMO_AMAZON", json.dumps(connection | changes))
        folder = tmp_path / "connectors"
        folder.mkdir()
        for number, product_type in enumerate(types):
            amazon = CONNECTOR["amazon"] | {"product_type": product_type}
            made = CONNECTOR | {"id": f"c{number}", "amazon": amazon}
            (folder / f"c{number}.yaml").write_text(yaml.safe_dump(made))
        found = CliRunner().invoke(app, ["connectors", "check", "--json", "--folder", str(folder)])
        listed = json.loads(found.stdout)["not_checked"]
        return {one["why"]: one["connectors"] for one in listed if one["what"] == "definition"}

    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    settings.cache_clear()
    yield check
    settings.cache_clear()


def test_a_connection_that_amazon_refuses_is_told_as_that(not_checked):
    ((why, connectors),) = not_checked("LAMP", "BACKPACK", password="amzn1.oa2-cs.v1.wrong").items()
    assert "does not accept the client id with this client secret" in why
    assert "AIRFLOW_CONN" not in why
    assert connectors == ["c0", "c1"]


def test_a_product_type_that_amazon_does_not_have_stands_for_itself(not_checked):
    ((why, connectors),) = not_checked("NO_SUCH_TYPE", "LAMP").items()
    assert "NO_SUCH_TYPE" in why
    assert connectors == ["c0"]
