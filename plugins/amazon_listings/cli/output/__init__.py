"""What commands print: refusals, tables, outcomes."""
