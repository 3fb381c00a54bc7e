"""The Test button for connections without a port, which Airflow 3.3.2 refuses."""

from __future__ import annotations

import importlib
import sys
from typing import Any

#: Only the API server has this module, and loads the plugins before its routes.
API_SERVER = "airflow.api_fastapi.main"
ROUTES = "airflow.api_fastapi.core_api.routes.public.connections"


def let_portless_connections_be_tested() -> None:
    """Let the Test button of an API server test a stored connection that has no port.

    The button sends port 0 where none is stored; Airflow 3.3.2 takes that for another destination and
    keeps the stored secret back, so every test ends in an error. Corrected in apache/airflow#73298:
    with a version that has that, this does nothing.
    """
    if API_SERVER not in sys.modules:
        return
    routes: Any = importlib.import_module(ROUTES)
    same = getattr(routes, "_same_endpoint", None)
    if same is not None and not same(0, None):
        routes._same_endpoint = lambda requested, stored: same(requested or None, stored or None)  # noqa: SLF001 - Airflow's, see above
