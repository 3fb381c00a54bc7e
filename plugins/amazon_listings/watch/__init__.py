"""What Amazon changed, and what it means for a connector."""
