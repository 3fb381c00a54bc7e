"""`python -m amazon_listings` is `amazon-listings`."""

from amazon_listings.cli import main

main()
