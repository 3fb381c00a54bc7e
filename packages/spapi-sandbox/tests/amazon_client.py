"""A plain client of the sandbox and a valid payload."""

import json
from pathlib import Path
from urllib.parse import quote

import requests

from spapi_sandbox.marketplaces import MARKETPLACES

LAMP = (Path(__file__).with_name("lamp.json")).read_text(encoding="utf-8")


def lamp(country="FR", **changes):
    """A valid payload; `None` takes an attribute out."""
    place = MARKETPLACES[country]
    text = LAMP.replace("MARKETPLACE", place.id).replace("LANGUAGE", place.languages[0])
    attributes = {**json.loads(text.replace("CURRENCY", place.currency)), **changes}
    return {name: value for name, value in attributes.items() if value is not None}


class Amazon:
    """A plain client of the sandbox."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.seller = sandbox.seller_id

    def token(self, **changes):
        names = ("client_id", "client_secret", "refresh_token")
        asked = {"grant_type": "refresh_token"} | {name: getattr(self.sandbox, name) for name in names}
        return self.session.post(self.sandbox.token_url, data={**asked, **changes}, timeout=10)

    def sign_in(self, **changes):
        self.session.headers["x-amz-access-token"] = self.token(**changes).json()["access_token"]

    def call(self, method, path, body=None, headers=None, **query):
        return self.session.request(
            method, self.sandbox.url + path, params=query, json=body, headers=headers, timeout=10
        )

    def item(self, method, sku, body=None, country="FR", **query):
        query.setdefault("marketplaceIds", MARKETPLACES[country].id)
        path = f"/listings/2021-08-01/items/{self.seller}/{quote(sku, safe='')}"
        return self.call(method, path, body, **query)

    def put(self, sku, attributes, country="FR", requirements="LISTING", product_type="LAMP", **query):
        body = {"productType": product_type, "requirements": requirements, "attributes": attributes}
        return self.item("PUT", sku, body, country, **query).json()

    def patch(self, sku, *patches, country="FR", product_type="LAMP", **query):
        changes = [{"op": op, "path": f"/attributes/{name}", "value": value} for op, name, value in patches]
        return self.item(
            "PATCH", sku, {"productType": product_type, "patches": changes}, country, **query
        ).json()

    def attributes(self, sku, country="FR"):
        return self.item("GET", sku, country=country, includedData="attributes").json()["attributes"]

    def document(self, product_type="LAMP", country="FR", **query):
        answer = self.call(
            "GET",
            f"/definitions/2020-09-01/productTypes/{product_type}",
            marketplaceIds=MARKETPLACES[country].id,
            **query,
        ).json()
        return self.session.get(answer["schema"]["link"]["resource"], timeout=10).json()
