"""Take back what a run wrote."""
