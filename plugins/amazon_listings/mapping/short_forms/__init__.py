"""Short forms: `offers`, `stock`, `images`."""
