"""The workbench over a real ledger and Airflow's database, asked by users with rights of their own."""

import json
import shutil
from datetime import UTC, datetime

import pytest
import yaml
from anyio.from_thread import start_blocking_portal
from fastapi import HTTPException
from fastapi.testclient import TestClient

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.remarks import remark
from amazon_listings.runs.definitions import definition_key
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import DefinitionsNote
from amazon_listings.settings import settings
from amazon_product_types.validation.issue import Issue, Origin
from support.hostile import HOSTILE
from support.ledgers import ledger_in

NOW = datetime(2026, 11, 28, 5, tzinfo=UTC)

#: User -> the DAGs that they may see, and those that they may change.
RIGHTS = {
    "other": ({"amazon_elsewhere"}, set()),
    "viewer": ({"amazon_lamps"}, set()),
    "editor": ({"amazon_lamps"}, {"amazon_lamps"}),
    "admin": ({"amazon_lamps", "amazon_elsewhere"}, {"amazon_lamps", "amazon_elsewhere"}),
}


class Person:
    def __init__(self, name):
        self.name = name

    def get_name(self):
        return self.name

    def get_id(self):
        return self.name


class RightsByDag:
    """An auth manager that knows rights of single DAGs, as Airflow's FAB manager does."""

    def is_authorized_dag(self, *, method, details, user, access_entity=None):
        seen, changed = RIGHTS[user.name]
        return details.id in (seen if method == "GET" else changed)

    def is_authorized_connection(self, *, method, details, user):
        return user.name in {"editor", "admin"}

    def is_authorized_variable(self, *, method, details=None, user):
        return user.name in {"editor", "admin"}


@pytest.fixture(scope="session")
def airflow_database():
    from airflow.utils.db import initdb

    initdb()


def document(connector_id, **changes):
    return {
        "id": connector_id,
        "title": f"Lampes {connector_id}",
        "owner": "catalogue",
        "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP"},
        "sales_layer": {"languages": ["fr"]},
        "mapping": {"Nom du produit": "{{ item.name }}", "Marque": "{{ item.brand }}"},
    } | changes


@pytest.fixture(scope="session")
def connector_files(tmp_path_factory):
    """The folder of connectors that every test begins with."""
    folder = tmp_path_factory.mktemp("files") / "connectors"
    folder.mkdir()
    for one in ("lamps", "elsewhere"):
        text = yaml.safe_dump(document(one), sort_keys=False, allow_unicode=True)
        (folder / f"{one}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch, connector_files):
    folder = tmp_path / "connectors"
    shutil.copytree(connector_files, folder)
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(folder))
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture(scope="session")
def fetched(connector_files, definitions_folder, tmp_path_factory):
    """A storage with the definition of lamps, as the run of each connector has fetched it."""
    storage = tmp_path_factory.mktemp("fetched") / "storage"
    shutil.copytree(definitions_folder, storage / "definitions")
    for one in load_connectors(connector_files, {}).connectors:
        key = definition_key(one, "A1SANDBOXSELLER")
        pair = load_pair(DefinitionStore(storage / "definitions"), key, one.marketplace)
        RunFolder.of(storage, one.id, f"manual__{one.id}").note(
            DefinitionsNote(
                key=key,
                country="FR",
                checksum=pair.validation.checksum,
                labels_checksum=pair.labels.checksum,
                version=pair.validation.version,
                fetched_at=pair.validation.fetched_at.isoformat(),
                warnings=(),
            )
        )
    return storage


@pytest.fixture
def defined(fetched, tmp_path):
    """A copy of the storage that was fetched."""
    shutil.copytree(fetched, tmp_path / "storage")


