"""Amazon's product type definitions: fetch, cache, fields, labels, changes between versions."""
