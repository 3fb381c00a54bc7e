import copy
from dataclasses import replace

import pytest
import yaml

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.runs.definitions import Definitions, definition_key, refresh_definitions
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.records import EXTRACT, PROBLEMS
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from support.accounts import account_at
from support.run_records import extract_note, scope_of

DOCUMENT = {
    "id": "lamps",
    "title": "Lampes",
    "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP"},
    "sales_layer": {"languages": ["fr"], "sku": "{{ item.sku_text }}", "sku_limit": 50},
    "mapping": {
        "Nom du produit": "{{ item.name }}",
        "Marque": "{{ item.brand }}",
        "Identifiant externe du produit": "{{ item.ean }}",
        "Image principale": "{{ item.photo }}",
    },
}


def merged(document, changes):
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(document.get(key), dict) and key != "mapping":
            merged(document[key], value)
        else:
            document[key] = value
    return document


@pytest.fixture
def connector(tmp_path):
    """A connector, loaded as the product loads it."""

    def connector(**changes):
        folder = tmp_path / "connectors"
        folder.mkdir(exist_ok=True)
        document = merged(copy.deepcopy(DOCUMENT), changes)
        (folder / "lamps.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        loaded = load_connectors(folder, {})
        assert not loaded.broken, loaded.broken[0].text
        return replace(loaded.connectors[0], resolved_key="lamps")

    return connector


@pytest.fixture(scope="session")
def definitions_folder(tmp_path_factory):
    """Where LAMP in France is kept, fetched from the sandbox."""
    # Not above: what hands the tests out to workers reads this file too, and starts no sandbox.
    from spapi_sandbox.server import running_sandbox

    root = tmp_path_factory.mktemp("definitions")
    connector = _lamps(root)
    with running_sandbox() as sandbox:
        account = account_at(sandbox)
        refresh_definitions(connector, SellingPartner(account, quotas=Quotas()), root)
    return root / "definitions"


@pytest.fixture(scope="session")
def definitions(definitions_folder):
    """LAMP in France."""
    connector = _lamps(definitions_folder.parent)
    key = definition_key(connector, "A1SANDBOXSELLER")
    return Definitions(load_pair(DefinitionStore(definitions_folder), key, connector.marketplace))


def _lamps(folder):
    (folder / "lamps.yaml").write_text(yaml.safe_dump(DOCUMENT, sort_keys=False, allow_unicode=True))
    return load_connectors(folder, {}).connectors[0]


def record(identity, **fields):
    texts = {name: value for name, value in fields.items() if isinstance(value, dict)}
    return {
        "id": identity,
        "ref": fields.get("sku_text") or identity,
        "status": "visible",
        "modified": None,
        "fields": {name: value for name, value in fields.items() if name not in texts},
        "texts": texts,
        "images": {},
    }


GOOD = {
    "sku_text": "A-1",
    "name": {"fr": "Lampe"},
    "brand": "Acme",
    "ean": "4006381333931",
    "photo": "https://img.example/1.jpg",
}


@pytest.fixture
def item():
    """A product without variants, or a variant of product `group`."""

    def item(number, *, group=None, variant=None, **fields):
        if variant is None:
            product = record(str(number), **{**GOOD, "sku_text": f"A-{number}", **fields})
            one = {"pim_id": f"products/{number}", "group": f"products/{number}", "product": product}
            return {
                **one,
                "sku": product["fields"]["sku_text"],
                "status": "visible",
                "modified": None,
                "variant": None,
            }
        own = record(str(number), **{"sku_text": f"A-{number}", **variant})
        product = record(group, **{**{k: v for k, v in GOOD.items() if k != "sku_text"}, **fields})
        return {
            "pim_id": f"variants/{number}",
            "group": f"products/{group}",
            "sku": own["fields"]["sku_text"],
            "status": "visible",
            "modified": None,
            "product": product,
            "variant": own,
        }  # fmt: skip

    return item


@pytest.fixture
def folder(tmp_path):
    return RunFolder.of(tmp_path / "storage", "lamps", "manual__2026-11-23T12:00:00+00:00")


@pytest.fixture
def extracted(folder):
    """The extract stage as the extract step leaves it, in as many parts as there are lists."""

    def extracted(*parts, problems=()):
        names = []
        fields = set()
        for number, items in enumerate(parts, 1):
            names.append(part_name(number))
            folder.write(EXTRACT, names[-1], items)
            for item in items:
                for one in filter(None, (item["product"], item["variant"])):
                    fields |= {*one["fields"], *one["texts"], *one["images"]}
        folder.write(PROBLEMS, part_name(1), problems)
        folder.note(
            extract_note(
                *names,
                extracted=sum(map(len, parts)) + len(problems),
                unreadable=len(problems),
                fields=tuple(sorted(fields)),
            )
        )

    return extracted


@pytest.fixture
def scope():
    return scope_of
