"""Selling Partner API client: tokens, quotas, retries, definitions, listings, feeds."""
