"""Gives the plugin to an Airflow that has this folder but not the distribution.

Where the distribution is installed, Airflow finds the plugin by its entry point. Found twice, it would be an
import error.
"""

from __future__ import annotations

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="amazon_listings"):
    from amazon_listings.web.plugin import AmazonListingsPlugin  # noqa: F401 - for Airflow
