"""What runs asked a person, and what was answered."""
