"""`python -m spapi_sandbox` is `spapi-sandbox`."""

from spapi_sandbox.command import main

main()
