"""docs/selling_partner.md shows the tables as they are; run this file to bring it up to date."""

from __future__ import annotations

import re
from pathlib import Path

from amazon_listings.messages import catalogue
from amazon_listings.selling_partner.faults.table import FAULTS
from amazon_listings.selling_partner.operations import (
    APPLICATION_LIMITS,
    LISTINGS_FEEDS,
    OPERATIONS,
    PREVIEW_BURST,
    PREVIEW_RATE,
    PREVIEW_SOURCE,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "selling_partner.md"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def quotas():
    rows = [
        (
            f"`{one.name}`",
            f"{one.rate:.4g}",
            one.burst,
            f"`{one.source}`" if one.source.endswith("json") else one.source,
        )
        for one in OPERATIONS.values()
    ]
    feeds = LISTINGS_FEEDS
    rows.append(("listings feeds, of `createFeed`", f"{feeds.rate:.4g}", feeds.burst, feeds.source))
    rows.append(
        (
            "previews, of `putListingsItem` and `patchListingsItem`",
            f"{PREVIEW_RATE:g}",
            PREVIEW_BURST,
            PREVIEW_SOURCE,
        )
    )
    return table(("operation", "per second", "burst", "source"), rows)


def application():
    return table(
        ("operation", "of which", "per second", "source"),
        [
            (f"`{name}`", kind or "all", f"{rate:g}", source)
            for (name, kind), (rate, source) in APPLICATION_LIMITS.items()
        ],
    )


def faults():
    def answer(fault):
        parts = []
        if fault.status == (0,):
            parts.append("no readable answer")
        elif fault.status:
            parts.append(", ".join(map(str, fault.status)))
        parts += [f"`{text}`" for text in (fault.code, fault.text) if text]
        if fault.operation:
            parts.append(f"({fault.operation})")
        return " ".join(parts) or "anything else"

    def texts(fault):
        meaning = catalogue().message(fault.message, said="…").replace(" (…)", "")
        return meaning, catalogue().action(fault.message).rstrip(".")

    sides = {"token": "Login with Amazon", "api": "SP-API"}
    rows = [
        (sides[one.side], answer(one), one.action.value, f"`{one.error.__name__}`", *texts(one))
        for one in FAULTS
    ]
    return table(("from", "answer", "the client", "error", "meaning", "who acts"), rows)


def filled(text):
    for name, made in {"quotas": quotas(), "application": application(), "faults": faults()}.items():
        block = f"<!-- {name} -->\n\n{made}\n\n<!-- end -->"
        text, found = re.subn(
            rf"<!-- {name} -->.*?<!-- end -->", lambda _, block=block: block, text, flags=re.DOTALL
        )
        assert found == 1, name
    return text


def test_the_page_shows_the_tables_as_they_are():
    text = PAGE.read_text(encoding="utf-8")
    assert text == filled(text), f"run: python {Path(__file__).name}"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
