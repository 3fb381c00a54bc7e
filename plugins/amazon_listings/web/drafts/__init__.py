"""Drafts of connectors: what they compile to, what they would change, and publishing them."""
