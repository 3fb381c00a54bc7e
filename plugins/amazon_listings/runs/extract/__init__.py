"""Extract: what a run reads of the PIM, and what leaves it there."""
