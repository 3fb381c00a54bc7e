"""Accounts, Login with Amazon and the Sellers API."""
