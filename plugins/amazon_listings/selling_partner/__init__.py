"""Selling Partner API client: tokens, quotas, retries, definitions, listings, feeds.

`calls.client.SellingPartner(account, quotas=…)` calls; the modules `definitions`, `listings`, `feeds` and
`sellers` are the operations, as functions that take a client.
"""
