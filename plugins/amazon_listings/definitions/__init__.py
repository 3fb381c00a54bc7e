"""Stored product type definitions: fetch, keep, load."""
