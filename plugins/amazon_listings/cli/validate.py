"""Commands: validate."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from amazon_listings.cli.output.refusals import Language, end, messages, speak


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("validate")(validate)


def validate(
    payloads: Annotated[
        str, typer.Argument(help='JSON Lines, each {"sku": …, "attributes": {…}}; "-" reads standard input.')
    ],
    *,
    definition: Annotated[
        Path, typer.Option(help="The product type definition (JSON Schema) in the marketplace's own locale.")
    ],
    locale_definition: Annotated[
        Path | None, typer.Option(help="The same definition in your language, for labels and names.")
    ] = None,
    language: Language = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line instead of a table.")
    ] = False,
    update: Annotated[
        bool, typer.Option(help="The listings exist: warn of values that cannot be changed.")
    ] = False,
) -> None:
    """Check payloads against a product type definition: every issue at once, in words.

    Ends with exit code 1 if any item is invalid or any line cannot be read.
    """
    from amazon_product_types.command import payloads as checked
    from amazon_product_types.command.files import CannotRead

    try:
        code = checked.check(
            payloads, definition, locale_definition, language=speak(language), as_json=as_json, update=update
        )
    except CannotRead as error:
        end(error.worded(messages()))
    if code:
        raise typer.Exit(code)
