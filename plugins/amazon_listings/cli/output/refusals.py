"""How a command says what is wrong: one sentence on stderr and exit code 1, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue

#: The language that was asked for with `--language`; None if none was.
LANGUAGE: ContextVar[str | None] = ContextVar("language", default=None)
#: The language of the connector that a command is about; None until it is known.
CONNECTOR_LANGUAGE: ContextVar[str | None] = ContextVar("connector_language", default=None)


def refuse(code: str, /, **facts: object) -> NoReturn:
    """End the command with a message: what is wrong and can be put right."""
    end(messages().phrase(code, **facts))


def end(text: str) -> NoReturn:
    """End the command with a text on stderr."""
    typer.echo(text, err=True)
    raise typer.Exit(1)


def say(code: str, /, *, err: bool = False, **facts: object) -> None:
    """Print a message."""
    typer.echo(messages().phrase(code, **facts), err=err)


def speak(language: str | None = None, *, connector: Connector | None = None) -> str:
    """Choose the language of what the command prints from here on, and return it.

    Args:
        language: The command's own `--language`, which comes before that of the whole command line.
        connector: What the command is about; its language is taken where none was asked for.
    """
    from amazon_listings.messages import write_log_in

    if language is not None:
        LANGUAGE.set(language)
    if connector is not None:
        from amazon_listings.connectors.languages import language_of

        CONNECTOR_LANGUAGE.set(language_of(connector))
    write_log_in(spoken())
    return spoken()


def choose_language(asked: str | None) -> str | None:
    """Speak the language of a command's own `--language` from here on; return it.

    Raises:
        Exit: with code 2, there is no such language.
    """
    from amazon_listings.messages import languages

    if not is_language(asked):
        say("run.language_unknown", err=True, languages=languages(), language=asked)
        raise typer.Exit(2)
    if asked is not None:
        speak(asked)
    return asked


#: The option of a command that says in which language.
Language = Annotated[
    str | None,
    typer.Option(
        callback=choose_language,
        is_eager=True,
        help="Language of all that is printed, such as fr; by default the connector's.",
        show_default=False,
    ),
]


def is_language(asked: str | None) -> bool:
    """Return whether a language may be asked for: one that there is, such as `fr` or `fr_FR`, or none."""
    from amazon_listings.messages import languages

    return asked is None or asked.replace("-", "_").partition("_")[0] in languages()


def spoken() -> str:
    """Return the language of what the command prints."""
    from amazon_listings.settings import settings

    return LANGUAGE.get() or CONNECTOR_LANGUAGE.get() or settings().language


def messages() -> Catalogue:
    """Return the messages in the language of the command."""
    from amazon_listings.messages import catalogue

    return catalogue(spoken())


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the command with the sentence of an error of this project, or of a file that is out of reach."""
    from amazon_listings.errors import AmazonListingsError
    from amazon_product_types.errors import ProductTypeError

    try:
        yield
    except (AmazonListingsError, ProductTypeError) as error:
        end(error.worded(messages()))
    except OSError as error:
        if error.filename is None:
            raise
        refuse("cli.file_unusable", path=error.filename, reason=error.strerror)
