"""What commands work with: connectors, definitions, products and the ledger."""
