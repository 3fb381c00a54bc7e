"""What comes in from outside: bytes, JSON and values, bounded before anything else sees them."""
