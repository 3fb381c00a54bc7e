"""The command `amazon-product-types`: validate payloads, list fields, compare two versions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from amazon_product_types.command import fields, payloads
from amazon_product_types.command.files import CannotRead, read_definition
from amazon_product_types.messages import DEFAULT, catalogue, languages
from amazon_product_types.printing import guarded_output


def main(arguments: list[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its arguments; those of the process if None.

    Returns:
        0, or 1 if a payload is invalid, a change breaks payloads, or a file cannot be read.

    Raises:
        SystemExit: the output cannot be written.
    """
    asked = _parser().parse_args(arguments)
    messages = catalogue(asked.language)
    try:
        with guarded_output(lambda: messages):
            return int(asked.run(asked))
    except CannotRead as error:
        print(error.worded(messages), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("amazon-product-types", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="validate|fields|diff")

    command = commands.add_parser("validate", help="Check payloads against a definition.")
    command.add_argument("definition", type=Path, help="The product type definition (JSON Schema).")
    command.add_argument("payloads", help='JSON Lines, each {"sku": …, "attributes": {…}}; "-" reads stdin.')
    command.add_argument("--update", action="store_true", help="The listings exist: warn of fixed values.")
    command.set_defaults(run=_validate)
    _add_common(command)

    command = commands.add_parser("fields", help="List the fields of a definition.")
    command.add_argument("definition", type=Path, help="The product type definition (JSON Schema).")
    command.add_argument("--required", action="store_true", help="Only what every item needs.")
    command.set_defaults(run=_fields)
    _add_common(command)

    command = commands.add_parser("diff", help="Say what changed between two versions of a definition.")
    command.add_argument("old", type=Path, help="The definition before.")
    command.add_argument("definition", type=Path, help="The definition now.")
    command.set_defaults(run=_diff)
    _add_common(command)
    return parser


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--labels", type=Path, help="The same definition in the locale you read.")
    command.add_argument(
        "--language",
        type=_language,
        default=DEFAULT,
        help=f"Language of the sentences: {', '.join(languages())}.",
    )
    command.add_argument("--json", action="store_true", help="Print JSON.")


def _language(text: str) -> str:
    """Return a language, or a locale in it, that there are sentences in."""
    if text.replace("-", "_").partition("_")[0] not in languages():
        message = f"{text!r} is none of {', '.join(languages())}"
        raise argparse.ArgumentTypeError(message)
    return text


def _validate(asked: argparse.Namespace) -> int:
    return payloads.check(
        asked.payloads,
        asked.definition,
        asked.labels,
        language=asked.language,
        as_json=asked.json,
        update=asked.update,
    )


def _fields(asked: argparse.Namespace) -> int:
    definition = read_definition(asked.definition, asked.labels)
    fields.show(definition, language=asked.language, needed=asked.required, as_json=asked.json)
    return 0


def _diff(asked: argparse.Namespace) -> int:
    old = read_definition(asked.old, asked.labels)
    new = read_definition(asked.definition, asked.labels)
    return fields.show_changes(old, new, language=asked.language, as_json=asked.json)
