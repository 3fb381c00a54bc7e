"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "buckets",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.Column("stated_rate", sa.Float(), nullable=True),
        sa.Column("stated_until", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_buckets")),
    )
    op.create_table(
        "issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=128), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("opened_run", sa.Integer(), nullable=False),
        sa.Column("seen_run", sa.Integer(), nullable=False),
        sa.Column("resolved_run", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
    )
    op.create_index(
        "ix_issues_connector_id_resolved_run", "issues", ["connector_id", "resolved_run"], unique=False
    )
    op.create_index("ix_issues_item_connector_id", "issues", ["item", "connector_id"], unique=False)
    op.create_index(
        "ix_issues_open",
        "issues",
        ["item", "connector_id", "identity"],
        unique=True,
        sqlite_where=sa.text("resolved_run IS NULL"),
        postgresql_where=sa.text("resolved_run IS NULL"),
    )
    op.create_table(
        "items",
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("marketplace_id", sa.String(length=16), nullable=False),
        sa.Column("connector_id", sa.String(length=64), nullable=False),
        sa.Column("pim_id", sa.String(length=128), nullable=True),
        sa.Column("family", sa.String(length=128), nullable=True),
        sa.Column("product_type", sa.String(length=128), nullable=False),
        sa.Column("asin", sa.String(length=16), nullable=True),
        sa.Column("tested_hash", sa.String(length=64), nullable=True),
        sa.Column("tested_definition", sa.String(length=64), nullable=True),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_hash", sa.String(length=64), nullable=True),
        sa.Column("accepted_definition", sa.String(length=64), nullable=True),
        sa.Column("accepted_content", sa.LargeBinary(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("sku", "seller_id", "marketplace_id", name=op.f("pk_items")),
    )
    op.create_index(
        "ix_items_connector_id_look_at",
        "items",
        ["connector_id", "look_at"],
        unique=False,
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index("ix_items_connector_id_pim_id", "items", ["connector_id", "pim_id"], unique=False)
    op.create_index("ix_items_connector_id_family", "items", ["connector_id", "family"], unique=False)
    op.create_table(
        "locks",
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("marketplace_id", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=330), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "seller_id", "marketplace_id", name=op.f("pk_locks")),
    )
    op.create_index("ix_locks_token", "locks", ["token"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=False),
        sa.Column("operation", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.String(length=64), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("calls", sa.JSON(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_runs_connector_id_operation_started_at",
        "runs",
        ["connector_id", "operation", "started_at"],
        unique=False,
    )
    op.create_index("ix_runs_connector_id_run_id", "runs", ["connector_id", "run_id"], unique=True)
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.String(length=64), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("marketplace_id", sa.String(length=16), nullable=False),
        sa.Column("product_type", sa.String(length=128), nullable=False),
        sa.Column("document_id", sa.String(length=255), nullable=False),
        sa.Column("feed_id", sa.String(length=64), nullable=True),
        sa.Column("report_id", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_feeds_run_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
    )
    op.create_index("ix_feeds_feed_id", "feeds", ["feed_id"], unique=True)
    op.create_index(
        "ix_feeds_pending",
        "feeds",
        ["connector_id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index("ix_feeds_run", "feeds", ["run"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("marketplace_id", sa.String(length=16), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("pim_id", sa.String(length=128), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("feed", sa.Integer(), nullable=True),
        sa.Column("message", sa.Integer(), nullable=True),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("wanted", sa.LargeBinary(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("existed", sa.Boolean(), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["feed"], ["feeds.id"], name=op.f("fk_submissions_feed_feeds")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_submissions_run_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    op.create_index(
        "ix_submissions_feed_message",
        "submissions",
        ["feed", "message"],
        unique=False,
        sqlite_where=sa.text("feed IS NOT NULL"),
        postgresql_where=sa.text("feed IS NOT NULL"),
    )
    op.create_index(
        "ix_submissions_pending",
        "submissions",
        ["sku", "seller_id", "marketplace_id"],
        unique=True,
        sqlite_where=sa.text("status = 'PENDING'"),
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_index("ix_submissions_run_sku", "submissions", ["run", "sku"], unique=False)
    op.create_index(
        "ix_submissions_sku_seller_id_marketplace_id",
        "submissions",
        ["sku", "seller_id", "marketplace_id"],
        unique=False,
    )
