"""The pages over all connectors: how each stands, what needs a person, the product types in use."""
