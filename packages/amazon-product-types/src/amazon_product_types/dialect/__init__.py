"""JSON Schema as Amazon's definitions use it: 2019-09, with formats asserted and Amazon's own keywords."""
