"""What a listing holds: its leaves, comparing them, laying a mapping over them, and patches."""
