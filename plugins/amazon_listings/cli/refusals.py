"""How a command says what is wrong: one sentence on stderr and exit code 1, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator


def refuse(message: str) -> NoReturn:
    """End the command, with what the person can put right."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the command with the sentence of an error of this project."""
    from amazon_listings.errors import AmazonListingsError
    from amazon_product_types.errors import ProductTypeError

    try:
        yield
    except (AmazonListingsError, ProductTypeError) as error:
        refuse(str(error))
