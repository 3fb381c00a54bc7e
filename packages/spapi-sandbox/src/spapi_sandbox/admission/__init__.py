"""What every request passes before its operation runs."""
