"""Credentials of the played account; importing them imports no server."""

API_KEY = "sandbox-pim-key"
CONNECTOR_CODE = "CNSANDBOX"
CONNECTOR_SECRET = "sandbox-connector-secret"  # noqa: S105 - documented and worthless
