"""How long each part of a private Airflow waits for its SQLite database.

The API server can hold the database for as long as it waits for itself (see `LocalAirflow.call`). A
scheduler that gave up meanwhile would end, and nothing would run any more. Airflow imports this from its
`config` folder.
"""

import os
import sys

_URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
#: Seconds: the API server's calls are made again, everything else waits.
_SECONDS = 5.0 if "api-server" in sys.argv else 60.0

CONNECT_ARGS = {"timeout": _SECONDS} if os.environ.get(_URL, "sqlite").startswith("sqlite") else {}
