"""Amazon's conditions: parse, simplify, evaluate on a payload, say in words."""
