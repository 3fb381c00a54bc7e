"""The end of a run: its outcomes, its issues, and its items' states in the ledger."""
