"""Sales Layer as the sandbox plays it: REST API 2.0, connector API 1.18, pictures and controls.

Credentials (fake): API key `sandbox-pim-key`; connector code `CNSANDBOX`, secret
`sandbox-connector-secret`.
"""
