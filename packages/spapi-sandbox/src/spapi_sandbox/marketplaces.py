"""The marketplaces that the sandbox plays: the rows of `marketplaces.csv`.

The client has a table of its own; a conformance test compares the two.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Marketplace:
    """One marketplace.

    Attributes:
        id: Amazon's identifier.
        country: ISO code, such as `FR`.
        region: `NA`, `EU` or `FE`: which endpoint serves it.
        currency: ISO code of its prices.
        domain: Its shop.
        languages: The tags that a listing's texts may carry, the default first.
        name: Its name in English.
    """

    id: str
    country: str
    region: str
    currency: str
    domain: str
    languages: tuple[str, ...]
    name: str


def _read() -> dict[str, Marketplace]:
    text = files("spapi_sandbox").joinpath("marketplaces.csv").read_text(encoding="utf-8")
    return {
        row["country"]: Marketplace(**row | {"languages": tuple(row["languages"].split())})
        for row in csv.DictReader(text.splitlines())
    }


#: By country, in Amazon's order.
MARKETPLACES: dict[str, Marketplace] = _read()

#: Amazon's documentation writes UK, ISO and older pages GB.
ALIASES = {"UK": "GB"}
