"""Convert a PIM value to what a leaf takes."""
