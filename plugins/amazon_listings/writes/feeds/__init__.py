"""Submit by feeds."""
