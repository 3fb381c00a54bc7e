"""How long each part of a private Airflow waits for its SQLite database.

The API server can hold the database for as long as it waits for itself (see `LocalAirflow.call`). A
scheduler that gave up meanwhile would end, and nothing would run any more. Airflow imports this from its
`config` folder.
"""

import os
import sqlite3
import sys

_URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
#: Seconds: the API server's calls are made again, everything else waits.
_OF_THE_API_SERVER, _OF_OTHERS = 5.0, 60.0


class _Connection(sqlite3.Connection):
    """Waits as long as the part of Airflow that opens it; the parts are forked after this is imported."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        patience = _OF_THE_API_SERVER if "api-server" in sys.argv else _OF_OTHERS
        super().__init__(*args, **{**kwargs, "timeout": patience})  # type: ignore[arg-type]


CONNECT_ARGS = {"factory": _Connection} if os.environ.get(_URL, "sqlite").startswith("sqlite") else {}
