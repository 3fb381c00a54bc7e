"""Whole runs from a file to the report against the sandbox: CPU by step, memory, calls; floor and a script.

    python benchmarks/end_to_end.py [--items 300] [--way feeds|single] [--json]

Four runs of one connector: the first, one in which nothing changed, one in which 1 % did, one in which
the prices of 5 % did. The sandbox runs in a process of its own, without quotas, and counts the calls; all
times are CPU seconds of this process. The floor is measured in the same run: the same payloads through
JSON, the bare validation engine and one INSERT each. The script is what a user would write instead: pandas,
jsonschema with Amazon's keywords and python-amazon-sp-api with one request per item; it remembers what it
sent in a JSON file, and writes a CSV.
"""

from __future__ import annotations

import argparse
import csv
import functools
import hashlib
import json
import logging
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import jsonschema_rs
import pandas as pd
import requests
import yaml
from sp_api.api import ListingsItems
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.ledger.connectors import keyed
from amazon_listings.ledger.database import open_ledger
from amazon_listings.local_run import Decision, run_connector
from amazon_listings.marketplaces import marketplace
from amazon_listings.pipeline import definitions_of
from amazon_listings.runs.records import MAPPED
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.client import SellingPartner
from amazon_listings.selling_partner.quotas import Quotas
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.files.source import ProductFiles
from spapi_sandbox.server import running_sandbox

COLOURS = ("Rouge", "Bleu", "Vert", "Noir")
MAPPING = {
    "item_name": "{{ item.name }}",
    "brand": "{{ item.brand }}",
    "manufacturer": "{{ item.brand }}",
    "product_description": "{{ item.description }}",
    "bullet_point": ["{{ item.point_1 }}", "{{ item.point_2 }}", "{{ item.point_3 }}"],
    "country_of_origin": "FR",
    "supplier_declared_dg_hz_regulation": "not_applicable",
    "lamp_type": "desk_lamp",
    "light_source_type": "led",
    "color_temperature": {"value": 2700, "unit": "kelvin"},
    "color": "{{ item.colour }}",
    "main_product_image_locator": "{{ item.image }}",
    "item_weight": "1 kg",
    "item_package_weight": "1 kg",
    "externally_assigned_product_identifier.type": "ean",
    "externally_assigned_product_identifier.value": "{{ item.ean }}",
    "condition_type": "new_new",
    "purchasable_offer.our_price.schedule.value_with_tax": "{{ item.price }}",
    "fulfillment_availability.fulfillment_channel_code": "DEFAULT",
    "fulfillment_availability.quantity": "{{ item.stock }}",
    "merchant_shipping_group": "standard-template",
}


def gtin(number):
    digits = f"{400_000_000_000 + number:012d}"
    total = sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits))
    return f"{digits}{-total % 10}"


def product(number, version=0, price=0):
    text = f"Une lampe de bureau, version {version}. " + "Elle éclaire sans éblouir. " * 30
    return {
        "id": f"p{number}",
        "reference": f"S{number:07d}",
        "name": f"Lampe de bureau {number} v{version}",
        "brand": "Acme",
        "description": f"<p>{text}</p>",
        "point_1": f"Solide {number}",
        "point_2": "Durable et réparable",
        "point_3": "Lumière chaude",
        "colour": COLOURS[number % len(COLOURS)],
        "image": f"https://img.example/{number}.jpg",
        "ean": gtin(number),
        "price": str(10 + number % 90 + price),
        "stock": str(number % 50 + 1),
    }


