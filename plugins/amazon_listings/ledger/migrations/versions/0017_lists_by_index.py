"""Answer the lists of the workbench from indexes, and keep who asked for a run."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Iterator

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

AT_ONCE = 500
MOST, MARK = 400, 12

STATES = sa.table(
    "item_states", *(sa.column(name) for name in ("connector_key", "pim_id", "sku", "name", "search"))
)
ISSUES = sa.table(
    "issues",
    *(sa.column(name) for name in ("id", "identity", "resolved_run", "cause")),
    sa.column("document", sa.JSON),
)


def upgrade() -> None:
    op.add_column("runs", sa.Column("asked_by", sa.String(128)))
    op.add_column("issues", sa.Column("cause", sa.String(40), nullable=False, server_default=""))
    op.add_column("item_states", sa.Column("search", sa.String(MOST), nullable=False, server_default=""))
    for table, key, rows in (
        (STATES, ("connector_key", "pim_id"), _searches()),
        (ISSUES, ("id",), _causes()),
    ):
        for values in rows:
            names = values[0].keys() - {f"of_{name}" for name in key}
            op.get_bind().execute(
                sa.update(table)
                .where(*(table.c[name] == sa.bindparam(f"of_{name}") for name in key))
                .values({name: sa.bindparam(name) for name in names}),
                values,
            )
    op.drop_index("ix_item_states_connector_key_outcome", "item_states")
    op.create_index("ix_item_states_counts", "item_states", ["connector_key", "outcome", "removed"])
    op.create_index("ix_items_state", "items", ["connector_key", "state", "sku"])
    op.create_index(
        "ix_item_states_search", "item_states", ["connector_key", "pim_id", "removed", "outcome", "search"]
    )


def _searches() -> Iterator[list[dict[str, Any]]]:
    place, last = (STATES.c.connector_key, STATES.c.pim_id), ("", "")
    while True:
        rows = (
            op.get_bind()
            .execute(
                sa.select(*place, STATES.c.sku, STATES.c.name)
                .where(sa.tuple_(*place) > last)
                .order_by(*place)
                .limit(AT_ONCE)
            )
            .all()
        )
        if not rows:
            return
        yield [
            {
                "of_connector_key": row.connector_key,
                "of_pim_id": row.pim_id,
                "search": _fitted("\n".join(filter(None, (row.sku, row.pim_id, row.name)))),
            }
            for row in rows
        ]
        last = (rows[-1].connector_key, rows[-1].pim_id)


def _causes() -> Iterator[list[dict[str, Any]]]:
    last = 0
    while True:
        rows = (
            op.get_bind()
            .execute(
                sa.select(ISSUES.c.id, ISSUES.c.identity, ISSUES.c.document)
                .where(ISSUES.c.id > last, ISSUES.c.resolved_run.is_(None))
                .order_by(ISSUES.c.id)
                .limit(AT_ONCE)
            )
            .all()
        )
        if not rows:
            return
        yield [{"of_id": row.id, "cause": _cause(row.identity, row.document)} for row in rows]
        last = rows[-1].id


def _fitted(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.casefold())
    if len(text) <= MOST:
        return text
    return f"{text[: MOST - MARK - 1]}~{hashlib.sha256(text.encode()).hexdigest()[:MARK]}"


def _cause(identity: str, document: dict[str, Any]) -> str:
    origin, found = document.get("origin") or {}, document.get("found")
    value = "" if found is None else json.dumps(found, sort_keys=True, ensure_ascii=False)
    parts = [identity, str(origin.get("field") or ""), "" if document.get("measured") else value]
    content = json.dumps(parts, ensure_ascii=False)
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
