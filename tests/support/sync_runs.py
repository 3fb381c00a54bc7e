"""Runs of a connector against the sandbox, from mapped items to the report, without Airflow."""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from datetime import UTC, datetime

import yaml

from amazon_listings.approvals.answers import answer_run
from amazon_listings.approvals.decisions import Decisions
from amazon_listings.checks.check_items import test_sync as check
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.incoming.http_reader import Limits
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import start_run
from amazon_listings.runs.definitions import Definitions, definition_key, refresh_definitions
from amazon_listings.runs.extract.notations import ColumnSurvey, note_notations
from amazon_listings.runs.finish.ending import finish_run
from amazon_listings.runs.finish.resolve import check_sum
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.map_fields import map_part
from amazon_listings.runs.notes import (
    ApprovalNote,
    ExtractNote,
    LiveNote,
    QualityNote,
    RemovalsNote,
    TestedNote,
)
from amazon_listings.runs.records import EXTRACT, PROBLEMS, QUALITY, TESTED
from amazon_listings.runs.scope import Scope
from amazon_listings.runs.tested_plans import TestedPlans
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.content.leaves import amazon_defaults
from amazon_listings.writes.live_sync import live_sync
from support.accounts import account_at
from support.run_records import resolved_items

PRODUCT = {
    "item_name": "{{ item.name }}",
    "brand": "{{ item.brand }}",
    "manufacturer": "Acme",
    "product_description": "Une lampe.",
    "bullet_point": ["{{ item.point }}", "Durable"],
    "country_of_origin": "FR",
    "supplier_declared_dg_hz_regulation": "not_applicable",
    "lamp_type": "desk_lamp",
    "light_source_type": "led",
    "color_temperature": {"value": 2700, "unit": "kelvin"},
    "color": "{{ item.colour }}",
    "main_product_image_locator": "https://img.example/1.jpg",
    "item_weight": "1 kg",
    "item_package_weight": "1 kg",
    "externally_assigned_product_identifier.type": "ean",
    "externally_assigned_product_identifier.value": "{{ item.ean }}",
}
OFFER = {
    "condition_type": "new_new",
    "purchasable_offer.our_price.schedule.value_with_tax": "{{ item.price }}",
    "fulfillment_availability.fulfillment_channel_code": "DEFAULT",
    "fulfillment_availability.quantity": "{{ item.stock }}",
    "merchant_shipping_group": "standard-template",
}
DOCUMENT = {
    "id": "lamps",
    "title": "Lampes",
    "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP"},
    "sales_layer": {"languages": ["fr"], "sku": "{{ item.reference }}"},
    # Most tests are about what is sent, and not about who allowed it.
    "approval": {"policy": "never"},
    "guards": {
        "price_fall": None,
        "price_rise": None,
        "quantity_times": None,
        "unit_change": False,
        "changed_share": None,
        "quantity_sum_fall": None,
        "vanished_share": None,
    },
    "sync": {"removed_share": 1},
    "mapping": PRODUCT | OFFER,
    "rules_off": {"gpsr_contacts": "They are kept in Seller Central."},
}
FIELDS = {
    "name": "Lampe",
    "brand": "Acme",
    "point": "Solide",
    "colour": "Rouge",
    "ean": "4006381333931",
    "price": 10,
    "stock": 3,
}


def record(identity, fields):
    return {
        "id": identity,
        "ref": identity,
        "status": "visible",
        "modified": None,
        "fields": fields,
        "texts": {},
        "images": {},
    }


def lamp(sku, *, modified=None, **fields):
    """A product without variants."""
    return {
        "pim_id": f"products/{sku}",
        "group": f"products/{sku}",
        "sku": sku,
        "status": "visible",
        "modified": modified,
        "product": record(sku, FIELDS | fields),
        "variant": None,
    }


def variant(product, sku, **fields):
    """A variant of a product."""
    return {
        "pim_id": f"variants/{sku}",
        "group": f"products/{product}",
        "sku": sku,
        "status": "visible",
        "modified": None,
        "product": record(product, FIELDS | {"colour": ""}),
        "variant": record(sku, {"colour": "Rouge"} | fields),
    }


class Shop:
    """A selling partner with a ledger, and the connectors that run for it.

    `waits` are the seconds that somebody waited; each moves the sandbox's clock.
    """

    def __init__(self, sandbox, ledger, root, *, vendor=False):
        self.sandbox = sandbox
        self.ledger = ledger
        self.waits = []
        self._root = root
        self._numbers = itertools.count(1)
        self.vendor = vendor
        self.client = self.connect()

    def connect(self):
        account = account_at(
            self.sandbox,
            seller_id=self.sandbox.vendor_code if self.vendor else self.sandbox.seller_id,
            vendor=self.vendor,
        )
        return SellingPartner(
            account,
            quotas=Quotas(sleep=lambda _: None),
            preview_rate=1000,
            sleep=self._sleep,
            limits=Limits(connect=5, silence=20),
        )

    def _sleep(self, seconds):
        self.waits.append(seconds)
        self.sandbox.advance(seconds)

    def connector(self, **changes):
        """A connector, loaded as the product loads it; `mapping` and `sync` are merged over the default."""
        document = copy.deepcopy(DOCUMENT)
        for key, value in changes.items():
            merge = isinstance(value, dict) and isinstance(document.get(key), dict)
            document[key] = document[key] | value if merge else value
        document = {key: value for key, value in document.items() if value is not None}
        document["mapping"] = {key: value for key, value in document["mapping"].items() if value is not None}
        folder = self._root / "connectors"
        folder.mkdir(exist_ok=True)
        path = folder / f"{document['id']}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        loaded = load_connectors(folder, {})
        assert not loaded.broken, loaded.broken[0].text
        return keyed(self.ledger, next(one for one in loaded.connectors if one.id == document["id"]))

    def definitions(self, connector):
        storage = self._root / "storage"
        refresh_definitions(connector, self.client, storage)
        key = definition_key(connector, self.client.account.seller_id)
        return Definitions(load_pair(DefinitionStore(storage / "definitions"), key, connector.marketplace))

    def listings(self, connector):
        amazon_part = connector.amazon
        return ListingScope(
            connector.key, self.client.account.seller_id, connector.marketplace.id, amazon_part.product_type
        )

    def held(self, connector, sku):
        """The attributes that Amazon holds, or None."""
        found = amazon.get(self.client, sku, [connector.marketplace.id], included=("attributes",))
        return found and found.attributes

    def run(self, connector, *parts, until=None, **more):
        """A run over these items, one list for each part; its end."""
        run = Run(self, connector, next(self._numbers), **more)
        run.extract(*parts)
        run.map()
        run.test()
        if run.scope.operation == "live" and until != "tested":
            run.approve()
            if until != "approved":
                run.live()
        return run


