"""Read what waits for approval from an index, in the order of its pages."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_approvals_connector_key_question_sku", "approvals", ["connector_key", "question", "sku"]
    )
