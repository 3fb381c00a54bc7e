"""The products of end_to_end.py in the sandbox's PIM, for the sources that read it."""

from __future__ import annotations

import time

from benchmarks.end_to_end import account_of, product
from spapi_sandbox.catalogue.catalogue import Catalogue
from spapi_sandbox.catalogue.entry import VISIBLE, Entry, Field
from spapi_sandbox.sales_layer.credentials import API_KEY, CONNECTOR_CODE, CONNECTOR_SECRET
from spapi_sandbox.server import running_sandbox

LONG_AGO = 30 * 86_400


class Products:
    """So many products, made when they are read; `dates` are the seconds since 1970 of their last change.

    Attributes:
        items: How many there are.
        every: Of the first ten thousand, one in so many is of another version; 0: none.
        dated: The date of all, and that of those of another version and of the first.
    """

    def __init__(self):
        self.items, self.every, self.sent = 0, 0, 0
        self.dated = (0, 0)

    def entries(self, table, after):
        if table == "products":
            yield from map(self._entry, range(after, self.items))

    def get(self, table, entry_id):
        return self._entry(entry_id - 1) if table == "products" and 0 < entry_id <= self.items else None

    def variants_of(self, _product):
        return []

    def last_id(self, table):
        return self.items if table == "products" else 0

    def _entry(self, number):
        changed = bool(self.every) and number < self.sent and not number % self.every
        modified = self.dated[changed or not number]
        values = product(number, version=int(changed))
        return Entry(
            table="products",
            id=number + 1,
            ref=values["reference"],
            status=VISIBLE,
            modified=modified,
            created=0,
            media_modified=0,
            values={name: value for name, value in values.items() if name not in {"id", "reference"}},
        )


def connection(account, api):
    """Return what a `PimConnection` needs to reach the sandbox's PIM."""
    place = f"{account['endpoint']}/sales_layer"
    if api == "rest":
        return {"api": api, "base_url": f"{place}/rest/Catalog", "api_key": API_KEY}
    return {
        "api": api,
        "base_url": f"{place}/connector",
        "code": CONNECTOR_CODE,
        "secret": CONNECTOR_SECRET,
    }


def serve(pipe):
    """Play Amazon and the PIM in a process of its own; what the pipe brings sets the products."""
    stock = Products()
    fields = {
        name: Field(name=name, type="string", per_language=False, titles={"fr": name}, rest_name=name)
        for name in product(0)
        if name not in {"id", "reference"}
    }
    catalogue = Catalogue(
        stock,
        fields={"categories": {}, "products": fields, "variants": {}},
        languages=("fr",),
        company={"id": 1, "name": "Bench"},
    )
    with running_sandbox(quotas=False, catalogue=catalogue) as sandbox:
        pipe.send(account_of(sandbox))
        while (asked := pipe.recv()) != "end":
            for name, value in asked.items():
                setattr(stock, name, value)
            catalogue.version += 1
            pipe.send(int(time.time()))
