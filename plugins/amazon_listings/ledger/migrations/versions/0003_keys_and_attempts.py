"""Connectors have a key apart from their id; runs have attempts"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: The tables whose rows hang on a connector; their `connector_id` becomes the key.
TABLES = ("runs", "items", "feeds", "issues")
#: Indexes by table: name, new name, columns, what else they say.
NOT_SEEN = sa.text("look_at IS NOT NULL")
NOT_SETTLED = sa.text("settled_at IS NULL")
NOT_RESOLVED = sa.text("resolved_run IS NULL")
RENAMED = (
    ("runs", "ix_runs_connector_id_operation_started_at", ["connector_key", "operation", "started_at"], None),
    ("items", "ix_items_connector_id_pim_id", ["connector_key", "pim_id"], None),
    ("items", "ix_items_connector_id_family", ["connector_key", "family"], None),
    ("items", "ix_items_connector_id_look_at", ["connector_key", "look_at"], NOT_SEEN),
    ("issues", "ix_issues_item_connector_id", ["item", "connector_key"], None),
    ("issues", "ix_issues_connector_id_resolved_run", ["connector_key", "resolved_run"], None),
)
#: Indexes whose names do not change, but whose columns do.
SAME_NAME = (
    ("feeds", "ix_feeds_pending", ["connector_key"], False, NOT_SETTLED),
    ("issues", "ix_issues_open", ["item", "connector_key", "identity"], True, NOT_RESOLVED),
)


def upgrade() -> None:
    op.drop_index("ix_runs_connector_id_run_id", table_name="runs")
    for table, name, _, _ in RENAMED:
        op.drop_index(name, table_name=table)
    for table, name, _, _, _ in SAME_NAME:
        op.drop_index(name, table_name=table)
    for table in TABLES:
        op.alter_column(table, "connector_id", new_column_name="connector_key")
    op.add_column("runs", sa.Column("attempt", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_runs_connector_key_run_id_attempt", "runs", ["connector_key", "run_id", "attempt"], unique=True
    )
    op.create_index("ix_runs_run_id", "runs", ["run_id"])
    for table, name, columns, where in RENAMED:
        op.create_index(
            name.replace("connector_id", "connector_key"),
            table,
            columns,
            sqlite_where=where,
            postgresql_where=where,
        )
    for table, name, columns, unique, where in SAME_NAME:
        op.create_index(
            name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where
        )
    connectors = op.create_table(
        "connectors",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("current_id", sa.String(length=64), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renamed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_connectors")),
    )
    op.create_index("ix_connectors_current_id", "connectors", ["current_id"], unique=True)
    ids = op.create_table(
        "connector_ids",
        sa.Column("connector_id", sa.String(length=64), nullable=False),
        sa.Column("connector_key", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connector_key"], ["connectors.key"], name=op.f("fk_connector_ids_connector_key_connectors")
        ),
        sa.PrimaryKeyConstraint("connector_id", name=op.f("pk_connector_ids")),
    )
    op.create_index("ix_connector_ids_connector_key", "connector_ids", ["connector_key"])
    _enter_those_that_ran(connectors, ids)


def _enter_those_that_ran(connectors: sa.Table, ids: sa.Table) -> None:
    """Give every connector of the first version's ledger its id as its key."""
    connection = op.get_bind()
    first_seen: dict[str, datetime] = dict(
        connection.execute(
            sa.text("SELECT connector_key, min(started_at) FROM runs GROUP BY connector_key").columns(
                sa.column("connector_key", sa.String), sa.column("started", sa.DateTime(timezone=True))
            )
        ).all()
    )
    now = datetime.now(UTC)
    for table in TABLES[1:]:
        for key in connection.scalars(sa.text(f"SELECT DISTINCT connector_key FROM {table}")):
            first_seen.setdefault(key, now)
    if first_seen:
        op.bulk_insert(
            connectors,
            [{"key": key, "current_id": key, "first_seen": seen} for key, seen in first_seen.items()],
        )
        op.bulk_insert(
            ids,
            [{"connector_id": key, "connector_key": key, "since": seen} for key, seen in first_seen.items()],
        )
