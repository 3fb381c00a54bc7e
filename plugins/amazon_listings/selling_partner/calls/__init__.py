"""From a request to its answer: addresses, tokens, quotas, retries, and reading what came back."""
