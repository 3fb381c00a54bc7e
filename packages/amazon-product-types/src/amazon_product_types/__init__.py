"""Read Amazon's product type definitions: fields, labels, requirements, validation, changes."""
