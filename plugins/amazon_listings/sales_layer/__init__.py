"""Reading the PIM: Sales Layer by either of its APIs, or files."""

from amazon_listings.sales_layer.check import check_connection
from amazon_listings.sales_layer.connection import PimConnection
from amazon_listings.sales_layer.extraction import read_items
from amazon_listings.sales_layer.reading import Reading
from amazon_listings.sales_layer.selection import Selection

__all__ = ["PimConnection", "Reading", "Selection", "check_connection", "read_items"]
