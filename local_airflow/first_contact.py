"""What the demo shows of listings that people made before any connector ran: what stayed, what changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.listings import get
from spapi_sandbox.account.accounts import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SELLER_ID
from spapi_sandbox.listings.by_hand import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What tells elements of an attribute from each other; where a listing is, it always says the same.
SELECTORS = ("audience", "language_tag", "fulfillment_channel_code")
_UNSAID = {*SELECTORS, "marketplace_id", "currency"}
#: Values shown of a listing.
SHOWN = 12


class Made(NamedTuple):
    """A listing that people made: its values by place, and why it is in the demo."""

    sku: str
    country: str
    why: str
    values: dict[str, str]


def made_by_hand(url: str) -> list[Made]:
    """Return the listings that people made, as they are at the sandbox now.

    Args:
        url: Where the sandbox answers.
    """
    client = SellingPartner(
        Account(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            refresh_token=REFRESH_TOKEN,
            seller_id=SELLER_ID,
            region="EU",
            endpoint=url,
            token_url=f"{url}/auth/o2/token",
        )
    )
    found = []
    for one in yaml.safe_load(FILE.read_text(encoding="utf-8")):
        place = marketplace(one["country"]).id
        listing = get(client, one["sku"], [place], included=("attributes",))
        values = dict(_values(listing.attributes)) if listing is not None else {}
        found.append(Made(one["sku"], one["country"], one["why"], values))
    return found


def lines_of(before: list[Made], after: list[Made]) -> Iterator[str]:
    """Yield what became of each listing: what changed, what is gone, and what stayed beside that."""
    yield "What became of listings that people made:"
    for had, has in zip(before, after, strict=True):
        changed = {name: value for name, value in had.values.items() if has.values.get(name, value) != value}
        gone = [name for name in had.values if name not in has.values]
        added = [name for name in has.values if name not in had.values]
        stayed = [name for name in had.values if name not in changed and name not in gone]
        yield f"  {had.sku} ({had.country}): {had.why}"
        for name, value in changed.items():
            yield f"      changed  {name}: {value} -> {has.values[name]}"
        yield from (f"      gone     {name}: {had.values[name]}" for name in gone)
        yield from (
            f"      stayed   {name}: {had.values[name]}" for name in stayed[:SHOWN] if changed or gone
        )
        if not (changed or gone or added):
            yield f"      nothing changed: all {len(stayed)} values stayed"
        elif len(stayed) > SHOWN or added:
            yield f"      {len(stayed)} values stayed, {len(added)} were added"


def _values(attributes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each value with its place; elements of the same selectors are one value."""
    for name, elements in sorted(attributes.items()):
        together: dict[str, list[Any]] = {}
        for element in elements:
            chosen = [str(element[key]) for key in SELECTORS if key in element]
            place = f"{name} [{', '.join(chosen)}]" if chosen else name
            said = {key: value for key, value in element.items() if key not in _UNSAID}
            for key, value in (said or {"": "is there"}).items():
                together.setdefault(f"{place} {key}".strip(), []).append(value)
        yield from ((place, _text(values)) for place, values in together.items())


def _text(values: list[Any]) -> str:
    """Return values as people read them: texts and numbers bare, everything else as JSON."""
    bare = map(_bare, values)
    found = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in bare]
    text = " | ".join(found)
    return text if len(text) < 90 else f"{text[:87]}…"  # noqa: PLR2004 - a line of a terminal


def _bare(value: Any) -> Any:
    """Return a value out of lists and objects that hold nothing else, such as the schedule of a price."""
    while isinstance(value, list | dict) and len(value) == 1:
        (value,) = value.values() if isinstance(value, dict) else value
    return value
