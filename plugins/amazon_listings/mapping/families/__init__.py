"""Families: a product with variants as a parent listing and its children."""
