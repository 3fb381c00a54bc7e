"""One private Airflow for every test in this folder that needs a scheduler."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.marketplaces import MARKETPLACES
from spapi_sandbox.server import running_sandbox
from support.airflow import (
    DAILY_AT,
    FAMILIES,
    amazon_connection,
    demo_connector,
    installation,
    pim_connection,
)
from support.faults import Trial
from support.silent_pim import silent_pim

#: A client secret that nobody rotated in its 180 days, and the day it was made.
EXPIRED_SECRET = "amzn1.oa2-cs.v1.expired"
LONG_AGO = str((datetime.now(UTC) - timedelta(days=190)).date())
#: What goes wrong -> how the connector or its connections differ from one that works.
WRONG_ACCOUNTS = {
    "wrong_secret": {"password": "amzn1.oa2-cs.v1.wrong"},
    "wrong_client": {"login": "amzn1.application-oa2-client.wrong"},
    "expired_secret": {"password": EXPIRED_SECRET, "extra": {"secret_created": LONG_AGO}},
    "revoked": {"extra": {"refresh_token": "Atzr|sandbox-seller"}},
    "wrong_vendor": {"extra": {"seller_id": "", "vendor_code": "WRONG"}},
    "wrong_seller": {"extra": {"seller_id": "A1SOMEBODYELSE"}},
}
WRONG_DOCUMENTS = {
    "wrong_type": {"amazon": {"product_type": "NOSUCHTYPE"}},
    "wrong_country": {
        "amazon": {"country": "IE", "locale": "en_GB"},
        "sales_layer": {"languages": ["en"]},
    },
    "no_connection": {"amazon": {"connection": "never_made"}},
    "pim_refuses": {"sales_layer": {"connection": "pim_refuses"}},
    "pim_silent": {"sales_layer": {"connection": "pim_silent"}},
    "empty": {"sales_layer": {"filter": "{{ item.reference == 'NOBODY' }}"}},
    "over_limit": {"sales_layer": {"sku_limit": 3}},
    "no_field": {"mapping": {"Produktnahme": "{{ item.prod_title }}"}},
}


def _connector(connector_id, **changes):
    chosen = {"filter": f"{{{{ item.reference[:8] in {list(FAMILIES)} }}}}"} | changes.pop("sales_layer", {})
    sync = {"schedule": f"0 {DAILY_AT} * * *", "timezone": "UTC"} | changes.pop("sync", {})
    return demo_connector("de_backpacks", connector_id, sales_layer=chosen, sync=sync, **changes)


def _documents():
    by_hand = {"sync": {"schedule": None}}
    yield _connector("packs", amazon={"connection": "vaulted"}, sales_layer={"connection": "stored"})
    yield _connector("renamed", **by_hand)
    for name in WRONG_ACCOUNTS:
        yield _connector(name, amazon={"connection": name}, **by_hand)
    for name, changes in WRONG_DOCUMENTS.items():
        yield _connector(name, **changes, **by_hand)


@pytest.fixture(scope="module")
def shared():
    """A sandbox for the tests of a module."""
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def trial(shared, tmp_path):
    """A backpack connector and its own place, with the sandbox as it began."""
    shared.reset()
    return Trial(shared, tmp_path)


@pytest.fixture(scope="session")
def pim_down():
    with silent_pim() as pim:
        yield pim


@pytest.fixture(scope="session")
def house(tmp_path_factory, pim_down):
    """Airflow and the sandbox.

    Credentials come from everywhere they may: the environment, a secrets backend (`vaulted`), and
    Airflow's own database (`stored`).
    """
    home = tmp_path_factory.mktemp("house")
    connections = {
        name: lambda sandbox, changes=changes: amazon_connection(
            sandbox, **{key: dict(value) if key == "extra" else value for key, value in changes.items()}
        )
        for name, changes in WRONG_ACCOUNTS.items()
    }
    connections["pim_refuses"] = lambda sandbox: pim_connection(sandbox, password="sandbox-pim-key-not")
    connections["pim_silent"] = lambda sandbox: pim_connection(sandbox, host=pim_down.url)
    vault = home / "vault.json"
    settings = {
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(vault)}),
        "AMAZON_LISTINGS_PART_SIZE": "4",
        "AMAZON_LISTINGS_FEED_POLL": "1",
    }
    with installation(home, list(_documents()), connections=connections, settings=settings) as house:
        vault.write_text(json.dumps({"vaulted": amazon_connection(house.sandbox)}))
        stored = pim_connection(house.sandbox)
        body = stored | {"connection_id": "stored", "extra": json.dumps(stored["extra"])}
        house.airflow.call("POST", "/connections", json=body)
        house.sandbox.control("secret", rotate=EXPIRED_SECRET, old_valid_seconds=10**9)
        house.sandbox.control("secret", expire=EXPIRED_SECRET)
        house.sandbox.control("participations", countries=[one for one in MARKETPLACES if one != "IE"])
        house.sandbox.control("revoke", refresh_token="Atzr|sandbox-seller")
        house.wait_until(lambda: "amazon_packs" in json.dumps(house.airflow.call("GET", "/dags")), "no DAG")
        yield house


@pytest.fixture(scope="session")
def failing(house):
    """The runs of the connectors that go wrong, started together, but wrong accounts before the others.

    A connector that waits while another one fetches the same definition takes that one's copy, and
    would learn only later that its own account is refused.
    """
    for name in (*WRONG_ACCOUNTS, *WRONG_DOCUMENTS):
        house.unpause(name)
    refused = {name: house.trigger(name, operation="live") for name in WRONG_ACCOUNTS}
    for run in refused.values():
        house.finish(run)
    return refused | {name: house.trigger(name, operation="live") for name in WRONG_DOCUMENTS}
