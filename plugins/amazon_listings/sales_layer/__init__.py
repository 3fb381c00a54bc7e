"""Reading the PIM: Sales Layer by either of its APIs, or files."""
