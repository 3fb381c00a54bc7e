"""The Feeds API and the processing of its documents."""