def write_rows(path, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def serve(pipe):
    """Play Amazon in a process of its own, until the pipe says that it may end."""
    with running_sandbox(quotas=False) as sandbox:
        pipe.send(
            {
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "refresh_token": sandbox.refresh_token,
                "seller_id": sandbox.seller_id,
                "region": "EU",
                "endpoint": sandbox.url,
                "token_url": sandbox.token_url,
            }
        )
        pipe.recv()


class Installation:
    """A ledger, a storage and a file of products."""

    def __init__(self, account, root, way):
        self.url = account.endpoint
        self.root = root
        self.storage = root / "storage"
        self.ledger = open_ledger(f"sqlite:///{root}/ledger.db")
        self._client = SellingPartner(
            account, quotas=Quotas(sleep=lambda _: None), preview_rate=1000, sleep=self._sleep
        )
        document = {
            "id": "lamps",
            "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP"},
            "files": {
                "path": str(root / "products.csv"),
                "languages": ["fr"],
                "sku": "{{ item.reference }}",
                "sku_limit": 2_000_000,
            },
            "approval": {"policy": "never"},
            "sync": {"feed_from": 1 if way == "feeds" else 10**6},
            "mapping": MAPPING,
            "rules_off": {"gpsr_contacts": "They are kept in Seller Central."},
        }
        folder = root / "connectors"
        folder.mkdir()
        (folder / "lamps.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        loaded = load_connectors(folder, {})
        assert not loaded.broken, loaded.broken[0].text
        self.connector = keyed(self.ledger, loaded.connectors[0])

    def _wait_for_feed(self, _):
        time.sleep(2)  # the sandbox works on it; asking more often would be measured too
        self._sleep(600)

    def _sleep(self, seconds):
        requests.post(f"{self.url}/_control/clock", json={"advance": seconds}, timeout=10)

    def account(self, _connector):
        return self._client.account

    def client(self, _connector):
        return self._client

    def reader(self, connector):
        source = ProductFiles(FileSettings(**connector.source.own))
        return functools.partial(read_items, source)

    def halted(self, _connector):
        return None

    def tables(self, _connector):
        return {}

    def counted(self):
        """Return how many requests of each operation the sandbox has served, but for tokens."""
        found = requests.get(f"{self.url}/_control/counters", timeout=10).json()["operations"]
        return Counter({name: one["requests"] for name, one in found.items() if name != "token"})

    def run(self, rows):
        """Run the connector over these rows; CPU seconds by step, the summary, and the run's context."""
        write_rows(self.root / "products.csv", rows)
        steps, mark = {}, time.process_time()

        def progress(step, _words):
            nonlocal mark
            now = time.process_time()
            steps[step], mark = now - mark, now

        context, summary = run_connector(
            self.connector,
            self,
            {"operation": "live", "selection": "changed", "skus": [], "force": False},
            decide=lambda *_: Decision.SEND,
            progress=progress,
            poll=self._wait_for_feed,
        )
        assert summary["failure"] is None, summary["failure"]
        return steps, summary, context


def plain(document):
    """Return the definition without the address of Amazon's own meta-schema, which other engines refuse."""
    return {name: value for name, value in document.items() if name not in {"$schema", "$id"}}


def floor(payloads, document, root):
    """CPU seconds of JSON, the bare engine and one INSERT for each payload."""
    engine = jsonschema_rs.Draft201909Validator(plain(document))
    database = sqlite3.connect(root / "floor.db")
    database.execute("CREATE TABLE items (sku TEXT PRIMARY KEY, hash TEXT, content BLOB)")
    began = time.process_time()
    with database:
        for sku, attributes in payloads:
            text = json.dumps(attributes).encode()
            engine.is_valid(json.loads(text))
            row = (sku, hashlib.sha256(text).hexdigest(), text)
            database.execute("INSERT INTO items VALUES (?, ?, ?)", row)
    return time.process_time() - began


def amazon_keywords():
    """Return a validator of jsonschema with Amazon's keywords, as its guide says to add them."""

    def groups(items, schema):
        names = schema.get("selectors")
        chosen = [{name: one.get(name) for name in names} if names else one for one in items]
        return Counter(json.dumps(one, sort_keys=True) for one in chosen)

    def most(validator, limit, items, schema):
        if validator.is_type(items, "array") and max(groups(items, schema).values(), default=0) > limit:
            yield jsonschema.ValidationError(f"more than {limit} items of the same selectors")

    def least(validator, limit, items, schema):
        if validator.is_type(items, "array") and len(groups(items, schema)) < limit:
            yield jsonschema.ValidationError(f"less than {limit} items")

    def longest(validator, limit, text, _schema):
        if validator.is_type(text, "string") and len(text.encode()) > limit:
            yield jsonschema.ValidationError(f"longer than {limit} bytes")

    def shortest(validator, limit, text, _schema):
        if validator.is_type(text, "string") and len(text.encode()) < limit:
            yield jsonschema.ValidationError(f"shorter than {limit} bytes")

    keywords = {
        "maxUniqueItems": most,
        "minUniqueItems": least,
        "maxUtf8ByteLength": longest,
        "minUtf8ByteLength": shortest,
    }
    return jsonschema.validators.extend(jsonschema.Draft201909Validator, keywords)


class Script:
    """What a user would write instead: read, map, validate, submit what changed, write a CSV."""

    def __init__(self, account, root, document, template):
        self.account, self.root, self.template = account, root, template
        self.validator = amazon_keywords()(plain(document))
        token = urlsplit(account.token_url)

        class Tokens(AccessTokenClient):
            scheme, host, path = f"{token.scheme}://", token.netloc, token.path

        self.listings = ListingsItems(
            Marketplaces.FR,
            credentials={
                "refresh_token": account.refresh_token,
                "lwa_app_id": account.client_id,
                "lwa_client_secret": account.client_secret,
            },
            auth_token_client_class=Tokens,
        )
        self.listings.endpoint = account.endpoint
        self.sent = {}

    def run(self):
        began = time.process_time()
        outcomes = []
        for row in pd.read_csv(self.root / "products.csv", dtype=str).to_dict("records"):
            attributes = self.mapped(row)
            known = hashlib.sha256(json.dumps(attributes).encode()).hexdigest()
            if self.sent.get(row["reference"]) == known:
                outcomes.append((row["reference"], "unchanged"))
                continue
            if next(self.validator.iter_errors(attributes), None) is not None:
                outcomes.append((row["reference"], "invalid"))
                continue
            answer = self.listings.put_listings_item(
                self.account.seller_id,
                f"X-{row['reference']}",
                marketplaceIds=[marketplace("FR").id],
                body={"productType": "LAMP", "requirements": "LISTING", "attributes": attributes},
            ).payload
            if answer["status"] == "ACCEPTED":
                self.sent[row["reference"]] = known
            outcomes.append((row["reference"], answer["status"]))
        pd.DataFrame(outcomes, columns=["sku", "outcome"]).to_csv(self.root / "outcomes.csv")
        (self.root / "sent.json").write_text(json.dumps(self.sent))
        return time.process_time() - began

    def mapped(self, row):
        """Fill a payload with the values of a row, where the template's row had them."""
        text = self.template
        for name, value in row.items():
            text = text.replace(f"@@{name}@@", json.dumps(value, ensure_ascii=False)[1:-1])
        attributes = json.loads(text)
        price = float(row["price"])
        attributes["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] = price
        attributes["fulfillment_availability"][0]["quantity"] = int(row["stock"])
        return attributes


def template_of(payload, row):
    text = json.dumps(payload, ensure_ascii=False)
    for name in ("name", "point_1", "image", "ean", "colour"):
        text = text.replace(json.dumps(row[name], ensure_ascii=False)[1:-1], f"@@{name}@@")
    return text


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--items", type=int, default=300)
    asked.add_argument("--way", choices=("feeds", "single"), default="feeds")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    logging.disable(logging.WARNING)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    account = Account(**ours.recv())
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        home = Installation(account, Path(folder), options.way)
        rows = [product(number) for number in range(options.items)]
        changed = {n: product(n, version=1) for n in range(0, options.items, 100)}
        prices = {n: product(n, version=int(n in changed), price=1) for n in range(0, options.items, 20)}
        stages = {
            "first run": rows,
            "nothing changed": rows,
            "1 % changed": [changed.get(n, row) for n, row in enumerate(rows)],
        }
        stages["5 % of prices"] = [prices.get(n, row) for n, row in enumerate(stages["1 % changed"])]
        script = None
        for name, now in stages.items():
            before = home.counted()
            steps, summary, context = home.run(now)
            calls = home.counted() - before
            if script is None:
                folder_of_run = context.folder
                payloads = [
                    (item.sku, item.attributes)
                    for part in folder_of_run.parts(MAPPED)
                    for item in folder_of_run.read(MAPPED, part)
                ]
                document = definitions_of(context).document
                least = floor(payloads, document, home.root)
                script = Script(account, home.root, document, template_of(payloads[0][1], rows[0]))
            before = home.counted()
            by_hand = script.run()
            calls_by_hand = (home.counted() - before).total()
            lines.append(
                {
                    "run": name,
                    "cpu": sum(steps.values()),
                    "steps": steps,
                    "counts": {key: count for key, count in summary["counts"].items() if count},
                    "calls": calls,
                    "floor": least,
                    "script": by_hand,
                    "script_calls": calls_by_hand,
                    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                }
            )
        home.ledger.dispose()
    ours.send("end")
    if options.json:
        print(json.dumps({"items": options.items, "runs": lines}, indent=1))
        return
    each = 1e6 / options.items
    for line in lines:
        print(
            f"{line['run']:16} {line['cpu']:8.2f} s CPU  {line['cpu'] * each:8.0f} µs an item"
            f"  floor {line['floor'] * each:6.0f}  script {line['script'] * each:8.0f}"
            f"  calls {line['calls'].total()} (script {line['script_calls']})"
            f"  {line['megabytes']:.0f} MB  {line['counts']}  {dict(line['calls'])}"
        )
        print("    " + "  ".join(f"{step} {spent * each:.0f} µs" for step, spent in line["steps"].items()))


if __name__ == "__main__":
    main()
