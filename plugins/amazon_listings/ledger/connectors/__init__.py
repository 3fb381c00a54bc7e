"""Connectors as the ledger knows them: their keys, drafts and stops."""
