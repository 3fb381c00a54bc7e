"""The Product Type Definitions API and the documents it serves."""
