"""The rival of benchmarks/end_to_end.py: the script that a user would write instead; nothing of it is ours.

    python -m benchmarks.script_by_hand SETTINGS.json

It reads a CSV file with pandas, maps each row in Python, validates with jsonschema and Amazon's keywords,
sends what changed with python-amazon-sp-api, one request per item, and writes what became of each item to
a CSV file. It keeps Amazon's definition and the hashes of what Amazon accepted in files, the latter also
if it is interrupted.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pandas as pd
import requests
from sp_api.api import ListingsItems, ProductTypeDefinitions
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces

from benchmarks.peak import peak

MARKET = "A13V1IB3VIYZZH"
FR = "fr_FR"
COLOURS = {"Rouge": "red", "Bleu": "blue", "Vert": "green", "Noir": "black"}
BREAKS = re.compile(r"</(?:p|div|li|h[1-6])>|<br */?>")
TAGS = re.compile(r"<[^>]*>")


def clean(text):
    """Return the text of HTML."""
    if "<" not in text and "&" not in text:
        return text.strip()
    return html.unescape(TAGS.sub("", BREAKS.sub("\n", text))).strip()


def mapped(row):
    """Return the payload of a row."""

    def one(value):
        return [{"value": value, "marketplace_id": MARKET}]

    def text(value):
        return [{"value": clean(value), "language_tag": FR, "marketplace_id": MARKET}]

    def weight(value):
        return [{"value": value, "unit": "kilograms", "marketplace_id": MARKET}]

    price = float(row["price"])
    return {
        "item_name": text(row["name"]),
        "brand": text(row["brand"]),
        "manufacturer": text(row["brand"]),
        "product_description": text(row["description"]),
        "bullet_point": [*text(row["point_1"]), *text(row["point_2"]), *text(row["point_3"])],
        "country_of_origin": one("FR"),
        "supplier_declared_dg_hz_regulation": one("not_applicable"),
        "lamp_type": one("desk_lamp"),
        "light_source_type": one("led"),
        "color_temperature": [{"value": 2700, "unit": "kelvin", "marketplace_id": MARKET}],
        "color": text(COLOURS[row["colour"]]),
        "main_product_image_locator": [{"media_location": row["image"], "marketplace_id": MARKET}],
        "item_weight": weight(1),
        "item_package_weight": weight(1),
        "externally_assigned_product_identifier": [
            {"type": "ean", "value": row["ean"], "marketplace_id": MARKET}
        ],
        "condition_type": one("new_new"),
        "purchasable_offer": [
            {
                "currency": "EUR",
                "marketplace_id": MARKET,
                "our_price": [
                    {"schedule": [{"value_with_tax": int(price) if price.is_integer() else price}]}
                ],
            }
        ],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": int(row["stock"])}],
        "merchant_shipping_group": one("standard-template"),
    }


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


def of_amazon(api, account):
    """Return a client of python-amazon-sp-api, which asks the sandbox."""
    token = urlsplit(account["token_url"])

    class Tokens(AccessTokenClient):
        scheme, host, path = f"{token.scheme}://", token.netloc, token.path

    made = api(
        Marketplaces.FR,
        credentials={
            "refresh_token": account["refresh_token"],
            "lwa_app_id": account["client_id"],
            "lwa_client_secret": account["client_secret"],
        },
        auth_token_client_class=Tokens,
    )
    made.endpoint = account["endpoint"]
    return made


def definition(account, root):
    """Return Amazon's definition; it is downloaded once."""
    kept = root / "lamp.json"
    if not kept.exists():
        found = of_amazon(ProductTypeDefinitions, account).get_definitions_product_type(
            "LAMP", marketplaceIds=[MARKET], requirements="LISTING", locale=FR, sellerId=account["seller_id"]
        )
        link = urlsplit(found.payload["schema"]["link"]["resource"])
        # The library cuts the host of an address that does not begin with https, such as the sandbox's.
        link = link._replace(netloc=urlsplit(account["endpoint"]).netloc)
        kept.write_bytes(requests.get(link.geturl(), timeout=30).content)
    document = json.loads(kept.read_text())
    # Amazon's own meta-schema, which jsonschema does not know.
    return {name: value for name, value in document.items() if name not in {"$schema", "$id"}}


def run(account, root):
    """Send what changed; return the outcome of each item, with what is wrong with it."""
    validator = amazon_keywords()(definition(account, root))
    listings = of_amazon(ListingsItems, account)
    state = root / "sent.json"
    sent = json.loads(state.read_text()) if state.exists() else {}
    outcomes = []
    try:
        for row in pd.read_csv(root / "products.csv", dtype=str, keep_default_na=False).to_dict("records"):
            sku = f"X-{row['reference']}"
            attributes = mapped(row)
            known = hashlib.sha256(json.dumps(attributes).encode()).hexdigest()
            if sent.get(sku) == known:
                outcomes.append((sku, "unchanged", ""))
                continue
            wrong = [error.message for error in validator.iter_errors(attributes)]
            if wrong:
                outcomes.append((sku, "invalid", "; ".join(wrong)))
                continue
            answer = listings.put_listings_item(
                account["seller_id"],
                sku,
                marketplaceIds=[MARKET],
                body={"productType": "LAMP", "requirements": "LISTING", "attributes": attributes},
            ).payload
            if answer["status"] == "ACCEPTED":
                sent[sku] = known
            issues = "; ".join(one["message"] for one in answer.get("issues") or ())
            outcomes.append((sku, answer["status"], issues))
    finally:
        written = state.with_suffix(".new")
        written.write_text(json.dumps(sent))
        os.replace(written, state)  # noqa: PTH105 - as one writes it
    return outcomes


if __name__ == "__main__":
    settings = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(settings["root"])
    found = run(settings["account"], folder)
    pd.DataFrame(found, columns=["sku", "outcome", "issues"]).to_csv(folder / "outcomes.csv", index=False)
    print(json.dumps({"mb": peak()}))
