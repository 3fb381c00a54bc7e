"""Decide what is to be written of each listing, for the test and for the live sync alike."""
