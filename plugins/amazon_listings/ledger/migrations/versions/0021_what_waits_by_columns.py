"""Keep what the items that wait for approval touch, so that pages count and narrow them in SQL."""

from __future__ import annotations

import json
import unicodedata
import zlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Iterator

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

AT_ONCE = 500
#: Characters of `search`; PostgreSQL refuses more, and a composed letter may become eighteen.
SEARCHED = 400
KEY = ("connector_key", "seller_id", "marketplace_id", "sku")
KEPT = ("touches", "price_share", "search")
APPROVALS = sa.table("approvals", *(sa.column(name) for name in (*KEY, "state", "kind", "changes", *KEPT)))
TOUCHED = {"purchasable_offer": "price", "list_price": "price", "fulfillment_availability": "quantity"}
PRICED = sa.text("price_share IS NOT NULL")
OFFER, PRICES = "purchasable_offer", ("our_price", "discounted_price")


def upgrade() -> None:
    op.add_column("approvals", sa.Column("touches", sa.String(32), nullable=False, server_default=""))
    op.add_column("approvals", sa.Column("price_share", sa.Float))
    op.add_column("approvals", sa.Column("search", sa.String(SEARCHED), nullable=False, server_default=""))
    write = (
        sa.update(APPROVALS)
        .where(*(APPROVALS.c[name] == sa.bindparam(f"of_{name}") for name in KEY))
        .values({name: sa.bindparam(name) for name in KEPT})
    )
    for values in _waiting():
        op.get_bind().execute(write, values)
    op.drop_index("ix_approvals_connector_key_state", "approvals")
    op.create_index("ix_approvals_state", "approvals", ["connector_key", "state", "question", "sku"])
    op.create_index(
        "ix_approvals_price_share",
        "approvals",
        ["connector_key", "state", "price_share"],
        sqlite_where=PRICED,
        postgresql_where=PRICED,
    )


def _waiting() -> Iterator[list[dict[str, Any]]]:
    place, last = [APPROVALS.c[name] for name in KEY], ("", "", "", "")
    while True:
        rows = (
            op.get_bind()
            .execute(
                sa.select(*place, APPROVALS.c.kind, APPROVALS.c.changes)
                .where(sa.tuple_(*place) > last, APPROVALS.c.state == "asked")
                .order_by(*place)
                .limit(AT_ONCE)
            )
            .all()
        )
        if not rows:
            return
        yield [
            {f"of_{name}": getattr(row, name) for name in KEY}
            | _kept(row.changes if row.kind == "change" else None)
            | {"search": unicodedata.normalize("NFKC", row.sku.casefold())[:SEARCHED]}
            for row in rows
        ]
        last = tuple(rows[-1][: len(KEY)])


def _kept(packed: bytes | None) -> dict[str, Any]:
    """Return what changes touch; nothing of those that cannot be read."""
    try:
        changes = json.loads(zlib.decompress(packed)) if packed else []
        touches = sorted({_touched(change["leaf"]["attribute"]) for change in changes})
        return {"touches": " ".join(touches), "price_share": _share(changes)}
    except (zlib.error, ValueError, OverflowError, TypeError, LookupError, AttributeError):
        return {"touches": "", "price_share": None}


def _touched(attribute: str) -> str:
    return "image" if "image_locator" in attribute else TOUCHED.get(attribute, "text")


def _share(changes: list[dict[str, Any]]) -> float | None:
    """Return the largest share by which a buyer's price moves; sales that are over count, too."""
    offers: dict[str, dict[str, dict[str, Any]]] = {}
    for change in changes:
        leaf = change["leaf"]
        if leaf["attribute"] != OFFER:
            continue
        selectors = [pair for pair in leaf.get("selectors", ()) if pair[0] != "currency"]
        sides = offers.setdefault(json.dumps([leaf.get("marketplace_id"), selectors]), {})
        for side in ("before", "after"):
            sides.setdefault(side, {}).update(_prices(leaf.get("path", ()), change.get(side)))
    shares = [
        abs(min(sides["after"].values()) / min(sides["before"].values()) - 1)
        for sides in offers.values()
        if sides["before"] and sides["after"] and min(sides["before"].values())
    ]
    return max((share for share in shares if share), default=None)


def _prices(path: list[Any], value: Any) -> dict[str, float]:
    """Return the lowest amount of each price in a value of an offer."""
    values = {path[0]: value} if path and isinstance(path[0], str) else {}
    for element in value if not path and isinstance(value, list) else ():
        values |= element if isinstance(element, dict) else {}
    found = {name: list(_amounts(values[name])) for name in PRICES if name in values}
    return {name: min(amounts) for name, amounts in found.items() if amounts}


def _amounts(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        amount = value.get("value_with_tax", value.get("value"))
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            yield float(amount)
        for name, below in value.items():
            if name not in {"value_with_tax", "value", "start_at", "end_at"}:
                yield from _amounts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _amounts(below)
