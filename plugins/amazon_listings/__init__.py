"""Publish products from a PIM as Amazon listings.

`docs/architecture.md` names the one place for each kind of change.
"""
