"""What of payloads Amazon's preview has passed, and refused"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preview_shapes",
        sa.Column("connector_key", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.String(length=64), nullable=False),
        sa.Column("shape", sa.BigInteger(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Text()),
        sa.PrimaryKeyConstraint("connector_key", "definition", "shape", name=op.f("pk_preview_shapes")),
    )
