"""Runs the ledger's migrations inside the transaction that `open_ledger` holds."""

from __future__ import annotations

from alembic import context

from amazon_listings.ledger.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