@pytest.fixture(scope="session")
def filled_ledger(tmp_path_factory):
    """A ledger with a run of each connector: a good item, a hostile one, one without SKU."""
    place = tmp_path_factory.mktemp("filled")
    ledger = ledger_in(place)
    for connector_id in ("lamps", "elsewhere"):
        key = resolve_key(ledger, connector_id)
        run = start_run(ledger, connector_key=key, run_id=f"manual__{connector_id}", operation="test")
        record_states(ledger, key, [state(run, *one) for one in ITEMS])
        record_issues(
            ledger,
            key,
            run,
            [CheckedItem(sku or pim_id, [trouble()], frozenset({"schema"})) for pim_id, sku, *_ in ITEMS[1:]],
        )
        finish_run(ledger, run, counts={"ready": 1, "blocked": 2}, calls={}, cursor=None, failure=())
    ledger.dispose()  # which writes all of it into the one file
    return place / "ledger.db"


@pytest.fixture
def filled(folder, defined, filled_ledger):
    """A copy of the filled ledger."""
    shutil.copy(filled_ledger, folder.parent / "ledger.db")
    return ledger_in(folder.parent)


ITEMS = (
    ("products/1", "A-1", "Lampe", "ready"),
    ("products/2", HOSTILE[:60], HOSTILE, "blocked"),
    ("products/3", None, None, "blocked"),
)


def state(run, pim_id, sku, name, outcome):
    return ItemState(
        pim_id=pim_id,
        sku=sku,
        family=pim_id,
        run=run,
        operation="test",
        outcome=outcome,
        read_at=NOW,
        name=name,
        note=remark("note.parent_failed", parent=HOSTILE) if outcome == "blocked" else (),
        row=row(pim_id, sku, name),
        attributes={"item_name": [{"value": name, "language_tag": "fr_FR"}]} if name else None,
    )


def row(pim_id, sku, name):
    record = {
        "id": pim_id,
        "ref": pim_id,
        "status": "visible",
        "modified": None,
        "fields": {"brand": "Acme"},
        "texts": {"name": {"fr": name}} if name else {},
        "images": {},
    }
    head = {"pim_id": pim_id, "group": pim_id, "sku": sku, "status": "visible", "modified": None}
    return {**head, "product": record, "variant": None}


def trouble():
    return Issue(
        code="missing_attribute",
        severity="ERROR",
        source="schema",
        message=f"Marque manque. {HOSTILE}",
        attribute="brand",
        label=HOSTILE,
        why=HOSTILE,
        found=HOSTILE,
        action=HOSTILE,
        origin=Origin(7, "Marque", "brand", "fr"),
    )


@pytest.fixture(scope="session")
def portal():
    """One event loop for all requests: a client starts a thread with one of its own for each."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def application():
    """The pages, made once: what they show they read from settings, ledger and Airflow when asked."""
    from airflow.api_fastapi.core_api.security import get_user
    from starlette.requests import Request

    from amazon_listings.web.activity import report_pages
    from amazon_listings.web.app import create_app

    def signed_in(request: Request):
        name = request.headers.get("x-user")
        if name is None:
            raise HTTPException(401, "Not authenticated")
        return Person(name)

    app = create_app()
    app.dependency_overrides[get_user] = signed_in
    app.dependency_overrides[report_pages._may_read.dependency] = lambda: None
    return app


@pytest.fixture
def client(airflow_database, application, portal, filled, monkeypatch):
    """Ask as a user: `client("viewer").get(…)`; None is somebody who is not signed in."""
    from amazon_listings.web import access

    monkeypatch.setattr(access, "get_auth_manager", RightsByDag)

    def client(name=None, **headers):
        user = {"x-user": name} if name else {}
        client = TestClient(
            application, headers=user | headers, follow_redirects=False, base_url="http://airflow.test"
        )
        client.portal = portal
        return client

    client.app = application
    return client


@pytest.fixture
def variable(airflow_database):
    """Set an Airflow Variable in its database, until the test ends."""
    from airflow.models.variable import Variable

    names = []

    def variable(name, value):
        names.append(name)
        Variable.set(name, json.dumps(value))

    yield variable
    for name in names:
        Variable.delete(name)
