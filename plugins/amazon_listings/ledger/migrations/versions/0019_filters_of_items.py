"""Answer lists of items by field, kind and last change from indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OPEN = sa.text("resolved_run IS NULL")


def upgrade() -> None:
    op.add_column("item_states", sa.Column("variant", sa.Boolean, nullable=False, server_default=sa.false()))
    states = sa.table("item_states", *(sa.column(name) for name in ("pim_id", "family", "variant")))
    op.execute(sa.update(states).where(states.c.pim_id != states.c.family).values(variant=sa.true()))
    op.drop_index("ix_item_states_counts", "item_states")
    op.drop_index("ix_item_states_search", "item_states")
    op.create_index(
        "ix_item_states_counts", "item_states", ["connector_key", "outcome", "removed", "variant", "sku"]
    )
    op.create_index(
        "ix_item_states_search",
        "item_states",
        ["connector_key", "pim_id", "removed", "outcome", "variant", "sku", "search"],
    )
    op.create_index("ix_items_accepted_at", "items", ["connector_key", "accepted_at", "sku"])
    op.create_index(
        "ix_issues_identity",
        "issues",
        ["connector_key", "identity", "item", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
