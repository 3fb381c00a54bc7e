"""What was sent to Amazon, by whom and how it ended: submissions, feeds, leases and fences."""