class Run:
    """One run; its steps one by one."""

    def __init__(
        self,
        shop,
        connector,
        number,
        *,
        operation="live",
        kind="everything",
        force=False,
        removed=(),
        kept=(),
    ):
        self.shop = shop
        self.connector = connector
        self.removed = list(removed)
        self.kept = list(kept)
        self.scope = Scope(operation, kind, "asked", None, None, frozenset(), force)
        self.folder = RunFolder.of(shop._root / "storage", connector.id, f"run{number}")
        self.definitions = shop.definitions(connector)
        self.number = start_run(
            shop.ledger,
            connector_key=connector.key,
            run_id=f"run{number}",
            operation=operation,
            scope=kind,
            fingerprint="f",
            definition=self.definitions.checksum,
        )
        self.counts = {}

    def extract(self, *parts, unreadable=0):
        names = [part_name(number) for number, _ in enumerate(parts, 1)]
        for name, items in zip(names, parts, strict=True):
            self.folder.write(EXTRACT, name, items)
            self.folder.write(QUALITY, name, [])
        self.folder.write(PROBLEMS, part_name(1), [])
        self.folder.note(self.scope)
        extracted = sum(map(len, parts))
        self.folder.note(
            ExtractNote(
                parts=tuple(names),
                extracted=extracted,
                out_of_scope=0,
                unreadable=unreadable,
                full=self.scope.kind == "everything",
                removed_ids=tuple(self.removed),
                kept_ids=tuple(self.kept),
            )
        )
        self.folder.note(QualityNote(checked=extracted, blocked=0))
        survey = ColumnSurvey().see_all(itertools.chain(*parts))
        whole = self.scope.kind == "everything"
        note_notations(self.connector, survey, whole=whole, ledger=self.shop.ledger, folder=self.folder)

    def map(self):
        for part in self.folder.parts(EXTRACT):
            map_part(self.connector, self.definitions, self.folder, part)

    def test(self):
        shop = self.shop
        self.counts = check(
            self.connector,
            self.scope,
            self.definitions,
            client=shop.client,
            ledger=shop.ledger,
            folder=self.folder,
        )

    def decide(self, now=None):
        return self.decisions(now).decide()

    def decisions(self, now=None):
        shop = self.shop
        return Decisions(
            self.connector,
            self.folder,
            shop.ledger,
            shop.listings(self.connector),
            self.number,
            self.definitions.layout,
            amazon_defaults(self.connector.marketplace),
            TestedPlans(self.connector, self.definitions, self.folder),
            now or datetime.now(UTC),
        )

    def approve(self):
        """Decide what may go; where the connector never asks by policy, allow what is asked all the same."""
        note = self.decide()
        if note.waiting and self.connector.approval.policy == "never":
            answer_run(self.folder, self.shop.ledger, self.connector.key, approved=True, by="test")
            note = self.decide()
        return note

    def live(self):
        if self.folder.noted(ApprovalNote) is None:
            self.approve()
        self.send()

    def send(self, stopped=lambda: None):
        """What the task live_sync does, whatever was decided before."""
        shop = self.shop
        self.sync = live_sync(
            self.connector,
            self.definitions,
            client=shop.client,
            ledger=shop.ledger,
            run=self.number,
            folder=self.folder,
            stopped=stopped,
        )
        self.counts = self.sync.send()

    def finish(self):
        """What the task report does: the report, and the items' present state in the ledger."""
        return finish_run(
            self.connector,
            ledger=self.shop.ledger,
            folder=self.folder,
            run_id=f"run{self.number}",
            warnings=(),
            unfinished=(),
        )

    def items(self):
        """What became of items, by SKU; the sum of the outcomes was checked."""
        resolved = list(resolved_items(self.folder))
        added = sum(one.parent or one.removed for one in resolved)
        counts = Counter(one.outcome for one in resolved)
        check_sum(self.folder.noted(ExtractNote).extracted, added, 0, counts)
        return {one.sku or "": one for one in resolved}

    def tested(self):
        """What the test sync said of items."""
        return [item for part in self.folder.parts(TESTED) for item in self.folder.read(TESTED, part)]

    def plans(self):
        """The plans of the items, with their changes, by SKU."""
        plans = TestedPlans(self.connector, self.definitions, self.folder)
        return {
            plan.sku: plan
            for part in self.folder.parts(TESTED)
            for plan in plans.of(part, self.folder.read(TESTED, part)).values()
        }

    def outcomes(self):
        return {sku: item.outcome for sku, item in self.items().items()}

    def calls(self):
        calls = Counter()
        for kind in (TestedNote, LiveNote, RemovalsNote):
            if (note := self.folder.noted(kind)) is not None:
                calls.update(note.calls)
        return {name: number for name, number in calls.items() if number}
