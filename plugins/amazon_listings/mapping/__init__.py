"""PIM fields to Amazon attributes."""
