"""How commands come to the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

LedgerUrl = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        help="The ledger's SQLAlchemy URL, or `airflow` for the connection amazon_listings_ledger; "
        "AMAZON_LISTINGS_LEDGER by default.",
        show_default=False,
    ),
]


def opened_ledger(url: str | None) -> Engine:
    """Return the ledger of a command that reads; it must exist.

    Raises:
        ActionRequiredError: there is none, or it cannot be opened.
        RetryableError: the database does not answer.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from amazon_listings.errors import ActionRequiredError
    from amazon_listings.ledger.database import open_ledger
    from amazon_listings.settings import LEDGER_IN_AIRFLOW, settings

    url = url or settings().ledger
    if url == LEDGER_IN_AIRFLOW:
        from amazon_listings.airflow_adapter import connections

        return connections.ledger_in_airflow()
    try:
        address = make_url(url)
    except ArgumentError:
        return open_ledger(url)  # says what is wrong with it
    file = address.database if address.get_backend_name() == "sqlite" else None
    if file and not Path(file).exists():
        raise ActionRequiredError(
            "cli.no_ledger",
            file=file,
        )
    return open_ledger(url)


def known_ledger() -> Engine | None:
    """Return the ledger of a command that can do without: None if there is none, or it cannot be opened."""
    from amazon_listings.errors import AmazonListingsError

    try:
        return opened_ledger(None)
    except AmazonListingsError:
        return None
