"""The Listings Items API and what becomes of a submission."""
