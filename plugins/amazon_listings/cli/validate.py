"""Commands: validate."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from amazon_product_types.validation import Issue, Validator

#: What one entry of `--json` holds of an issue, besides the attribute it concerns.
ENTRY = ("code", "severity", "keyword", "path", "label", "message", "why", "allowed", "found", "attribute")


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
    language: Annotated[str, typer.Option(help="Language of the sentences: en, es, fr or de.")] = "en",
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
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Half a surrogate pair in a SKU must not end the stream; written like this it is JSON, too.
        sys.stdout.reconfigure(errors="backslashreplace")
    compiled = _definition(definition, locale_definition)
    show = _show_json if as_json else _show_table
    invalid = unreadable = count = 0
    try:
        with _lines(payloads) as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                try:
                    sku, attributes = _item(line)
                except ValueError as error:
                    unreadable += 1
                    print(f"Line {number} is not an item: {error}", file=sys.stderr)
                    continue
                count += 1
                check = compiled.failures if as_json else compiled.issues
                issues = check(attributes, language=language, update=update)
                valid = not any(issue.severity == "ERROR" for issue in issues)
                invalid += not valid
                show(sku, valid, issues)
    except BrokenPipeError:
        # The reader of our output has seen enough.
        sys.stderr.close()
        raise typer.Exit(1) from None
    if not as_json:
        passed = count - invalid
        print(f"Items: {passed:,} valid, {invalid:,} invalid. Lines that are no item: {unreadable:,}.")
    if invalid or unreadable:
        raise typer.Exit(1)


def _definition(path: Path, locale_path: Path | None) -> Validator:
    from amazon_product_types.validation import DefinitionError, compile_definition, parse_definition

    documents = []
    for file in filter(None, (path, locale_path)):
        try:
            documents.append(parse_definition(file.read_bytes()))
        except OSError as error:
            _fail(f"{file} cannot be read: {error.strerror}.")
        except DefinitionError as error:
            _fail(f"{file}: {error}")
    try:
        return compile_definition(documents[0], locale_document=documents[1] if locale_path else None)
    except DefinitionError as error:
        _fail(f"{path}: {error}")


def _lines(payloads: str) -> IO[bytes]:
    if payloads == "-":
        return sys.stdin.buffer
    try:
        return Path(payloads).open("rb")
    except OSError as error:
        _fail(f"{payloads} cannot be read: {error.strerror}.")


def _item(line: bytes) -> tuple[Any, dict[str, Any]]:
    try:
        item = json.loads(line.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg}, at character {error.pos + 1})") from None
    if not isinstance(item, dict) or not isinstance(item.get("attributes"), dict):
        raise ValueError('it has not the form {"sku": …, "attributes": {…}}')  # noqa: TRY004 - as any bad line
    return item.get("sku"), item["attributes"]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _show_json(sku: Any, valid: bool, issues: list[Issue]) -> None:
    entries = [{key: getattr(issue, key) for key in ENTRY} for issue in issues]
    print(json.dumps({"sku": sku, "valid": valid, "issues": entries}, ensure_ascii=False), flush=False)


def _show_table(sku: Any, valid: bool, issues: list[Issue]) -> None:
    print(f"{'✔' if valid else '✘'} {_plain(str(sku))}")
    for issue in issues:
        place = _plain(issue.path) or "-"
        text = " ".join(filter(None, (issue.message, _sentence(issue.why), issue.action)))
        print(f"    {issue.severity:<8}{place:<44} {_plain(text)}")


def _sentence(why: str) -> str:
    return f"{why[0].upper()}{why[1:]}." if why else ""


def _plain(text: str) -> str:
    """Text of strangers without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
