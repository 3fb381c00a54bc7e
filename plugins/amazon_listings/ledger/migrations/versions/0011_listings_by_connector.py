"""What each connector knows and owns of a listing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = ["sku", "seller_id", "marketplace_id"]


def upgrade() -> None:
    with op.batch_alter_table("items", recreate="auto") as batch:
        batch.add_column(sa.Column("created", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True)))
        batch.drop_constraint("pk_items", type_="primary")
        batch.create_primary_key("pk_items", [*KEY, "connector_key"])
    # What the ledger holds as accepted is the connector's, and so is the listing.
    op.execute(
        "UPDATE items SET created = true, claimed_at = accepted_at WHERE accepted_content IS NOT NULL"
    )
    op.add_column("connectors", sa.Column("lines", sa.JSON()))
