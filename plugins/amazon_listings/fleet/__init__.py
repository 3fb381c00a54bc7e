"""Over many connectors: what they are, whether they are right, and what a change of them changes."""
