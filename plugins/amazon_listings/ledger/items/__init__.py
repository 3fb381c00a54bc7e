"""What is known of each item and listing: states, payloads, issues, and whose it is."""
