"""What other connectors have of an item's listing, as a part of what its verdict depends on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "item_states", sa.Column("of_others", sa.BigInteger(), nullable=False, server_default="0")
    )
