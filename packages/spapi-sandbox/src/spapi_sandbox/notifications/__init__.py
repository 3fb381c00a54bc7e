"""Notifications API v1: destinations and subscriptions. Nothing is ever sent."""
