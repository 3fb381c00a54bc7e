"""The present state of every item"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

SHARED = ("mapping", "definition", "rules", "quality", "tables")
DATED = sa.text("next_date IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "dictionaries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connector_key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionaries")),
    )
    op.create_index("ix_dictionaries_connector_key", "dictionaries", ["connector_key"])
    op.create_table(
        "item_states",
        sa.Column("connector_key", sa.String(length=64), nullable=False),
        sa.Column("pim_id", sa.String(length=128), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("family", sa.String(length=128), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(length=8), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("payload_hash", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("dictionary", sa.Integer(), nullable=False),
        *(sa.Column(f"of_{part}", sa.BigInteger(), nullable=False) for part in ("row", "family", *SHARED)),
        sa.PrimaryKeyConstraint("connector_key", "pim_id", name=op.f("pk_item_states")),
    )
    op.create_index("ix_item_states_connector_key_outcome", "item_states", ["connector_key", "outcome"])
    op.create_index("ix_item_states_sku", "item_states", ["sku"])
    op.create_index(
        "ix_item_states_connector_key_family_pim_id", "item_states", ["connector_key", "family", "pim_id"]
    )
    op.create_index(
        "ix_item_states_next_date",
        "item_states",
        ["connector_key", "next_date"],
        sqlite_where=DATED,
        postgresql_where=DATED,
    )
    for part in SHARED:
        op.create_index(f"ix_item_states_of_{part}", "item_states", ["connector_key", f"of_{part}"])
