"""A local stand-in for Sales Layer, Login with Amazon and the Selling Partner API.

It shares no code with the client, so that it cannot agree with the client's mistakes.
"""
