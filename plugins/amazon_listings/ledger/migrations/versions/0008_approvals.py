"""Approvals of changes, approved mapping lines, and stopped connectors"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connector_key", sa.String(64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("shown_in", sa.String(250)),
        sa.Column("shown_until", moment),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_questions_connector_key", "questions", ["connector_key"])
    op.create_table(
        "approvals",
        sa.Column("connector_key", sa.String(64), nullable=False),
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("marketplace_id", sa.String(16), nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("pim_id", sa.String(128)),
        sa.Column("product_type", sa.String(128), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("lapses_at", moment, nullable=False),
        sa.Column("answered_at", moment),
        sa.Column("answered_by", sa.String(128)),
        sa.ForeignKeyConstraint(["question"], ["questions.id"], name=op.f("fk_approvals_question_questions")),
        sa.PrimaryKeyConstraint(
            "connector_key", "seller_id", "marketplace_id", "sku", name=op.f("pk_approvals")
        ),
    )
    op.create_index("ix_approvals_connector_key_state", "approvals", ["connector_key", "state"])
    op.create_index("ix_approvals_question", "approvals", ["question"])
    op.create_table(
        "approved_lines",
        sa.Column("connector_key", sa.String(64), nullable=False),
        sa.Column("seller_id", sa.String(64), nullable=False),
        sa.Column("marketplace_id", sa.String(16), nullable=False),
        sa.Column("product_type", sa.String(128), nullable=False),
        sa.Column("line", sa.String(64), nullable=False),
        sa.Column("approved_at", moment, nullable=False),
        sa.Column("approved_by", sa.String(128)),
        sa.PrimaryKeyConstraint(
            "connector_key",
            "seller_id",
            "marketplace_id",
            "product_type",
            "line",
            name=op.f("pk_approved_lines"),
        ),
    )
    op.create_table(
        "stops",
        sa.Column("connector_key", sa.String(64), nullable=False),
        sa.Column("stopped_at", moment, nullable=False),
        sa.Column("stopped_by", sa.String(128)),
        sa.PrimaryKeyConstraint("connector_key", name=op.f("pk_stops")),
    )
