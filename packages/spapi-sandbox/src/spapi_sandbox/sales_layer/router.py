"""Routes of the played Sales Layer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapi import APIRouter

from spapi_sandbox.sales_layer import connector, control, pictures, rest
from spapi_sandbox.sales_layer.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from spapi_sandbox.catalogue.catalogue import Catalogue


def create_router(
    catalogue: Catalogue,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> APIRouter:
    """Routes below `/sales_layer/` and `/images/` that serve `catalogue` and keep its state.

    `clock` gives unix seconds; the control route may move it forward. `sleep` serves injected delays.
    """
    account = Account(catalogue, clock=clock, sleep=sleep)
    router = APIRouter()
    rest.add_routes(router, account)
    connector.add_routes(router, account)
    control.add_routes(router, account)
    pictures.add_routes(router, account)
    return router
