"""How tests and demonstrations steer the sandbox."""
