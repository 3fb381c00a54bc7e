"""Removals that are confirmed, and when a listing was last seen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REMOVING = sa.text("removing IS NOT NULL")


def upgrade() -> None:
    op.add_column("items", sa.Column("removing", sa.String(16)))
    op.add_column("items", sa.Column("removing_run", sa.Integer()))
    op.add_column("items", sa.Column("seen_at", sa.DateTime(timezone=True)))
    op.add_column("items", sa.Column("missed_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_items_removing", "items", ["connector_key"], sqlite_where=REMOVING, postgresql_where=REMOVING
    )
    op.create_index("ix_items_connector_key_seen_at", "items", ["connector_key", "seen_at"])
    op.add_column("submissions", sa.Column("removal", sa.String(16)))
    # What was confirmed was seen then, or later.
    op.execute(
        "UPDATE items SET seen_at = accepted_at WHERE state IN ('live', 'live_with_differences', 'suppressed')"
    )
