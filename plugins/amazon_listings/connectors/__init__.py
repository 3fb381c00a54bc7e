"""What a connector is; loading it from files and Airflow Variables."""

from amazon_listings.connectors.loader import connector_from, load_connectors
from amazon_listings.connectors.model import (
    Amazon,
    BrokenConnector,
    Connector,
    Loaded,
    Sync,
    Where,
)
from amazon_listings.connectors.schema import schema_text

__all__ = [
    "Amazon",
    "BrokenConnector",
    "Connector",
    "Loaded",
    "Sync",
    "Where",
    "connector_from",
    "load_connectors",
    "schema_text",
]
