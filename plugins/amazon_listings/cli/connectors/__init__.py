"""Commands that check connectors, write them and rewrite them."""
