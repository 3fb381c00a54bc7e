"""Sources of products: read a selection of a PIM into items."""
