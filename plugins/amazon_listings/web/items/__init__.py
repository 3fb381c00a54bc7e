"""The pages of items and of their issues, with pictures."""
