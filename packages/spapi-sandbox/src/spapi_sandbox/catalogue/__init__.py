"""The products of the played PIM."""
