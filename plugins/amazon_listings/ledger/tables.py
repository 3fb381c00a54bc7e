"""The ledger's tables.

Everything about an item is keyed by the selling partner, the marketplace and the SKU, because that
is what Amazon keys a listing by: two connectors of one account may own the same SKU.
No token and no secret is ever written here.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

UTC = DateTime(timezone=True)

#: One row per DAG run of a connector. `counts` is outcome -> items, `calls` operation -> calls made.
runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_id", String(64), nullable=False),
    Column("run_id", String(250), nullable=False),
    Column("operation", String(8), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("definition", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UTC, nullable=False),
    Column("ended_at", UTC),
    Column("cursor", String(64)),
    Column("counts", JSON),
    Column("calls", JSON),
    Column("failure", Text),
    Index("ix_runs_connector_id_run_id", "connector_id", "run_id", unique=True),
    Index("ix_runs_connector_id_operation_started_at", "connector_id", "operation", "started_at"),
)

#: One row per listing we know. `tested_*`: last payload that passed Amazon's preview, and with which
#: definition. `accepted_*`: last payload Amazon accepted; its content is compressed JSON.
items = Table(
    "items",
    metadata,
    Column("seller_id", String(64), primary_key=True),
    Column("marketplace_id", String(16), primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("connector_id", String(64), nullable=False),
    Column("pim_id", String(128)),
    Column("product_type", String(128), nullable=False),
    Column("asin", String(16)),
    Column("tested_hash", String(64)),
    Column("tested_definition", String(64)),
    Column("tested_at", UTC),
    Column("accepted_hash", String(64)),
    Column("accepted_content", LargeBinary),
    Column("accepted_at", UTC),
    Column("state", String(24)),
    Index("ix_items_connector_id", "connector_id"),
)

#: Append-only: every write sent to Amazon and its answer. `body` is what was sent (PUT attributes or
#: PATCH operations), compressed; `before` is what Amazon held, if it was read.
submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("seller_id", String(64), nullable=False),
    Column("marketplace_id", String(16), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("sent_at", UTC, nullable=False),
    Column("method", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("submission_id", String(64)),
    Column("request_id", String(64)),
    Column("feed_id", String(64)),
    Column("payload_hash", String(64), nullable=False),
    Column("body", LargeBinary),
    Column("before", LargeBinary),
    Index("ix_submissions_seller_id_marketplace_id_sku", "seller_id", "marketplace_id", "sku"),
    Index("ix_submissions_run", "run"),
)

#: One row per issue of an item, open until a run no longer finds it.
issues = Table(
    "issues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_id", String(64), nullable=False),
    Column("seller_id", String(64), nullable=False),
    Column("marketplace_id", String(16), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("identity", String(200), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("document", JSON, nullable=False),
    Column("opened_run", Integer, nullable=False),
    Column("seen_run", Integer, nullable=False),
    Column("resolved_run", Integer),
    Index("ix_issues_connector_id_resolved_run", "connector_id", "resolved_run"),
    Index("ix_issues_seller_id_marketplace_id_sku", "seller_id", "marketplace_id", "sku"),
)

#: Token buckets shared by every worker; times in seconds since the epoch, by the database's clock.
#: `stated_rate` is what Amazon stated, believed until `stated_until`.
buckets = Table(
    "buckets",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("level", Float, nullable=False),
    Column("rate", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("stated_rate", Float),
    Column("stated_until", Float),
)

#: Who may write to a (selling partner, marketplace, SKU set) right now; `expires_at` in epoch seconds.
locks = Table(
    "locks",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("owner", String(300), nullable=False),
    Column("expires_at", Float, nullable=False),
)
