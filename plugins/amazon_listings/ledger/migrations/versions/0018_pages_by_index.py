"""Answer causes of issues, and counts of items by the state of their listing, from indexes alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OPEN = sa.text("resolved_run IS NULL")


def upgrade() -> None:
    op.drop_index("ix_item_states_counts", "item_states")
    op.create_index("ix_item_states_counts", "item_states", ["connector_key", "outcome", "removed", "sku"])
    op.create_index(
        "ix_issues_causes",
        "issues",
        ["connector_key", "cause", "id", "severity", "opened_run", "item"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
