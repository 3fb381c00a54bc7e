"""Read accepted listings back until it is known what became of them."""
