"""Leases of connectors and fences of SKUs instead of locks on listings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from amazon_listings.marketplaces import region_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OF_FEEDS = sa.text("feed IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("connector", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(330), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("connector", name=op.f("pk_leases")),
    )
    op.create_index("ix_leases_token", "leases", ["token"])
    fences = op.create_table(
        "fences",
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("feed", sa.Integer()),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sku", "seller_id", "region", name=op.f("pk_fences")),
    )
    op.create_index("ix_fences_token", "fences", ["token"])
    op.create_index("ix_fences_feed", "fences", ["feed"], sqlite_where=OF_FEEDS, postgresql_where=OF_FEEDS)
    _fence_pending_messages(fences)
    op.drop_index("ix_locks_token", table_name="locks")
    op.drop_table("locks")


def _fence_pending_messages(fences: sa.Table) -> None:
    """Raise the fences of the feeds that are under way."""
    connection = op.get_bind()
    names = ("sku", "seller_id", "marketplace_id", "run", "feed", "sent_at", "status")
    submissions = sa.table("submissions", *(sa.column(name) for name in names))
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    for row in connection.execute(sa.select(submissions).where(submissions.c.status == "PENDING")):
        key = (row.sku, row.seller_id, region_of(row.marketplace_id))
        rows[key] = dict(zip(("sku", "seller_id", "region"), key, strict=True)) | {
            "run": row.run,
            "token": "",
            "feed": row.feed,
            "raised_at": row.sent_at,
        }
    if rows:
        connection.execute(sa.insert(fences), list(rows.values()))
