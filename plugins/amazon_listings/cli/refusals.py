"""How a command says what is wrong: one sentence on stderr and exit code 1, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.messages import Catalogue

#: The language of what a command prints: `--language` before the command, or AMAZON_LISTINGS_LANGUAGE.
LANGUAGE: ContextVar[str] = ContextVar("language", default="en")


def refuse(code: str, /, **facts: Any) -> NoReturn:
    """End the command with a message: what is wrong and can be put right."""
    end(messages().phrase(code, **facts))


def end(text: str) -> NoReturn:
    """End the command with a text on stderr."""
    typer.echo(text, err=True)
    raise typer.Exit(1)


def say(code: str, /, *, err: bool = False, **facts: Any) -> None:
    """Print a message."""
    typer.echo(messages().phrase(code, **facts), err=err)


def messages() -> Catalogue:
    """Return the messages in the language of the command."""
    from amazon_listings.messages import catalogue

    return catalogue(LANGUAGE.get())


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the command with the sentence of an error of this project."""
    from amazon_listings.errors import AmazonListingsError
    from amazon_product_types.errors import ProductTypeError

    try:
        yield
    except (AmazonListingsError, ProductTypeError) as error:
        end(error.worded(messages()))
