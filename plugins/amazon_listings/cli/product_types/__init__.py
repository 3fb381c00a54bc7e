"""Commands about Amazon's product types: search, show, compare, fields."""
