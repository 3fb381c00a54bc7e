"""An index of the writes that may have been carried out without us knowing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_submissions_doubtful",
        "submissions",
        ["sku", "seller_id", "marketplace_id"],
        unique=False,
        sqlite_where=sa.text("status IN ('UNANSWERED', 'UNKNOWN')"),
        postgresql_where=sa.text("status IN ('UNANSWERED', 'UNKNOWN')"),
    )
